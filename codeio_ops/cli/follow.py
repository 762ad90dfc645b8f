"""Runs the DAGs of the embedded Airflow, and says what came of it: a release, or why none."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rich.console import Console
from rich.live import Live

from codeio_ops.cli.board import Board, in_lines
from codeio_ops.cli.clients import load_settings, open_store, stack_state
from codeio_ops.cli.output import print_text
from codeio_ops.errors import DecisionNeeded, PipelineFailed
from codeio_ops.jsonvalue import Json
from codeio_ops.release.assemble import find_release
from codeio_ops.release.explanation import places_in
from codeio_ops.release.judgement import describe, judgement_of
from codeio_ops.release.teachers import TeacherShare
from codeio_ops.storage.engine import Store

if TYPE_CHECKING:
    # An Airflow of one's own has no client of the embedded one.
    from codeio_ops.local.pipeline import Position

# The DAG at the end of the road.
RELEASES = "release_dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFailure:
    """Why a task failed, as it stored it itself."""

    task_id: str
    cause: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The release that a run came to; `is_new` says that this run published it."""

    release_id: UUID
    name: str
    version: int
    samples: int
    uri: str
    teachers: list[TeacherShare]
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run of a DAG, and the release that it and those after it came to; None as it goes on."""

    run_id: str
    made: Made | None = None


def run_road(
    conf: Mapping[str, Json] | None = None,
    *,
    first: str = "ingest_code",
    last: str = RELEASES,
    wait: bool = True,
) -> Ran:
    """Trigger a DAG in the embedded Airflow, and follow it and those after it.

    Args:
        conf: Parameters of the first DAG.
        first: The DAG to trigger.
        last: The DAG to follow it to.
        wait: Whether to follow it.

    Raises:
        PipelineFailed: a run failed.
        DecisionNeeded: a run waits for a person.
        StackError: Airflow does not answer.
    """
    # An Airflow of one's own has no client of the embedded one; `funnel` works with it.
    from codeio_ops.local import pipeline
    from codeio_ops.local.health import open_api

    road = pipeline.ROAD[pipeline.ROAD.index(first) : pipeline.ROAD.index(last) + 1]
    with open_api(stack_state()) as api:
        run_id = pipeline.start(api, road, conf)
        if not wait:
            return Ran(run_id=run_id)
        with following(open_store()) as show:
            last_run_id = pipeline.follow(api, run_id, show=show, road=road)
        if last != RELEASES:
            return Ran(run_id=run_id)
        release_id = api.returned(last, last_run_id, "assemble")
    return Ran(run_id=run_id, made=_made(release_id, last_run_id))


def _made(release_id: Json, run_id: str) -> Made:
    """Return the release that a run came to; Airflow stores an id as JSON."""
    (made,) = open_store().fetch(
        "release.of_run", Made, run_id=run_id, release_id=UUID(str(release_id).strip('"'))
    )
    return made


def print_made(made: Made) -> None:
    """Say which release a run made, or which one holds all that there is."""
    by = ", ".join(f"{100 * each['share']:.4g} % by {each['name']}" for each in made.teachers)
    release = f"{made.name} v{made.version}, {made.samples:,} samples ({by})"
    if made.is_new:
        print_text(f"made: {release}, {made.uri}")
    else:
        print_text(f"nothing new: {release} holds it all")


@contextmanager
def following(store: Store) -> Iterator[Callable[["Position"], None]]:
    """Show positions while a run is followed: a live table on a terminal, else a line every 15 s.

    Raises:
        PipelineFailed: what the block raises, with the cause and cure that the task stored.
        DecisionNeeded: the same, with what is to be decided.
    """
    console = Console(file=sys.stderr)
    live = Live(console=console, refresh_per_second=2) if console.is_terminal else None
    board = Board(store, load_settings())
    try:
        if live is None:
            yield in_lines(board)
        else:
            with live:
                yield lambda position: live.update(board.table(position))
    except PipelineFailed as failed:
        raise explained(failed, store) from failed
    except DecisionNeeded as needed:
        raise asked(needed, store) from needed


def explained(failed: PipelineFailed, store: Store) -> PipelineFailed:
    """Return the error with what the tasks that failed for good stored about themselves."""
    of_run = {"dag_id": failed.dag_id, "run_id": failed.run_id}
    found = store.fetch("funnel.causes_of_failure", StoredFailure, **of_run)
    causes = dict.fromkeys(f"{row.task_id}: {row.cause}" for row in found)
    cures = dict.fromkeys(row.cure for row in found if row.cure)
    told = "\n".join([str(failed), *causes])
    return PipelineFailed(told, cure="\n".join(cures), **of_run) if causes else failed


def asked(needed: DecisionNeeded, store: Store) -> DecisionNeeded:
    """Return the error with the failures of gates that a person is asked about."""
    of_run = {"dag_id": needed.dag_id, "run_id": needed.run_id}
    release_id = store.value("release.judged_by_run", **of_run)
    if release_id is None:
        return needed
    release, judgement = find_release(store, release_id), judgement_of(store, release_id)
    open_ones = [result for result in judgement.results if result.gate in judgement.undecided]
    places = places_in([result.evidence for result in open_ones], store)
    lines = [
        f"{release.name} v{release.version}: {result.gate}: {describe(result, places)}"
        for result in open_ones
    ]
    return DecisionNeeded("\n".join([str(needed), *lines]), **of_run)
