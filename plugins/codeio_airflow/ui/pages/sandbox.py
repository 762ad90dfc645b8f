"""Sandbox: what programs did in it, which were slow, and which image ran them."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from codeio_airflow.ui import charts
from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render

router = APIRouter()

SLOWEST = 20


@router.get("/sandbox")
def sandbox(request: Request, store: AuditorStore) -> HTMLResponse:
    """Show verdicts, times and images."""
    verdicts = store.fetch("pages.verdicts", Row, dag_id="", run_id="")
    drops = store.fetch("pages.drops", Row, dag_id="", run_id="")
    names = list(dict.fromkeys(row.verdict for row in verdicts))
    columns = sorted(
        {(row.direction, row.turn) for row in verdicts}, key=lambda c: (c[0] != "output", *c)
    )
    counts = {(row.verdict, row.direction, row.turn): row.rows for row in verdicts}
    content = {
        "names": names,
        "columns": columns,
        "counts": counts,
        "totals": {c: sum(counts.get((name, *c), 0) for name in names) for c in columns},
        "drops": [row for row in drops if row.stage == "sample"],
        "images": store.fetch("pages.images", Row),
        "slowest": store.fetch("pages.slowest_programs", Row, page_rows=SLOWEST),
        "times": _histogram(
            "Pairs by wall time of the call: up to so many ms",
            "pairs",
            [(row.up_to_ms, row.pairs) for row in store.fetch("pages.wall_times", Row)],
        ),
        "memory": _histogram(
            "Programs by peak memory: up to so many MiB",
            "programs",
            [(row.up_to_mib, row.programs) for row in store.fetch("pages.memory", Row)],
        ),
    }
    return render(request, "sandbox", content)


def _histogram(title: str, what: str, bars: list[tuple[float, int]]) -> Markup:
    if not bars:
        return Markup()
    labels = [f"{edge:g}" for edge, _ in bars]
    return charts.bars(title, labels, {what: [height for _, height in bars]})
