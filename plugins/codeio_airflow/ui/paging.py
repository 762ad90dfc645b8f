"""Keyset pagination: a page begins after the last key of the one before, at any depth as fast."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from codeio_airflow.ui.rows import Row

PAGE_ROWS = 50
BEFORE_ALL = UUID(int=0)
AFTER_ALL = UUID(int=(1 << 128) - 1)
FAR_FUTURE = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows to show, and the query string of the page after them; empty at the end."""

    rows: Sequence[Row]
    following: str = ""
    is_first: bool = True
    first: str = "?"


def page_of(
    rows: Sequence[Row],
    key: Callable[[Row], dict[str, object]],
    *,
    is_first: bool,
    filters: dict[str, str] | None = None,
) -> Page:
    """Build a page from at most `PAGE_ROWS` + 1 rows; the last of them tells there are more.

    Args:
        rows: What the query returned.
        key: Gives the query parameters that continue after a row.
        is_first: Whether no key was given.
        filters: Query parameters that stay.
    """
    kept = {name: value for name, value in (filters or {}).items() if value}
    shown = rows[:PAGE_ROWS]
    more = len(rows) > PAGE_ROWS
    following = "?" + urlencode({**kept, **key(shown[-1])}) if more else ""
    return Page(shown, following, is_first, "?" + urlencode(kept))
