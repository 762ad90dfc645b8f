"""Takedown: what must leave the dataset, which releases hold it, and what comes next.

A takedown is a fact: every later assembly leaves its files out, those ingested later, too.
Published releases stay as they are; whoever uses one is told which of its rows to drop.
"""

import logging
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from codeio_ops.errors import NothingToRelease, NothingToTakeDown
from codeio_ops.records import Takedown
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.recipe import Recipe
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter

log = logging.getLogger(__name__)

Kind = Literal["repository", "path", "author", "licence"]


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
        raw_files: Files that it names.
        samples: Samples made of them.
        authorless_files: Files whose author no source states, which a takedown by author
            cannot find.
        releases: Releases with such samples.
    """

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

    reach: Reach
    candidates: tuple[Release, ...]
    emptied: tuple[str, ...]


def reach_of(kind: Kind, value: str, *, store: Store) -> Reach:
    """Return what a takedown of this would mean; nothing is written."""
    parameters = {"kind": kind, "value": value}
    return Reach(
        raw_files=store.value("takedown.raw_files", **parameters),
        samples=store.value("takedown.samples", **parameters),
        authorless_files=store.value("takedown.authorless_files"),
        releases=tuple(store.fetch("takedown.releases", AffectedRelease, **parameters)),
    )


def take_down(
    kind: Kind, value: str, *, reason: str, store: Store, writer: FactWriter
) -> TakenDown:
    """Record a takedown, and assemble the next version of each published name that it touches.

    Raises:
        NothingToTakeDown: no file matches, so that a misspelt name is not recorded.
    """
    reach = reach_of(kind, value, store=store)
    if not reach.raw_files:
        raise NothingToTakeDown(f"no file has the {kind} {value!r}")
    run_id = writer.run.stage_run_id
    writer.write([Takedown.new(kind, value, reason=reason, stage_run_id=run_id)])
    log.info(
        "took down %s %s: %d files", kind, value, reach.raw_files, extra={"action": "takedown"}
    )
    candidates, emptied = [], []
    for name in sorted({item.name for item in reach.releases if item.status == "published"}):
        candidate = _next_version(name, store, writer)
        if candidate is None:
            emptied.append(name)
        else:
            candidates.append(candidate)
    return TakenDown(reach=reach, candidates=tuple(candidates), emptied=tuple(emptied))


def _next_version(name: str, store: Store, writer: FactWriter) -> Release | None:
    latest = store.fetch("release.by_version", Release, name=name, version=0)[0]
    recipe = Recipe.model_validate(latest.recipe)
    current = {UUID(teacher["id"]) for teacher in latest.teachers}
    try:
        return assemble_release(recipe, current=current, store=store, writer=writer)
    except NothingToRelease:
        return None
