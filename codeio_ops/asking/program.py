"""The transform stage: a teacher rewrites each raw file into a program of the unified form."""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.asking.calls import Answered, CallRecorder, Use
from codeio_ops.fingerprint import content_id
from codeio_ops.records import DropRecord, ProgramRow
from codeio_ops.storage.blobs import BlobLocation, BlobStore
from codeio_ops.storage.shards import Rows, Shard
from codeio_ops.teacher.messages import Message, Request
from codeio_ops.teacher.parsing import ProgramParts, Refusal, parse_transform, refusal_drop
from codeio_ops.teacher.prompting import current_templates, template_fingerprint, transform_prompt
from codeio_ops.unified_form import ENTRY_POINT, LANGUAGE
from codeio_ops.work import Work

if TYPE_CHECKING:
    from codeio_ops.teacher.client import Teacher

# Outcome of a call whose file goes to the next teacher.
REFERRED = "referred"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingFile(BlobLocation):
    """A file to transform; `by_stand_in` says that the offline teacher had it before."""

    raw_file_id: UUID
    language: str
    size_bytes: int
    by_stand_in: bool


def parameters(work: Work, rows: Rows) -> dict[str, object]:
    """Return what the queries of the stage need."""
    if rows == "stale":
        return {"templates": current_templates()}
    settings = work.settings
    also_stand_in = settings.transform_scope == "stand_in" and not settings.uses_offline_teacher
    return {"also_stand_in": also_stand_in}


def transform_files(shard: Shard, work: Work) -> Counter[str]:
    """Ask the teacher for a program for each pending raw file of the shard.

    Every file ends with a program or a drop record, or stays pending when the teacher did
    not answer. Of a shard of stale rows: for each file whose program another template asked
    for; where this one gives none, the old program stays in force. In mixed mode the offline
    teacher is asked first, and the one in use only for the files that it refuses or had before.

    Returns:
        Counts by outcome: `program`, or why there is none.

    Raises:
        TeacherUnavailable: some files stay pending.
        TeacherRefused: the endpoint refuses key or model.
        BudgetExceeded: the next call could cost more than is left.
    """

    def ask(
        asked: "Teacher", use: Callable[[Answered], Use], names: Container[UUID]
    ) -> Counter[str]:
        recorder = CallRecorder(asked, work, template_of=lambda _: template_sha256)
        files = [file for file in pending if file.raw_file_id in names]
        return recorder.run(_requests(files, work.blobs), use, total=len(files))

    pending = _pending(shard, work)
    template_sha256 = template_fingerprint("transform")
    names = {file.raw_file_id for file in pending}
    if work.first_teacher is None:
        return ask(work.teacher, _use, names)
    refused = {file.raw_file_id for file in pending if file.by_stand_in}
    counts = ask(work.first_teacher, partial(_use_or_refer, refused=refused), names - refused)
    del counts[REFERRED]
    return counts + ask(work.teacher, _use, refused)


def _use_or_refer(answered: Answered, *, refused: set[UUID]) -> Use:
    """Use a program; leave a refusal to the next teacher."""
    if isinstance(parse_transform(answered.completion.text), Refusal):
        refused.add(answered.subject_id)
        return Use(outcome=REFERRED, records=())
    return _use(answered)


def transform_requests(shard: Shard, work: Work) -> Iterator[Request]:
    """Give the request of each pending raw file of the shard."""
    yield from _requests(_pending(shard, work), work.blobs)


def transform_sizes(shard: Shard, work: Work) -> Iterator[int]:
    """Give about the characters of each such request; no file is read."""
    empty = len(transform_prompt(""))
    yield from (empty + file.size_bytes for file in _pending(shard, work))


def _pending(shard: Shard, work: Work) -> list[_PendingFile]:
    return work.rows(shard, _PendingFile, **parameters(work, shard.rows))


def _requests(pending: Sequence[_PendingFile], blobs: BlobStore) -> Iterator[Request]:
    by_sha256 = {file.sha256: file for file in pending}
    for sha256, content in blobs.read(pending):
        file = by_sha256[sha256]
        prompt = transform_prompt(content.decode(), language=file.language)
        yield Request(key=str(file.raw_file_id), messages=(Message(role="user", content=prompt),))


def _use(answered: Answered) -> Use:
    parts = parse_transform(answered.completion.text)
    if isinstance(parts, Refusal):
        drop = refusal_drop(parts)
        record = DropRecord.new(
            drop,
            stage="transform",
            subject_id=answered.subject_id,
            stage_run_id=answered.stage_run_id,
            teacher_id=answered.teacher_id,
        )
        return Use(outcome=drop.word, records=(record,))
    return Use(outcome="program", records=(_program(parts, answered),))


def _program(parts: ProgramParts, answered: Answered) -> ProgramRow:
    return ProgramRow(
        program_id=content_id(
            "program",
            str(answered.subject_id),
            parts.main_function,
            parts.input_generator,
            parts.io_description,
            parts.problem_statement,
        ),
        raw_file_id=answered.subject_id,
        language=LANGUAGE,
        entry_point=ENTRY_POINT,
        main_function=parts.main_function,
        input_generator=parts.input_generator,
        io_description=parts.io_description,
        problem_statement=parts.problem_statement,
        provenance=dict(answered.completion.provenance),
        teacher_call_id=answered.teacher_call_id,
        stage_run_id=answered.stage_run_id,
    )
