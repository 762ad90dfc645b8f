"""Assembles a release candidate: finished conversations, screened, split by program."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from codeio_ops.errors import ReleaseMissing
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.records import Record, ReleaseRow, ReleaseSample, SampleRow
from codeio_ops.release.content import (
    MemberContent,
    content_sha256,
    definition_of,
    read_contents,
    store_hashes,
)
from codeio_ops.release.emptiness import all_refused, nothing_finished, nothing_taken
from codeio_ops.release.naming import name_for, require_own_name
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import Refusal, Refuse, facts_of, refuse_none
from codeio_ops.release.rows import SPLITS
from codeio_ops.release.select import Chosen, Conversation, choose, place
from codeio_ops.release.splits import assign_splits
from codeio_ops.release.teachers import Choice, TeacherShare
from codeio_ops.storage.engine import Store, Transaction
from codeio_ops.storage.runs import FactWriter

log = logging.getLogger(__name__)


class FunnelStage(TypedDict):
    """Rows that had passed a stage when a release was assembled; what was left out, by reason."""

    stage: str
    rows: int
    left_out: NotRequired[dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A row of `codeio.release`."""

    release_id: UUID
    name: str
    version: int
    recipe: Json
    content_sha256: str
    status: str
    samples: int
    funnel: list[FunnelStage]
    teachers: list[TeacherShare]
    uri: str
    manifest_sha256: str
    created_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _FinishedProgram:
    program_id: UUID
    main_function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What a release is to hold and to leave out, and the sha256 of its content."""

    choice: Choice
    chosen: list[Chosen]
    refusals: list[Refusal]
    content: str

    @property
    def last_stage(self) -> Json:
        """The end of its funnel."""
        counts: dict[str, Json] = dict(Counter(refusal.reason for refusal in self.refusals))
        left_out: dict[str, Json] = {"left_out": counts} if counts else {}
        return {"stage": "samples of this release", "rows": len(self.chosen), **left_out}


def assemble_release(
    recipe: Recipe,
    *,
    current: Collection[UUID],
    store: Store,
    writer: FactWriter,
    refuse: Refuse = refuse_none,
    new_recipe: bool = False,
) -> Release:
    """Select what the recipe asks for, and return the release that holds just that.

    The same facts and recipe give the same release: it is made once, whatever became of it.
    What was taken down is left out, and so is what is in quarantine or a gate would refuse.

    Args:
        recipe: What is asked for.
        current: Ids of the teachers that its word `current` means.
        store: The database.
        writer: Who assembles.
        refuse: Says which samples a gate would refuse.
        new_recipe: Whether it may go on with a name that another recipe has.

    Raises:
        NothingToRelease: no finished conversation is left by the recipe, or all are refused.
        NameTaken: another recipe has its name.
    """
    choice = Choice.of(recipe, current, store)
    conversations = store.fetch("release.conversations", Conversation)
    if not conversations:
        raise nothing_finished(store)
    taken = choose(choice, conversations)
    if not taken:
        raise nothing_taken(choice, conversations, store)
    writer.write([_sample(item, writer.run.stage_run_id) for item in taken])
    refusals = _refused(taken, refuse)
    kept = [item for item in taken if item.sample_id not in refusals]
    if not kept:
        raise all_refused(choice, list(refusals.values()))
    chosen = place(kept, _splits(recipe, store))
    draft = _Draft(
        choice=choice,
        chosen=chosen,
        refusals=list(refusals.values()),
        content=content_sha256(choice.recipe, _contents(chosen, store, writer)),
    )
    return _find_or_create(draft, store, writer, new_recipe=new_recipe)


def find_release(store: Store, release_id: UUID) -> Release:
    """Return the release of this id.

    Raises:
        ReleaseMissing: there is none.
    """
    found = store.fetch("release.by_id", Release, release_id=release_id)
    if not found:
        raise ReleaseMissing(f"no release {release_id}")
    return found[0]


def _splits(recipe: Recipe, store: Store) -> dict[UUID, str]:
    """Return the split of every finished program, which the dedup stage found in no other.

    Those that the recipe leaves out or that were taken down are among them, so that a program
    stands in the same split of every release.
    """
    with store.transaction() as transaction:
        programs = transaction.stream("release.unscreened_programs", _FinishedProgram)
        codes = ((program.program_id, program.main_function) for program in programs)
        return assign_splits(codes, validation_percent=recipe.validation_percent)


def _refused(taken: Sequence[Conversation], refuse: Refuse) -> dict[UUID, Refusal]:
    """Return what is left out: what is in quarantine, and what a gate would refuse."""
    quarantined = [
        Refusal(sample_id=item.sample_id, reason=item.quarantine, detail=item.quarantine_detail)
        for item in taken
        if item.quarantine and item.quarantine_detail is not None
    ]
    others = refuse([item.sample_id for item in taken if not item.quarantine])
    return {refusal.sample_id: refusal for refusal in (*quarantined, *others)}


def _sample(item: Conversation, stage_run_id: UUID) -> SampleRow:
    return SampleRow(
        sample_id=item.sample_id,
        prompt_id=item.prompt_id,
        first_verdict_id=item.first_verdict_id,
        second_verdict_id=item.second_verdict_id,
        stage_run_id=stage_run_id,
    )


def _contents(chosen: list[Chosen], store: Store, writer: FactWriter) -> Iterator[MemberContent]:
    definition = definition_of(store)
    store_hashes(definition, store, writer)
    for split in SPLITS:
        ids = [item.sample_id for item in chosen if item.split == split]
        yield from read_contents(ids, split, definition, store)


def _find_or_create(
    draft: _Draft, store: Store, writer: FactWriter, *, new_recipe: bool
) -> Release:
    recipe = draft.choice.recipe
    teachers = draft.choice.shares(item.conversation.teacher_id for item in draft.chosen)
    with store.transaction() as transaction:
        # Two assemblies at once must not take the same version.
        transaction.value("release.lock_name", name=recipe.name)
        name = name_for(recipe, teachers, transaction)
        release = _by_content(transaction, name, draft.content)
        if not release:
            if not new_recipe:
                require_own_name(recipe, name, transaction)
            transaction.insert([writer.run, *_rows(name, teachers, draft, transaction, writer)])
            # The gates come at once: of members that ANALYZE has not seen, the planner expects one.
            transaction.execute("release.analyze")
            release = _by_content(transaction, name, draft.content)
            log.info(
                "assembled %s: %d samples", name, len(draft.chosen), extra={"action": "assemble"}
            )
        assert release is not None
    run_id = writer.run.stage_run_id
    writer.write(facts_of(release.release_id, draft.refusals, stage_run_id=run_id))
    return release


def _rows(
    name: str,
    teachers: list[TeacherShare],
    draft: _Draft,
    transaction: Transaction,
    writer: FactWriter,
) -> Iterator[Record]:
    """Give the rows of a new candidate, the next version of its name."""
    release_id = content_id("release", name, draft.content)
    yield ReleaseRow(
        release_id=release_id,
        name=name,
        version=transaction.value("release.last_version", name=name) + 1,
        recipe=draft.choice.recipe.model_dump(mode="json"),
        content_sha256=draft.content,
        status="candidate",
        samples=len(draft.chosen),
        funnel=[*transaction.fetch_json("release.funnel"), draft.last_stage],
        teachers=teachers,
        stage_run_id=writer.run.stage_run_id,
    )
    yield from _members(release_id, draft.chosen)


def _by_content(transaction: Transaction, name: str, content: str) -> Release | None:
    found = transaction.fetch("release.by_content", Release, name=name, content_sha256=content)
    return found[0] if found else None


def _members(release_id: UUID, chosen: Iterable[Chosen]) -> list[ReleaseSample]:
    return [
        ReleaseSample(
            release_id=release_id,
            sample_id=item.sample_id,
            split=item.split,
            position=item.position,
        )
        for item in chosen
    ]
