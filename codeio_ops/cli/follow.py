"""Runs the DAGs of the embedded Airflow, and says what came of it: a release, or why none."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rich.console import Console
from rich.live import Live

from codeio_ops.cli.board import LINE_EVERY_S, Board, in_lines
from codeio_ops.cli.clients import load_settings, open_store, stack_state
from codeio_ops.cli.output import print_text, render_error, say
from codeio_ops.config import home_directory
from codeio_ops.errors import DecisionNeeded, PipelineFailed, RunEnded, StackError
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import OTHER_RECIPE
from codeio_ops.release.assemble import find_release
from codeio_ops.release.explanation import places_in
from codeio_ops.release.judgement import describe, judgement_of
from codeio_ops.release.teachers import TeacherShare
from codeio_ops.storage.engine import Store

if TYPE_CHECKING:
    # An Airflow of one's own has no client of the embedded one.
    from codeio_ops.local.airflow_api import AirflowApi
    from codeio_ops.local.pipeline import Position

# The DAG at the end of the road.
RELEASES = "release_dataset"
_LEFT = """
{} goes on without this command, and so does what follows from it.
to follow it again: codeio run --attach
to stop it:         codeio run --stop (what was done is kept)"""


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
    """A run of a DAG, and the releases that it and those after it came to; none as it goes on."""

    run_id: str
    made: tuple[Made, ...] = ()


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
        SettingsError: the shell has other settings than the tasks will have.
        StackError: Airflow does not answer.
        KeyboardInterrupt: the user let it go; the runs go on.
    """
    # An Airflow of one's own has no client of the embedded one; `funnel` works with it.
    from codeio_ops.local import environment, pipeline
    from codeio_ops.local.health import open_api
    from codeio_ops.local.home import Home

    road = pipeline.ROAD[pipeline.ROAD.index(first) : pipeline.ROAD.index(last) + 1]
    state = stack_state()
    environment.require_same(Home(home_directory()), os.environ)
    with open_api(state) as api:
        run_id = pipeline.start(api, road, conf)
        return Ran(run_id=run_id, made=_followed(api, run_id, road) if wait else ())


def follow_active() -> Ran:
    """Follow what goes on, from the DAG nearest to the sources, to its end; see `run_road`.

    Raises:
        StackError: nothing goes on.
    """
    from codeio_ops.local import pipeline
    from codeio_ops.local.health import open_api

    with open_api(stack_state()) as api:
        found = pipeline.active_runs(api)
        if not found:
            raise StackError("no DAG of the pipeline runs", cure="start it with `codeio run`")
        dag_id = found[0][0]
        latest = [run for active, run in found if active == dag_id][-1]
        # The run that started it for a further recipe started its siblings too.
        run_id = latest.partition(OTHER_RECIPE)[0]
        road = pipeline.ROAD[pipeline.ROAD.index(dag_id) :]
        return Ran(run_id=run_id, made=_followed(api, run_id, road))


def stop_runs() -> list[str]:
    """Stop what goes on, and return each run with its DAG."""
    from codeio_ops.local import pipeline
    from codeio_ops.local.health import open_api

    with open_api(stack_state()) as api:
        return [f"{dag_id} (run {run_id})" for dag_id, run_id in pipeline.stop(api)]


def _followed(api: "AirflowApi", run_id: str, road: Sequence[str]) -> tuple[Made, ...]:
    """Wait for the end of a road, and of the run of each further recipe, whatever became of one.

    Raises:
        RunEnded: a run failed or waits for a person, or a source could not be read; of several,
            what the last of them met. What the others came to is said before.
    """
    from codeio_ops.local import pipeline

    made: list[Made] = []
    faults: list[RunEnded] = []

    def missed(failed: PipelineFailed) -> None:
        told = explained(failed, open_store())
        say(f"{told}\n{failed.dag_id} goes on with the rest")
        faults.append(told)

    def reach_end(run_id: str, road: Sequence[str]) -> str:
        try:
            with following(open_store()) as show:
                end = pipeline.follow(api, run_id, show=show, missed=missed, road=road)
        except RunEnded as ended:
            if ended.dag_id != RELEASES:
                raise
            faults.append(ended)
            return ended.run_id
        if road[-1] == RELEASES:
            made.append(_made(api.returned(RELEASES, end, "assemble"), end))
        return end

    end = reach_end(run_id, road)
    for other in pipeline.runs_of_others(api, road[-1], end):
        reach_end(other, (road[-1],))
    if faults:
        for told in (
            *map(sentence_of, made),
            *(render_error(f, as_json=False) for f in faults[:-1]),
        ):
            say(told)
        raise faults[-1]
    return tuple(made)


def _made(release_id: Json, run_id: str) -> Made:
    """Return the release that a run came to; Airflow stores an id as JSON."""
    (made,) = open_store().fetch(
        "release.of_run", Made, run_id=run_id, release_id=UUID(str(release_id).strip('"'))
    )
    return made


def sentence_of(made: Made) -> str:
    """Say which release a run made, or which one has the content that it came to."""
    by = ", ".join(f"{100 * each['share']:.4g} % by {each['name']}" for each in made.teachers)
    release = f"{made.name} v{made.version}, {made.samples:,} samples ({by})"
    if made.is_new:
        return f"made: {release}, {made.uri}"
    return f"nothing new: content equals {release}"


def print_made(made: Iterable[Made]) -> None:
    """Say which releases a run made, a line each."""
    for each in made:
        print_text(sentence_of(each))


@contextmanager
def following(store: Store) -> Iterator[Callable[["Position"], None]]:
    """Show positions while a run is followed: a live table on a terminal, else a line every 15 s.

    Raises:
        PipelineFailed: what the block raises, with the cause and cure that the task stored.
        DecisionNeeded: the same, with what is to be decided.
        KeyboardInterrupt: the same, once it is said what goes on.
    """
    console = Console(file=sys.stderr)
    live = Live(console=console, refresh_per_second=2) if console.is_terminal else None
    board = Board(store, load_settings())
    in_line = in_lines(board)
    at = ""

    news = troubles_told()

    def show(position: "Position") -> None:
        nonlocal at
        for line in news():
            console.print(line, style="yellow", highlight=False, markup=False)
        at = f"{position.dag_id} (run {position.run_id})" if position.run_id else position.dag_id
        if live is None:
            in_line(position)
        else:
            live.update(board.table(position))

    try:
        with live or nullcontext():
            yield show
    except KeyboardInterrupt:
        say(_LEFT.format(at or "the run"))
        raise
    except PipelineFailed as failed:
        raise explained(failed, store) from failed
    except DecisionNeeded as needed:
        raise asked(needed, store) from needed


def troubles_told() -> Callable[[], list[str]]:
    """Return what looks every 15 s why nothing may go on, and gives what is new of it."""
    from codeio_ops.local.home import Home
    from codeio_ops.local.status import troubles

    known: list[str] = []
    looked = time.monotonic()

    def news() -> list[str]:
        nonlocal known, looked
        if time.monotonic() - looked < LINE_EVERY_S:
            return []
        found = troubles(Home(home_directory()))
        new = [line for line in found if line not in known]
        known, looked = found, time.monotonic()
        return new

    return news


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
