"""Shows how far the stages are while a run of the pipeline goes on."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from codeio_ops.config import Settings
from codeio_ops.funnel import read_funnel
from codeio_ops.pipeline import steps_of
from codeio_ops.progress import Pace
from codeio_ops.storage.engine import Store

if TYPE_CHECKING:
    # An Airflow of one's own has no client of the embedded one.
    from codeio_ops.local.pipeline import Position

LINE_EVERY_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """A stage of the funnel; no row is pending where they are not counted."""

    position: int
    stage: str
    passed: int
    dropped: int
    pending: int


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


def in_lines(board: Board) -> Callable[["Position"], None]:
    """Return what prints the position as a line, at most every 15 seconds."""
    last = float("-inf")

    def show(position: "Position") -> None:
        nonlocal last
        if time.monotonic() - last >= LINE_EVERY_S:
            last = time.monotonic()
            print(board.line(position), file=sys.stderr, flush=True)

    return show
