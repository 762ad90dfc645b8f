"""Shows where a run of the pipeline is, and says why one failed: the task's own cause and cure."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from rich.console import Console
from rich.live import Live
from rich.table import Table

from codeio_ops.cli.clients import load_settings, open_store, stack_state
from codeio_ops.cli.output import print_text
from codeio_ops.config import Settings
from codeio_ops.errors import PipelineFailed
from codeio_ops.funnel import read_funnel
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import steps_of
from codeio_ops.progress import Pace
from codeio_ops.release.teachers import TeacherShare
from codeio_ops.storage.engine import Store

if TYPE_CHECKING:
    # An Airflow of one's own has no client of the embedded one.
    from codeio_ops.local.pipeline import Position

LINE_EVERY_S = 15.0
# The DAG at the end of the road.
RELEASES = "release_dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """A stage of the funnel; no row is pending where they are not counted."""

    position: int
    stage: str
    passed: int
    dropped: int
    pending: int


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


def read_stages(store: Store) -> list[StageLine]:
    """Return the funnel as the pages show it."""
    return [
        StageLine(
            position=position,
            stage=line.stage,
            passed=line.passed,
            dropped=line.dropped,
            pending=line.waiting or 0,
        )
        for position, line in enumerate(read_funnel(store), start=1)
    ]


@contextmanager
def following(store: Store) -> Iterator[Callable[["Position"], None]]:
    """Show positions while a run is followed: a live table on a terminal, else a line every 15 s.

    Raises:
        PipelineFailed: what the block raises, with the cause and cure that the task stored.
    """
    console = Console(file=sys.stderr)
    live = Live(console=console, refresh_per_second=2) if console.is_terminal else None
    board = Board(store, load_settings())
    try:
        if live is None:
            yield _in_lines(board)
        else:
            with live:
                yield lambda position: live.update(board.table(position))
    except PipelineFailed as failed:
        raise explained(failed, store) from failed


def explained(failed: PipelineFailed, store: Store) -> PipelineFailed:
    """Return the error with what the tasks that failed for good stored about themselves."""
    of_run = {"dag_id": failed.dag_id, "run_id": failed.run_id}
    found = store.fetch("funnel.causes_of_failure", StoredFailure, **of_run)
    causes = dict.fromkeys(f"{row.task_id}: {row.cause}" for row in found)
    cures = dict.fromkeys(row.cure for row in found if row.cure)
    if not causes:
        return failed
    told = "\n".join([str(failed), *causes])
    return PipelineFailed(told, cure="\n".join(cures), **of_run)


class Board:
    """What is shown of the stages; it remembers how fast each of them moved.

    Args:
        store: The database.
        settings: Say which task does which stage.
        clock: Gives the seconds.
    """

    def __init__(
        self, store: Store, settings: Settings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._started = clock()
        self._paces: dict[str, Pace] = {}

    def table(self, position: "Position") -> Table:
        """Return all stages as a table."""
        table = Table(title=self._title(position), title_justify="left")
        for column in ("stage", "done", "of", "per minute", "ETA"):
            table.add_column(column, justify="left" if column == "stage" else "right")
        for stage, *cells in self._rows(position):
            table.add_row(stage.stage, *cells)
        return table

    def line(self, position: "Position") -> str:
        """Return the stages that have work left as one line."""
        busy = [
            f"{stage.stage} {done}/{total} ({rate}/min, ETA {eta})"
            for stage, done, total, rate, eta in self._rows(position)
            if stage.pending
        ]
        return f"{self._title(position)}  {'; '.join(busy)}"

    def _title(self, position: "Position") -> str:
        running = ", ".join(position.running) or "waiting"
        return f"{self._clock() - self._started:5.0f} s  {position.dag_id}: {running}"

    def _rows(self, position: "Position") -> Iterator[tuple[StageLine, str, str, str, str]]:
        """Give each stage with done, total, rows per minute and time left."""
        steps = steps_of(position.dag_id, self._settings)
        busy = {step.stage for step in steps if step.task_id in position.running}
        now = self._clock()
        for stage in read_stages(self._store):
            done = stage.passed + stage.dropped
            pace = self._paces.setdefault(stage.stage, Pace(done, now))
            rate = pace.look(done, now, busy=stage.stage in busy)
            eta = f"{stage.pending / rate:.0f} s" if rate and stage.pending else "-"
            yield stage, str(done), str(done + stage.pending), _a_minute(rate), eta


def _a_minute(rate: float) -> str:
    """Write a rate a minute; that of a slow model is below one and yet not nothing."""
    return f"{60 * rate:.0f}" if 60 * rate >= 10 or not rate else f"{60 * rate:.1f}"


def _in_lines(board: Board) -> Callable[["Position"], None]:
    last = float("-inf")

    def show(position: "Position") -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_S:
            last = time.monotonic()
            print(board.line(position), file=sys.stderr, flush=True)

    return show
