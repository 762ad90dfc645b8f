"""Takedown: what must leave the dataset, which releases hold it, and what comes next.

A takedown is a fact: every later assembly leaves its files out, those ingested later, too, until
another fact undoes it. Published releases stay as they are; whoever uses one is told which of
its rows to drop.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from codeio_ops.errors import NothingToRelease, NothingToTakeDown, TakedownMissing
from codeio_ops.records import Takedown, TakedownUndo
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import Refuse, refuse_none
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter

log = logging.getLogger(__name__)

Kind = Literal["repository", "path", "author", "licence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The repository or source in which alone a path is taken down."""

    kind: Literal["repository", "source"]
    name: str

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTakedown:
    """A takedown, and how many files it names; `undone_at` says that it no longer holds."""

    takedown_id: UUID
    kind: str
    value: str
    place: str
    reason: str
    taken_down_at: datetime
    undone_at: datetime | None
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedRelease:
    """A release that holds rows of what is taken down; `samples` is how many."""

    release_id: UUID
    name: str
    version: int
    status: str
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a takedown means.

    Attributes:
        sources: Sources in which its files are seen, as `kind:locator`.
        raw_files: Files that it names.
        samples: Samples made of them.
        authorless_files: Files whose author no source states, which a takedown by author
            cannot find.
        releases: Releases with such samples.
    """

    sources: tuple[str, ...]
    raw_files: int
    samples: int
    authorless_files: int
    releases: tuple[AffectedRelease, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """What a takedown did.

    Attributes:
        candidates: The next versions, to be judged and published as any other.
        emptied: Names of which nothing is left to release.
    """

    takedown_id: UUID
    reach: Reach
    candidates: tuple[Release, ...]
    emptied: tuple[str, ...]


def reach_of(kind: Kind, value: str, *, store: Store, within: Within | None = None) -> Reach:
    """Return what a takedown of this would mean; nothing is written."""
    parameters = _parameters(kind, value, within)
    with store.transaction() as transaction:
        return Reach(
            sources=tuple(transaction.column("takedown.sources", **parameters)),
            raw_files=transaction.value("takedown.raw_files", **parameters),
            samples=transaction.value("takedown.samples", **parameters),
            authorless_files=transaction.value("takedown.authorless_files"),
            releases=tuple(transaction.fetch("takedown.releases", AffectedRelease, **parameters)),
        )


def take_down(
    kind: Kind,
    value: str,
    *,
    reason: str,
    store: Store,
    writer: FactWriter,
    within: Within | None = None,
    refuse: Refuse = refuse_none,
) -> TakenDown:
    """Record a takedown, and assemble the next version of each published name that it touches.

    Args:
        kind: What `value` names.
        value: The repository, path, author or licence.
        reason: Why, in the words of who asked for it.
        store: The database.
        writer: Who records it.
        within: Where alone a path is meant; without it, wherever it is seen.
        refuse: Says which samples a gate would refuse.

    Raises:
        NothingToTakeDown: no file matches, so that a misspelt name is not recorded.
    """
    reach = reach_of(kind, value, store=store, within=within)
    if not reach.raw_files:
        place = f" in the {within}" if within else ""
        raise NothingToTakeDown(f"no file has the {kind} {value!r}{place}")
    takedown = _takedown(kind, value, within, reason=reason, store=store, writer=writer)
    writer.write([takedown])
    log.info(
        "took down %s %s: %d files", kind, value, reach.raw_files, extra={"action": "takedown"}
    )
    names = sorted({item.name for item in reach.releases if item.status == "published"})
    made = {name: _next_version(name, store, writer, refuse) for name in names}
    return TakenDown(
        takedown_id=takedown.takedown_id,
        reach=reach,
        candidates=tuple(candidate for candidate in made.values() if candidate),
        emptied=tuple(name for name, candidate in made.items() if not candidate),
    )


def known_takedowns(store: Store) -> list[KnownTakedown]:
    """Return all takedowns, those that were undone too, oldest first."""
    return store.fetch("takedown.all", KnownTakedown)


def undo_takedown(
    takedown_id: UUID, *, reason: str, store: Store, writer: FactWriter
) -> KnownTakedown:
    """Record that a takedown no longer holds: later releases take what it named.

    Raises:
        TakedownMissing: there is no such takedown, or it was undone already.
    """
    found = {item.takedown_id: item for item in known_takedowns(store)}.get(takedown_id)
    if found is None:
        raise TakedownMissing(f"there is no takedown {takedown_id}")
    if found.undone_at is not None:
        raise TakedownMissing(f"takedown {takedown_id} was undone on {found.undone_at:%Y-%m-%d}")
    run_id = writer.run.stage_run_id
    writer.write([TakedownUndo(takedown_id=takedown_id, reason=reason, stage_run_id=run_id)])
    log.info("undid the takedown of %s %s", found.kind, found.value, extra={"action": "takedown"})
    return found


def _parameters(kind: Kind, value: str, within: Within | None) -> dict[str, str]:
    place_kind, place = (within.kind, within.name) if within else ("", "")
    return {"kind": kind, "value": value, "place_kind": place_kind, "place": place}


def _takedown(
    kind: Kind, value: str, within: Within | None, *, reason: str, store: Store, writer: FactWriter
) -> Takedown:
    """Build the takedown; the same as one that was undone is another."""
    parameters = _parameters(kind, value, within)
    return Takedown.new(
        **parameters,
        reason=reason,
        stage_run_id=writer.run.stage_run_id,
        times_undone=store.value("takedown.times_undone", **parameters),
    )


def _next_version(name: str, store: Store, writer: FactWriter, refuse: Refuse) -> Release | None:
    latest = store.fetch("release.by_version", Release, name=name, version=0)[0]
    recipe = Recipe.model_validate(latest.recipe)
    current = {UUID(teacher["id"]) for teacher in latest.teachers}
    try:
        return assemble_release(recipe, current=current, store=store, writer=writer, refuse=refuse)
    except NothingToRelease:
        return None
