"""Brings a database to the current schema: numbered SQL files, run in order by Alembic."""

from pathlib import Path

from alembic import command, op
from alembic.config import Config

from codeio_ops.storage.queries import SQL_DIRECTORY

_SCRIPTS = Path(__file__).parent / "revisions"


def migrate(owner_url: str, *, revision: str = "head") -> None:
    """Apply the migrations up to `revision` that the database of `owner_url` lacks.

    The roles `codeio_app` and `codeio_auditor` must exist.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = owner_url
    command.upgrade(config, revision)


def run_file(name: str) -> None:
    """Run a file of `sql/migrations/` as it stands; only a migration may call this."""
    script = (SQL_DIRECTORY / "migrations" / name).read_text()
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    # SQLAlchemy would take a percent sign in the script for a parameter.
    driver.cursor().execute(script)
