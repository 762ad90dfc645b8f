"""Runs: every DAG run that wrote something; one of them in full, also as a tab of the run."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.paging import BEFORE_ALL, FAR_FUTURE, PAGE_ROWS, page_of
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render
from codeio_ops.funnel import read_funnel

router = APIRouter()

LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@router.get("/runs")
def runs(request: Request, store: AuditorStore, before: datetime = FAR_FUTURE) -> HTMLResponse:
    """List the runs, newest first."""
    found = store.fetch("pages.runs", Row, before=before, page_rows=PAGE_ROWS + 1)
    page = page_of(
        found,
        lambda row: {"before": row.started_at.isoformat()},
        is_first=before == FAR_FUTURE,
    )
    return render(request, "runs", {"page": page})


@router.get("/run")
def run(
    request: Request, store: AuditorStore, dag_id: str, run_id: str, after: UUID = BEFORE_ALL
) -> HTMLResponse:
    """Show one run: its funnel, why rows and tasks failed, and each shard."""
    of_run = {"dag_id": dag_id, "run_id": run_id}
    shards = store.fetch("pages.shards", Row, after=after, page_rows=PAGE_ROWS + 1, **of_run)
    content = {
        "dag_id": dag_id,
        "run_id": run_id,
        "steps": read_funnel(store, **of_run),
        "verdicts": store.fetch("pages.verdicts", Row, **of_run),
        "spending": store.fetch("pages.spending", Row, **of_run),
        "failures": store.fetch(
            "pages.failures", Row, since=LONG_AGO, page_rows=PAGE_ROWS, **of_run
        ),
        "tasks": [
            task
            for task in request.app.state.active_tasks()
            if (task.dag_id, task.run_id) == (dag_id, run_id)
        ],
        "page": page_of(
            shards,
            lambda row: {"after": row.stage_run_id},
            is_first=after == BEFORE_ALL,
            filters=of_run,
        ),
    }
    return render(request, "run", content)
