"""Sources: how far each was read, and what last nights brought from all of them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from codeio_airflow.ui import charts
from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.paging import BEFORE_ALL, PAGE_ROWS, page_of
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render

router = APIRouter()

NIGHTS = 30
KNOWN = (
    "source_id", "kind", "locator", "licence", "paused", "cursor_value", "added_at", "last_read",
    "files", "dropped", "duplicates",
)  # fmt: skip


@router.get("/sources")
def sources(request: Request, store: AuditorStore, after: UUID = BEFORE_ALL) -> HTMLResponse:
    """List the sources."""
    found = store.fetch("pages.source_states", Row, after=after, page_rows=PAGE_ROWS + 1)
    page = page_of(found, lambda row: {"after": row.source_id}, is_first=after == BEFORE_ALL)
    nights = store.fetch(
        "pages.ingest_nights", Row, since=datetime.now(UTC) - timedelta(days=NIGHTS)
    )
    content = {"page": page, "known": KNOWN, "chart": _chart(nights) if nights else ""}
    return render(request, "sources", content)


def _chart(rows: list[Row]) -> str:
    nights = charts.every_night(row.night for row in rows)
    outcomes = sorted({row.fate for row in rows}, key=lambda name: (name != "new", name))
    cells = {(row.fate, row.night): row.rows for row in rows}
    return charts.stacked_bars(
        "Files read, by what became of them",
        [night.strftime("%d %b") for night in nights],
        {name: [cells.get((name, night)) for night in nights] for name in outcomes},
    )
