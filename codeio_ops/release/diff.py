"""The difference of two releases, row by row, each with its reason.

A row is a question to a teacher: it stays, changes when other answers or verdicts stand in it
or its file was renamed, goes, or comes. The reasons are read from facts: takedowns, drops,
verdicts, what the sources showed, and what each recipe takes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic_core import to_jsonable_python

from codeio_ops.jsonvalue import compact
from codeio_ops.release.assemble import Release
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.select import Conversation, left_out
from codeio_ops.release.teachers import Choice
from codeio_ops.storage.engine import Store
from codeio_ops.unified_form import Direction

Change = Literal["came", "went", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A row that differs.

    Attributes:
        sample_id: The sample in the newer release; in the older one when the row went.
    """

    change: Change
    prompt_id: UUID
    sample_id: UUID
    source: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDiff:
    """Two releases compared.

    Attributes:
        recipe: Fields of the recipe that differ, as `field: old -> new`.
        unchanged: Rows that are the same in both.
        rows: The others, by change and source.
    """

    recipe: tuple[str, ...]
    unchanged: int
    rows: tuple[RowChange, ...]

    def reasons(self) -> list[tuple[Change, str, int]]:
        """Return (change, reason, rows), the most frequent first."""
        counts = Counter((row.change, row.why) for row in self.rows)
        return [(*key, count) for key, count in counts.most_common()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A row of a release, with what is said of it until the other one was assembled.

    Attributes:
        path: Where its file was when its own release was assembled.
        stood: What stood by then where the file is or was: `itself`, `another`, or `nothing`;
            None where nothing ever had.
        takedowns: What took it down.
        drop: What quarantined or dropped it.
    """

    sample_id: UUID
    split: str
    prompt_id: UUID
    teacher_id: UUID
    transformer_id: UUID
    program_id: UUID
    raw_file_id: UUID
    program_made_at: datetime
    language: str
    night: str
    question: int
    direction: Direction
    first_verdict_id: UUID
    second_verdict_id: UUID | None
    first_response_id: UUID
    second_response_id: UUID | None
    verdict_1: str
    verdict_2: str | None
    verifier_version: str
    path: str
    source: str
    repository: str
    licence: str
    present: bool
    stood: str | None
    finished_at: datetime
    takedowns: str | None
    drop: str | None

    def conversation(self) -> Conversation:
        """Return what a recipe chooses by."""
        return Conversation(
            prompt_id=self.prompt_id,
            teacher_id=self.teacher_id,
            transformer_id=self.transformer_id,
            program_id=self.program_id,
            raw_file_id=self.raw_file_id,
            program_made_at=self.program_made_at,
            source=self.source,
            repository=self.repository,
            licence=self.licence,
            language=self.language,
            night=self.night,
            present=self.present,
            question=self.question,
            direction=self.direction,
            first_verdict_id=self.first_verdict_id,
            second_verdict_id=self.second_verdict_id,
            verdict_1=self.verdict_1,
            verdict_2=self.verdict_2,
        )


_Members = dict[tuple[UUID, UUID], _Member]

_LEFT = {
    "another": "succeeded: another text stands at its path",
    "nothing": "gone: its source shows it no more",
}


def diff_releases(old: Release, new: Release, *, store: Store) -> ReleaseDiff:
    """Compare the rows of two releases, of the same name or not."""
    before = _members(old, store, until=new.created_at)
    after = _members(new, store, until=old.created_at)
    changes = [
        *_gone(before, after, _choice(new, store), _left_out_by(new, store)),
        *_added(before, after, _choice(old, store), old, _left_out_by(old, store)),
        *_changed(before, after),
    ]
    both = before.keys() & after.keys()
    return ReleaseDiff(
        recipe=tuple(_recipe_changes(old, new)),
        unchanged=len(both) - sum(change.change == "changed" for change in changes),
        rows=tuple(sorted(changes, key=lambda c: (c.change, c.why, c.source, str(c.prompt_id)))),
    )


def _choice(release: Release, store: Store) -> Choice:
    """Return the recipe of a release with the teachers that it was assembled for."""
    current = {UUID(teacher["id"]) for teacher in release.teachers}
    return Choice.of(Recipe.model_validate(release.recipe), current, store)


def _left_out_by(release: Release, store: Store) -> dict[UUID, str]:
    """Return the samples that a release leaves out, each with the reason."""
    with store.transaction() as transaction:
        return dict(transaction.pairs("release.left_out_why", release_id=release.release_id))


def _members(release: Release, store: Store, *, until: datetime) -> _Members:
    rows = store.fetch(
        "diff.members",
        _Member,
        release_id=release.release_id,
        until=until,
        assembled=release.created_at,
    )
    return {(row.prompt_id, row.teacher_id): row for row in rows}


def _gone(
    before: _Members, after: _Members, new: Choice, refused: Mapping[UUID, str]
) -> Iterator[RowChange]:
    for key in before.keys() - after.keys():
        member = before[key]
        yield _row("went", member, _why_gone(member, new, refused.get(member.sample_id)))


def _why_gone(member: _Member, choice: Choice, refused: str | None) -> str:
    if member.takedowns:
        return f"taken down: {member.takedowns}"
    if refused or member.drop:
        return refused or str(member.drop)
    if choice.recipe.files == "present" and member.stood in _LEFT:
        return _LEFT[member.stood]
    reason = left_out(choice, member.conversation())
    if reason:
        return reason.why
    return "its conversation was judged anew, and the recipe no longer takes it"


def _added(
    before: _Members, after: _Members, choice: Choice, old: Release, refused: Mapping[UUID, str]
) -> Iterator[RowChange]:
    for key in after.keys() - before.keys():
        member = after[key]
        yield _row("came", member, _why_added(member, choice, old, refused.get(member.sample_id)))


def _why_added(member: _Member, choice: Choice, old: Release, refused: str | None) -> str:
    if refused:
        return f"{old.name} v{old.version} left it out: {refused}"
    if member.stood == "another":
        return f"it succeeds the text that stood at its path when v{old.version} was assembled"
    if member.finished_at > old.created_at:
        return f"its conversation was finished after v{old.version} was assembled"
    reason = left_out(choice, member.conversation())
    if reason:
        return f"{old.name} v{old.version} left it out: {reason.why}"
    if member.stood == "nothing":
        return f"its file is back, which was gone when v{old.version} was assembled"
    return f"{old.name} v{old.version} was assembled without it"


def _changed(before: _Members, after: _Members) -> Iterator[RowChange]:
    for key in before.keys() & after.keys():
        why = ", ".join(_differences(before[key], after[key]))
        if why:
            yield _row("changed", after[key], why)


def _differences(old: _Member, new: _Member) -> Iterator[str]:
    if (old.source, old.path) != (new.source, new.path):
        moved = f"{old.source} {old.path} -> {new.source} {new.path}"
        renamed = f"{old.path} -> {new.path}"
        yield f"renamed {renamed if old.source == new.source else moved}"
    if old.split != new.split:
        yield f"split {old.split} -> {new.split}"
    turns = (
        ("first answer", old.first_response_id, new.first_response_id),
        ("revision", old.second_response_id, new.second_response_id),
    )
    for name, was, now in turns:
        if was != now:
            yield f"{name} {'added' if was is None else 'removed' if now is None else 'replaced'}"
    verdicts = (
        ("first", old.first_verdict_id, new.first_verdict_id, old.verdict_1, new.verdict_1),
        ("second", old.second_verdict_id, new.second_verdict_id, old.verdict_2, new.verdict_2),
    )
    for name, old_id, new_id, was_verdict, now_verdict in verdicts:
        if old_id != new_id and old_id and new_id:
            yield (
                f"{name} verdict {was_verdict} -> {now_verdict} "
                f"by {old.verifier_version} -> {new.verifier_version}"
            )


def _recipe_changes(old: Release, new: Release) -> Iterator[str]:
    was, now = (Recipe.model_validate(release.recipe) for release in (old, new))
    for name in Recipe.model_fields:
        values = [compact(to_jsonable_python(getattr(recipe, name))) for recipe in (was, now)]
        if values[0] != values[1]:
            yield f"{name}: {values[0]} -> {values[1]}"


def _row(change: Change, member: _Member, why: str) -> RowChange:
    return RowChange(
        change=change,
        prompt_id=member.prompt_id,
        sample_id=member.sample_id,
        source=f"{member.source} {member.path}",
        why=why,
    )
