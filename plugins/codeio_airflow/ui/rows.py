"""Rows of the queries in `sql/queries/pages.sql`."""

from types import SimpleNamespace
from typing import Any


class Row(SimpleNamespace):
    """A row; its attributes are the columns, whatever they are.

    The pages show columns that they do not know too, so that a column added to a gate or a
    source is seen without a change here.
    """

    def rest(self, *known: str) -> dict[str, Any]:
        """Return the columns that are not `known`, without empty ones."""
        columns: dict[str, Any] = vars(self)
        return {
            name: value
            for name, value in columns.items()
            if name not in known and value is not None and value != ""
        }
