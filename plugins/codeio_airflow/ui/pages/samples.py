"""Samples: search and filter them, read one in full, and see what was dropped instead."""

import re
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.paging import BEFORE_ALL, PAGE_ROWS, page_of
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render
from codeio_ops.storage.engine import Store

router = APIRouter()

FACETS = ("direction", "verdict", "final_verdict", "drop_reason")
ID_FACETS = ("teacher_id", "source_id", "program_id", "file_id", "release_id")


@router.get("/samples")
def samples(
    request: Request, store: AuditorStore, search: str = "", after: UUID = BEFORE_ALL
) -> HTMLResponse:
    """List the samples that the filters of the query string leave."""
    given = {name: request.query_params.get(name, "") for name in (*FACETS, *ID_FACETS)}
    filters = {name: given[name] for name in FACETS}
    ids = {name: _id(given[name]) for name in ID_FACETS}
    found = store.fetch(
        "pages.samples",
        Row,
        after=after,
        words=as_tsquery(search),
        page_rows=PAGE_ROWS + 1,
        **filters,
        **ids,
    )
    page = page_of(
        found,
        lambda row: {"after": row.sample_id},
        is_first=after == BEFORE_ALL,
        filters={**given, "search": search},
    )
    return render(
        request, "samples", {"page": page, "given": given, "search": search, **_choices(store)}
    )


@router.get("/samples/{sample_id}")
def sample(request: Request, store: AuditorStore, sample_id: UUID) -> HTMLResponse:
    """Show one sample with its lineage."""
    found = store.fetch("pages.sample", Row, sample_id=sample_id)
    if not found:
        raise HTTPException(404, "there is no such sample")
    lineage = store.fetch("pages.lineage", Row, sample_id=sample_id)
    return render(request, "sample", {"sample": found[0], "lineage": lineage})


@router.get("/dropped")
def dropped(
    request: Request,
    store: AuditorStore,
    stage: str = "",
    reason: str = "",
    after: UUID = BEFORE_ALL,
) -> HTMLResponse:
    """List what went no further, and why."""
    found = store.fetch(
        "pages.dropped", Row, after=after, stage=stage, reason=reason, page_rows=PAGE_ROWS + 1
    )
    filters = {"stage": stage, "reason": reason}
    page = page_of(
        found,
        lambda row: {"after": row.drop_record_id},
        is_first=after == BEFORE_ALL,
        filters=filters,
    )
    reasons = store.fetch("pages.drops", Row, dag_id="", run_id="")
    return render(request, "dropped", {"page": page, "given": filters, "reasons": reasons})


def as_tsquery(search: str) -> str:
    """Return a query for samples that hold all words; the last may be the beginning of one."""
    words = re.findall(r"\w+", search.lower().replace("_", " "))
    return " & ".join([*words[:-1], f"{words[-1]}:*"]) if words else ""


def _id(value: str) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError as exc:
        raise HTTPException(422, f"{value} is not an id") from exc


def _choices(store: Store) -> dict[str, list[Row] | list[str]]:
    everything = {"dag_id": "", "run_id": ""}
    verdicts = store.fetch("pages.verdicts", Row, **everything)
    drops = store.fetch("pages.drops", Row, **everything)
    return {
        "verdicts": sorted({row.verdict for row in verdicts}),
        "drop_reasons": sorted({row.reason for row in drops if row.stage == "revise"}),
        "teachers": store.fetch("pages.teachers", Row),
        "sources": store.fetch("pages.sources", Row),
    }
