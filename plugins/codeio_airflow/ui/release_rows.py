"""Releases as the pages show them: one of them, or a page of all."""

from datetime import datetime
from uuid import UUID

from fastapi import HTTPException

from codeio_airflow.ui.paging import FAR_FUTURE, PAGE_ROWS, Page, page_of
from codeio_airflow.ui.rows import Row
from codeio_ops.storage.engine import Store


def find_release(store: Store, release_id: UUID) -> Row:
    """Return a release.

    Raises:
        HTTPException: 404, there is none.
    """
    found = store.fetch("pages.release", Row, release_id=release_id)
    if not found:
        raise HTTPException(404, "there is no such release")
    return found[0]


def release_page(store: Store, before: datetime, before_id: UUID) -> Page:
    """Return the releases made before another one, the newest first."""
    found = store.fetch(
        "pages.releases", Row, before=before, before_id=before_id, page_rows=PAGE_ROWS + 1
    )
    return page_of(
        found,
        lambda row: {"before": row.created_at.isoformat(), "before_id": row.release_id},
        is_first=before == FAR_FUTURE,
    )


def gate_results(store: Store, release_id: UUID, gate: str = "") -> list[Row]:
    """Return what the gates say of a release, the failed first; only one when it is named."""
    return store.fetch("pages.gates", Row, release_id=release_id, gate=gate)
