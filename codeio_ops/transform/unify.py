"""The transform stage: a teacher rewrites each raw file into a program of the unified form."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.records import Drop, DropRecord, ProgramRow
from codeio_ops.storage.blobs import BlobLocation, BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import Shard
from codeio_ops.teacher.messages import Message, Request
from codeio_ops.teacher.parsing import ProgramParts, Refusal, RefusalReason, parse_transform
from codeio_ops.teacher.prompting import template_fingerprint, transform_prompt
from codeio_ops.transform.calls import Answered, CallRecorder, Use

if TYPE_CHECKING:
    from codeio_ops.teacher.client import Teacher

ENTRY_POINT = "main_solution"
# The prompt asks for Python whatever the language of the file.
PROGRAM_LANGUAGE = "python"
_REASON_CODE = re.compile(r"[a-z][a-z_]{1,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingFile:
    raw_file_id: UUID
    language: str
    sha256: str
    pack_key: str
    pack_offset: int
    pack_bytes: int

    @property
    def location(self) -> BlobLocation:
        return BlobLocation(
            sha256=self.sha256,
            pack_key=self.pack_key,
            pack_offset=self.pack_offset,
            pack_bytes=self.pack_bytes,
        )


def transform_files(
    shard: Shard,
    *,
    store: Store,
    blobs: BlobStore,
    teacher: "Teacher",
    writer: FactWriter,
    settings: Settings,
) -> Counter[str]:
    """Ask the teacher for a program for each pending raw file of the shard.

    Every file ends with a program or a drop record, or stays pending when the teacher did
    not answer.

    Returns:
        Counts by outcome: `program`, or why there is none.

    Raises:
        TeacherUnavailable: some files stay pending.
        TeacherRefused: the endpoint refuses key or model.
    """
    pending = store.fetch("pending.transform", _PendingFile, low=shard.low, high=shard.high)
    template_sha256 = template_fingerprint("transform")
    recorder = CallRecorder(
        teacher, writer, settings, purpose="transform", template_of=lambda _: template_sha256
    )
    return recorder.run(_requests(pending, blobs), _use, total=len(pending))


def _requests(pending: list[_PendingFile], blobs: BlobStore) -> Iterator[Request]:
    by_sha256 = {file.sha256: file for file in pending}
    for sha256, content in blobs.read(file.location for file in pending):
        file = by_sha256[sha256]
        prompt = transform_prompt(content.decode(), language=file.language)
        yield Request(key=str(file.raw_file_id), messages=(Message(role="user", content=prompt),))


def _use(answered: Answered) -> Use:
    parts = parse_transform(answered.completion.text)
    if isinstance(parts, Refusal):
        drop = _drop(parts)
        record = DropRecord.new(
            drop,
            stage="transform",
            subject_id=answered.subject_id,
            stage_run_id=answered.stage_run_id,
        )
        return Use(outcome=drop.reason, records=(record,))
    return Use(outcome="program", records=(_program(parts, answered),))


def _drop(refusal: Refusal) -> Drop:
    """Count a teacher's refusals by its own reason code, where it gives one."""
    code, _, rest = refusal.detail.partition(":")
    if refusal.reason is RefusalReason.REFUSED and _REASON_CODE.fullmatch(code):
        return Drop(reason=f"refused_{code}", detail=rest.strip())
    return Drop(reason=refusal.reason, detail=refusal.detail)


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
        language=PROGRAM_LANGUAGE,
        entry_point=ENTRY_POINT,
        main_function=parts.main_function,
        input_generator=parts.input_generator,
        io_description=parts.io_description,
        problem_statement=parts.problem_statement,
        provenance=dict(answered.completion.provenance),
        teacher_call_id=answered.teacher_call_id,
        stage_run_id=answered.stage_run_id,
    )
