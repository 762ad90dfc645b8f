"""Teachers: each alone, and two of them on the same prompts; where they disagree."""

from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from codeio_airflow.ui.clients import AuditorStore
from codeio_airflow.ui.paging import BEFORE_ALL, PAGE_ROWS, page_of
from codeio_airflow.ui.rows import Row
from codeio_airflow.ui.view import render
from codeio_ops.comparison import compare_teachers

router = APIRouter()

# Read within a second; see `benchmarks/pages.py`.
MOST_ANSWERS = 40_000


@router.get("/teachers")
def teachers(request: Request, store: AuditorStore) -> HTMLResponse:
    """Show the teachers side by side."""
    found = compare_teachers(store, most_answers=MOST_ANSWERS)
    return render(request, "teachers", {"found": found})


@router.get("/teachers/differences")
def differences(
    request: Request,
    store: AuditorStore,
    right: UUID,
    wrong: UUID,
    direction: str = "",
    after: UUID = BEFORE_ALL,
) -> HTMLResponse:
    """List the prompts that one teacher is right to and another is not."""
    names = {row.id: row.name for row in store.fetch("pages.teachers", Row)}
    if not {right, wrong} <= names.keys():
        raise HTTPException(404, "there is no such teacher")
    rows = store.fetch(
        "pages.teacher_differences",
        Row,
        teacher_id=right,
        other_teacher_id=wrong,
        direction=direction,
        after=after,
        page_rows=PAGE_ROWS + 1,
    )
    page = page_of(
        rows,
        lambda row: {"after": row.prompt_id},
        is_first=after == BEFORE_ALL,
        filters={"right": str(right), "wrong": str(wrong), "direction": direction},
    )
    content = {"page": page, "right": right, "wrong": wrong, "direction": direction}
    return render(request, "teacher_differences", {**content, "names": names})
