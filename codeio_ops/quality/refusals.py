"""Which samples the gates would refuse row by row: assembly leaves them out, the gates prove it.

Each row is judged by the function that its gate counts with. Texts that the screen of the same
run has just searched are not searched again: what it found is in quarantine.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from codeio_ops.private_data import find_personal_data, find_secrets
from codeio_ops.quality.duplicates import repeated_samples
from codeio_ops.quality.information import constant_programs
from codeio_ops.quality.leakage.gate import leaking_files, text_hits
from codeio_ops.quality.leakage.registry import leakage_judge, load_index, stored_indexes
from codeio_ops.quality.licences import refused_files
from codeio_ops.quality.measurement import Rows
from codeio_ops.quality.secrets import Finder, private_programs
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import Refusal, RefusalReason, Refuse
from codeio_ops.release.teachers import names_current
from codeio_ops.work import Work

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A sample with its program and file."""

    sample_id: UUID
    program_id: UUID
    raw_file_id: UUID


_Finds = Mapping[UUID, Sequence[object]]


def release_of(
    recipe: Recipe, work: Work, *, current: Collection[UUID] = (), new_recipe: bool = False
) -> Release:
    """Assemble the release of a recipe in a task, without the rows that a gate would refuse.

    Args:
        recipe: What is asked for.
        work: What the task works with; it knows the teacher that settings and run name.
        current: Teachers that `current` is to mean in place of that one.
        new_recipe: Whether it may go on with a name that another recipe has.

    Raises:
        NothingToRelease: no finished conversation is left by the recipe, or all are refused.
        NameTaken: another recipe has its name.
    """
    if not current and names_current(recipe):
        current = {work.teacher.identity.teacher_id}
    return assemble_release(
        recipe,
        current=current,
        store=work.store,
        writer=work.writer,
        refuse=refuse_in(work),
        new_recipe=new_recipe,
    )


def refuse_in(work: Work) -> Refuse:
    """Return the judgement of rows with the database, bucket and settings of a task."""

    def refuse(sample_ids: Sequence[UUID]) -> list[Refusal]:
        rows = Rows(
            sample_ids=sample_ids, store=work.store, objects=work.objects, settings=work.settings
        )
        return refused_rows(rows)

    return refuse


def refused_rows(rows: Rows) -> list[Refusal]:
    """Return the samples that a gate would refuse, each for the first reason that holds."""
    judged = [(reason, find(rows), subject) for reason, find, subject in _JUDGES]
    refused: dict[UUID, Refusal] = {}
    for member in rows.stream("release.members", _Member):
        for reason, finds, subject in judged:
            if found := finds.get(subject(member)):
                refused.setdefault(member.sample_id, _refusal(member.sample_id, reason, found))
    # Of samples with one prompt the first stays, unless it was refused for another reason.
    left = [sample_id for sample_id in rows.sample_ids if sample_id not in refused]
    return [*refused.values(), *_repeats(replace(rows, sample_ids=left))]


def _program(member: _Member) -> UUID:
    return member.program_id


def _file(member: _Member) -> UUID:
    return member.raw_file_id


def _leaking_files(rows: Rows) -> _Finds:
    finds: dict[UUID, list[str]] = {}
    for file in leaking_files(rows):
        finds.setdefault(file.program_id, []).append(f"its file holds {file.benchmark}/{file.item}")
    return finds


def _leaking_texts(rows: Rows) -> _Finds:
    stored = () if rows.settings.quarantine_leaks else stored_indexes(rows.store)
    if not stored:
        return {}
    indexes = [load_index(index, objects=rows.objects) for index in stored]
    finds: dict[UUID, list[str]] = {}
    for hit in text_hits(rows, indexes, leakage_judge(stored)):
        if hit.leak:
            finds.setdefault(UUID(hit.source), []).append(str(hit))
    return finds


def _private(find: Finder) -> Callable[[Rows], _Finds]:
    def judge(rows: Rows) -> _Finds:
        return {} if rows.settings.quarantine_private else private_programs(rows, find)

    return judge


def _constant(rows: Rows) -> _Finds:
    found = constant_programs(rows)
    return {program_id: [f"{pairs} pairs"] for program_id, pairs in found.items()}


_JUDGES: Sequence[
    tuple[RefusalReason, Callable[[Rows], _Finds], Callable[[_Member], UUID]]
] = (
    (RefusalReason.LICENCE, refused_files, _file),
    (RefusalReason.LEAK, _leaking_files, _program),
    (RefusalReason.LEAK, _leaking_texts, _program),
    (RefusalReason.SECRET, _private(find_secrets), _program),
    (RefusalReason.PERSONAL_DATA, _private(find_personal_data), _program),
    (RefusalReason.CONSTANT_OUTPUT, _constant, _program),
)  # fmt: skip


def _repeats(rows: Rows) -> Iterator[Refusal]:
    for first, *others in repeated_samples(rows):
        for sample_id in others:
            yield _refusal(sample_id, RefusalReason.DUPLICATE_PROMPT, [f"of sample {first}"])


def _refusal(sample_id: UUID, reason: RefusalReason, finds: Sequence[object]) -> Refusal:
    detail = "; ".join(map(str, finds[:_NAMED]))
    more = len(finds) - _NAMED
    detail += f"; and {more} more" if more > 0 else ""
    return Refusal(sample_id=sample_id, reason=str(reason), detail=detail)
