"""Named queries: SQL lives in `sql/queries/<aggregate>.sql`, each query under its name.

A file holds blocks that begin with `-- name: <query>`; parameters are `:named` and always
bound. A query is addressed as `<aggregate>.<query>`. Checks are files of their own.
"""

import re
from functools import cache
from importlib.resources import files

from sqlalchemy import TextClause, text

# A link to the directory at the top of the repository, and a directory in a wheel.
SQL_DIRECTORY = files("codeio_ops") / "sql"
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
def check(name: str) -> TextClause:
    """Return the check `sql/checks/<name>.sql`, whose rows are the offending ones."""
    return text((SQL_DIRECTORY / "checks" / f"{name}.sql").read_text().rstrip().rstrip(";"))


def check_names() -> list[str]:
    """Return the names of all checks, sorted."""
    return sorted(item.name.removesuffix(".sql") for item in (SQL_DIRECTORY / "checks").iterdir())


@cache
def _blocks(aggregate: str) -> dict[str, str]:
    content = (SQL_DIRECTORY / "queries" / f"{aggregate}.sql").read_text()
    parts = _NAME.split(content)[1:]
    return dict(zip(parts[::2], (body.strip().rstrip(";") for body in parts[1::2]), strict=True))
