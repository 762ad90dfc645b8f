"""Overview: did last night work, what came out, what was refused and why, what did it cost."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from codeio_airflow.ui import charts
from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.paging import FAR_FUTURE
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render
from codeio_ops.funnel import read_funnel
from codeio_ops.pipeline import STAGES, stages_writing

router = APIRouter()

RUNS = 8
FAILURES = 20
NIGHTS = (7, 30, 90)


@router.get("/overview")
def overview(request: Request, store: AuditorStore, nights: int = 30) -> HTMLResponse:
    """Show the state of the pipeline."""
    now = datetime.now(UTC)
    since = now - timedelta(days=min(max(nights, 1), 366))
    everything = {"dag_id": "", "run_id": ""}
    rows = store.fetch("pages.nights", Row, since=since)
    last_day = now - timedelta(days=1)
    content = {
        "steps": read_funnel(store),
        "runs": store.fetch("pages.runs", Row, before=FAR_FUTURE, page_rows=RUNS),
        "failures": store.fetch(
            "pages.failures", Row, since=last_day, page_rows=FAILURES, **everything
        ),
        "recipes": request.app.state.recipes_nightly,
        "spending": store.fetch("pages.spending", Row, **everything),
        "tasks": request.app.state.active_tasks(),
        "charts": night_charts(rows),
        "nights": nights,
        "choices": NIGHTS,
    }
    return render(request, "overview", content)


def night_charts(rows: Sequence[Row]) -> list[Markup]:
    """Draw what the nights gave: yield, rows, tokens and cost."""
    if not rows:
        return []
    nights = charts.every_night(row.night for row in rows)
    cells = {(row.stage, row.night): row for row in rows}
    labels = [night.strftime("%d %b") for night in nights]

    def series(value: Callable[[Row], float | None]) -> dict[str, list[float | None]]:
        drawn = {
            stage: [value(cells[stage, n]) if (stage, n) in cells else None for n in nights]
            for stage in stages_writing()
        }
        return {
            stage: values for stage, values in drawn.items() if any(v is not None for v in values)
        }

    drawn = [
        charts.percent_lines("Yield per stage", labels, series(_yield)),
        charts.stacked_bars("Rows that came out", labels, series(lambda row: row.passed or None)),
        charts.stacked_bars("Tokens, by purpose", labels, series(lambda row: row.tokens or None)),
    ]
    if any(row.cost_usd for row in rows):
        drawn.append(charts.bars("Cost, US$", labels, {"cost": _sums(rows, nights)}))
    return drawn


def _yield(row: Row) -> float | None:
    """Return the share that came out, in percent; of answers, the share that is correct."""
    if row.stage == "verify":
        return 100 * float(row.correct) / row.passed if row.passed else None
    kept = row.settled if STAGES[row.stage].counts == "settled" else row.passed
    seen = kept + row.dropped
    return 100 * float(kept) / seen if seen else None


def _sums(rows: Sequence[Row], nights: Sequence[date]) -> list[float | None]:
    sums: defaultdict[date, float] = defaultdict(float)
    for row in rows:
        sums[row.night] += row.cost_usd or 0.0
    return [sums[night] for night in nights]
