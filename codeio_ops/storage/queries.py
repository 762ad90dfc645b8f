"""Named queries: SQL lives in `sql/queries/<aggregate>.sql`, each query under its name.

A file holds blocks that begin with `-- name: <query>`; parameters are `:named` and always
bound. A query is addressed as `<aggregate>.<query>`.
"""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

SQL_DIRECTORY = Path(__file__).parents[2] / "sql"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def query(name: str) -> TextClause:
    """Return the query `<aggregate>.<query>`.

    Raises:
        KeyError: there is no such query.
    """
    aggregate, _, block = name.partition(".")
    return text(_blocks(aggregate)[block])


@cache
def _blocks(aggregate: str) -> dict[str, str]:
    content = (SQL_DIRECTORY / "queries" / f"{aggregate}.sql").read_text()
    parts = _NAME.split(content)[1:]
    return dict(zip(parts[::2], (body.strip().rstrip(";") for body in parts[1::2]), strict=True))
