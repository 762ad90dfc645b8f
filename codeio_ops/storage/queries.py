"""Named queries: SQL lives in `sql/queries/<aggregate>.sql`, each query under its name.

A file holds blocks that begin with `-- name: <query>`; parameters are `:named` and always
bound. A query is addressed as `<aggregate>.<query>`. Checks are files of their own.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import TextClause

# A link to the directory at the top of the repository, and a directory in a wheel.
SQL_DIRECTORY = files("codeio_ops") / "sql"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_CURE = "What to do: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a check or gate means, in a sentence, and what to do when it fails."""

    meaning: str
    cure: str


@cache
def query(name: str) -> "TextClause":
    """Return the query `<aggregate>.<query>`.

    Raises:
        KeyError: there is no such query.
    """
    aggregate, _, block = name.partition(".")
    return _text(_blocks(aggregate)[block])


@cache
def check(name: str) -> "TextClause":
    """Return the check `sql/checks/<name>.sql`, whose rows are the offending ones."""
    return _text((SQL_DIRECTORY / "checks" / f"{name}.sql").read_text("utf-8").rstrip().rstrip(";"))


def _text(statement: str) -> "TextClause":
    # Costs more than all else that a command imports to print its help.
    from sqlalchemy import text

    return text(statement)


@cache
def check_advice(name: str) -> Advice:
    """Return what a check means and what to do: the comment above its query.

    Of a check that this version does not have, nothing is known.
    """
    if name not in check_names():
        return Advice(meaning="", cure="")
    lines = (SQL_DIRECTORY / "checks" / f"{name}.sql").read_text("utf-8").splitlines()
    comment = " ".join(line.removeprefix("-- ") for line in lines if line.startswith("-- "))
    meaning, _, cure = comment.partition(_CURE)
    return Advice(meaning=meaning.strip(), cure=cure)


def check_names() -> list[str]:
    """Return the names of all checks, sorted."""
    return sorted(item.name.removesuffix(".sql") for item in (SQL_DIRECTORY / "checks").iterdir())


@cache
def _blocks(aggregate: str) -> dict[str, str]:
    content = (SQL_DIRECTORY / "queries" / f"{aggregate}.sql").read_text("utf-8")
    parts = _NAME.split(content)[1:]
    return dict(zip(parts[::2], (body.strip().rstrip(";") for body in parts[1::2]), strict=True))
