"""`codeio run` and `codeio funnel`: start the pipeline, watch it, and see what came out."""

import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from codeio_ops.cli.clients import open_store, stack_state
from codeio_ops.cli.output import JsonOption, print_json, print_rows
from codeio_ops.storage.engine import Store

if TYPE_CHECKING:
    from codeio_ops.local.pipeline import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """A stage of the funnel; no row is pending where they are not counted."""

    position: int
    stage: str
    passed: int
    dropped: int
    pending: int


def read_stages(store: "Store") -> list[StageLine]:
    """Return the funnel as the pages show it."""
    from codeio_ops.funnel import read_funnel

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLine:
    """How many rows a stage dropped for a reason."""

    stage: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLine:
    """How many answers got a verdict."""

    direction: str
    turn: int
    verdict: str
    rows: int


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(funnel)


def run(
    follow: Annotated[bool, typer.Option(help="Wait for the end and show the progress.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Run the pipeline now, from the sources to a release."""
    run_pipeline(follow=follow)
    funnel(as_json=as_json)


def funnel(as_json: JsonOption = False) -> None:
    """Show how many rows passed each stage, what was dropped and why, and the verdicts."""
    store = open_store()
    if as_json:
        names = ("drops", "verdict_shares")
        shares = {name: store.fetch_json(f"funnel.{name}") for name in names}
        print_json({"all": [asdict(line) for line in read_stages(store)], **shares})
        return
    print_rows("Funnel", read_stages(store), as_json=False)
    print_rows("Drop reasons", store.fetch("funnel.drops", DropLine), as_json=False)
    print_rows("Verdicts", store.fetch("funnel.verdict_shares", VerdictLine), as_json=False)


def run_pipeline(*, follow: bool) -> None:
    """Trigger the pipeline in the embedded Airflow, and follow it to its end.

    Raises:
        PipelineFailed: a run failed.
        StackError: Airflow does not answer.
    """
    # An Airflow of one's own has no client of the embedded one; `funnel` works with it.
    from codeio_ops.local import pipeline
    from codeio_ops.local.health import open_api

    with open_api(stack_state()) as api:
        run_id = pipeline.start(api)
        if follow:
            with Follower(open_store()) as follower:
                pipeline.follow(api, run_id, show=follower.show)


class Follower:
    """Shows where the pipeline is: a live table on a terminal, else a line every 15 s."""

    LINE_EVERY_S = 15.0

    def __init__(self, store: Store) -> None:
        self._store = store
        self._started = time.monotonic()
        self._first: dict[str, int] = {}
        self._last_line = float("-inf")
        console = Console(file=sys.stderr)
        self._live = Live(console=console, refresh_per_second=2) if console.is_terminal else None

    def __enter__(self) -> "Follower":
        """Start the display."""
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop the display."""
        if self._live:
            self._live.stop()

    def show(self, position: "Position") -> None:
        """Show the position and the stages."""
        stages = read_stages(self._store)
        elapsed = time.monotonic() - self._started
        if self._live:
            self._live.update(self._table(position, stages, elapsed))
        elif time.monotonic() - self._last_line >= self.LINE_EVERY_S:
            self._last_line = time.monotonic()
            print(self._line(position, stages, elapsed), file=sys.stderr, flush=True)

    def _table(self, position: "Position", stages: list[StageLine], elapsed: float) -> Table:
        title = f"{position.dag_id}: {', '.join(position.running) or 'waiting'} ({elapsed:.0f} s)"
        table = Table(title=title, title_justify="left")
        for column in ("stage", "done", "of", "per minute", "ETA"):
            table.add_column(column, justify="left" if column == "stage" else "right")
        for stage in stages:
            table.add_row(stage.stage, *self._cells(stage, elapsed))
        return table

    def _line(self, position: "Position", stages: list[StageLine], elapsed: float) -> str:
        busy = [
            f"{s.stage} {done}/{total} ({rate}/min, ETA {eta})"
            for s in stages
            if s.pending
            for done, total, rate, eta in [self._cells(s, elapsed)]
        ]
        running = ", ".join(position.running) or "waiting"
        return f"{elapsed:5.0f} s  {position.dag_id}: {running}  {'; '.join(busy)}"

    def _cells(self, stage: StageLine, elapsed: float) -> tuple[str, str, str, str]:
        """Return done, total, rows per minute and time left of a stage."""
        done = stage.passed + stage.dropped
        gained = done - self._first.setdefault(stage.stage, done)
        rate = gained / elapsed * 60 if elapsed else 0.0
        eta = f"{stage.pending / rate * 60:.0f} s" if rate and stage.pending else "-"
        return str(done), str(done + stage.pending), f"{rate:.0f}", eta


def a_sample(store: Store, release_id: UUID) -> UUID | None:
    """Return the id of some sample of a release, to show what can be asked of it."""
    found: UUID | None = store.value("funnel.some_sample", release_id=release_id)
    return found
