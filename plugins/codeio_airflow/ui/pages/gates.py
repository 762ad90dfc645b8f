"""Gates: what each gate measured on a release candidate, its verdict and its evidence."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.paging import AFTER_ALL, FAR_FUTURE, PAGE_ROWS, page_of
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render
from codeio_ops.storage.engine import Store

router = APIRouter()

KNOWN = (
    "gate_result_id", "release_id", "gate", "passed", "metric", "value", "threshold", "evidence",
    "judged_at", "stage_run_id", "approved", "decided_by", "decided_at", "reason",
)  # fmt: skip


@router.get("/gates")
def gates(
    request: Request,
    store: AuditorStore,
    before: datetime = FAR_FUTURE,
    before_id: UUID = AFTER_ALL,
) -> HTMLResponse:
    """List releases, newest first, each with its gates."""
    found = store.fetch(
        "pages.releases", Row, before=before, before_id=before_id, page_rows=PAGE_ROWS + 1
    )
    page = page_of(
        found,
        lambda row: {"before": row.created_at.isoformat(), "before_id": row.release_id},
        is_first=before == FAR_FUTURE,
    )
    results = {row.release_id: _results(store, row.release_id) for row in page.rows}
    return render(request, "gates", {"page": page, "results": results})


@router.get("/gates/{release_id}/{gate}")
def gate(request: Request, store: AuditorStore, release_id: UUID, gate: str) -> HTMLResponse:
    """Show one gate's measurement and evidence."""
    release = find_release(store, release_id)
    found = store.fetch("pages.gate", Row, release_id=release_id, gate=gate)
    if not found:
        raise HTTPException(404, f"no gate {gate} has judged this release")
    result = found[0]
    content = {"release": release, "result": result, "more": result.rest(*KNOWN)}
    return render(request, "gate", content)


def find_release(store: Store, release_id: UUID) -> Row:
    """Return a release.

    Raises:
        HTTPException: 404, there is none.
    """
    found = store.fetch("pages.release", Row, release_id=release_id)
    if not found:
        raise HTTPException(404, "there is no such release")
    return found[0]


def _results(store: Store, release_id: UUID) -> list[Row]:
    return store.fetch("pages.gates", Row, release_id=release_id)
