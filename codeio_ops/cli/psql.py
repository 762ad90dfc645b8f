"""`codeio psql`: SQL as `codeio_auditor`, who reads every fact and writes none."""

import os
import shutil
from typing import Annotated

import typer

from codeio_ops.cli.clients import load_settings
from codeio_ops.errors import StackError, StoreRefused
from codeio_ops.local import postgres

PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(context_settings=PASS_THROUGH)(psql)


def psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments of psql.")] = None,
) -> None:
    """Open psql as codeio_auditor; arguments go to psql, such as -c 'SELECT ...'."""
    from sqlalchemy.engine import make_url

    address = load_settings().auditor_database_url.get_secret_value()
    if not address:
        raise StoreRefused(
            "no database is configured for auditors",
            cure="run `codeio up`, or set CODEIO_AUDITOR_DATABASE_URL",
        )
    program = shutil.which("psql") or shutil.which("psql", path=str(postgres.binaries()))
    if program is None:
        raise StackError("psql is missing", cure="install Postgres' client programs")
    url = make_url(address)
    environment = {
        **os.environ,
        "PGHOST": url.host or "",
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
        "PGOPTIONS": "-c search_path=codeio",
        # Such as `sslmode`, which libpq reads from PGSSLMODE.
        **{f"PG{name.upper()}": str(value) for name, value in url.query.items()},
    }
    os.execve(program, [program, *(arguments or [])], environment)  # noqa: S606
