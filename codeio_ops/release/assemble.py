"""Assembles a release candidate: finished conversations, screened, split by program."""

import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID

from codeio_ops.errors import ReleaseMissing
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.records import ReleaseRow
from codeio_ops.release.content import content_sha256, definition_of, store_hashes
from codeio_ops.release.emptiness import all_refused, nothing_taken
from codeio_ops.release.naming import name_for, require_own_name
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import Refusal, Refuse, facts_of, refuse_none
from codeio_ops.release.selection import Selection
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
    selection: Selection
    refusals: Mapping[UUID, Refusal]
    content: str

    @property
    def last_stage(self) -> Json:
        """The end of its funnel."""
        counts: dict[str, Json] = dict(
            Counter(refusal.reason for refusal in self.refusals.values())
        )
        left_out: dict[str, Json] = {"left_out": counts} if counts else {}
        return {"stage": "samples of this release", "rows": self.selection.count(), **left_out}


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
    with store.transaction() as transaction:
        selection = Selection.take(choice, transaction)
        if not selection.count():
            raise nothing_taken(choice, store)
        selection.write_samples(writer)
        refusals = _refused(selection, refuse)
        selection.leave_out(refusals)
        if not selection.count():
            raise all_refused(choice, list(refusals.values()))
        selection.place(_validation(recipe, store))
        draft = _Draft(
            choice=choice,
            selection=selection,
            refusals=refusals,
            content=_content(choice.recipe, selection, store, writer),
        )
        release = _find_or_create(draft, writer, new_recipe=new_recipe)
    run_id = writer.run.stage_run_id
    writer.write(facts_of(release.release_id, refusals.values(), stage_run_id=run_id))
    return release


def find_release(store: Store, release_id: UUID) -> Release:
    """Return the release of this id.

    Raises:
        ReleaseMissing: there is none.
    """
    found = store.fetch("release.by_id", Release, release_id=release_id)
    if not found:
        raise ReleaseMissing(f"no release {release_id}")
    return found[0]


def _validation(recipe: Recipe, store: Store) -> list[UUID]:
    """Return the finished programs, which the dedup stage found in no other, of validation.

    Those that the recipe leaves out or that were taken down are among them, so that a program
    stands in the same split of every release.
    """
    with store.transaction() as transaction:
        programs = transaction.stream("release.unscreened_programs", _FinishedProgram)
        codes = ((program.program_id, program.main_function) for program in programs)
        splits = assign_splits(codes, validation_percent=recipe.validation_percent)
    return [program for program, split in splits.items() if split == "validation"]


def _refused(selection: Selection, refuse: Refuse) -> dict[UUID, Refusal]:
    """Return what is left out: what is in quarantine, and what a gate would refuse."""
    others = refuse(selection.ids())
    return {refusal.sample_id: refusal for refusal in (*selection.quarantined(), *others)}


def _content(recipe: Recipe, selection: Selection, store: Store, writer: FactWriter) -> str:
    definition = definition_of(store)
    store_hashes(definition, store, writer)
    return content_sha256(recipe, selection.contents(definition))


def _find_or_create(draft: _Draft, writer: FactWriter, *, new_recipe: bool) -> Release:
    recipe, transaction = draft.choice.recipe, draft.selection.transaction
    teachers = draft.choice.shares(draft.selection.teachers())
    # Two assemblies at once must not take the same version.
    transaction.value("release.lock_name", name=recipe.name)
    name = name_for(recipe, teachers, transaction)
    release = _by_content(transaction, name, draft.content)
    if not release:
        if not new_recipe:
            require_own_name(recipe, name, transaction)
        row = _row(name, teachers, draft, writer)
        transaction.insert([writer.run, row])
        draft.selection.keep(row.release_id)
        # The gates come at once: of members that ANALYZE has not seen, the planner expects one.
        transaction.execute("release.analyze")
        release = _by_content(transaction, name, draft.content)
        log.info("assembled %s: %d samples", name, row.samples, extra={"action": "assemble"})
    assert release is not None
    return release


def _row(name: str, teachers: list[TeacherShare], draft: _Draft, writer: FactWriter) -> ReleaseRow:
    """Return a new candidate, the next version of its name."""
    transaction = draft.selection.transaction
    return ReleaseRow(
        release_id=content_id("release", name, draft.content),
        name=name,
        version=transaction.value("release.last_version", name=name) + 1,
        recipe=draft.choice.recipe.model_dump(mode="json"),
        content_sha256=draft.content,
        status="candidate",
        samples=draft.selection.count(),
        funnel=[*transaction.fetch_json("release.funnel"), draft.last_stage],
        teachers=teachers,
        stage_run_id=writer.run.stage_run_id,
    )


def _by_content(transaction: Transaction, name: str, content: str) -> Release | None:
    found = transaction.fetch("release.by_content", Release, name=name, content_sha256=content)
    return found[0] if found else None
