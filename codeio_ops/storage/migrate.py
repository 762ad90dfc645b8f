"""Brings a database to the current schema: numbered SQL files, run in order by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config

_SCRIPTS = Path(__file__).parent / "revisions"


def migrate(owner_url: str) -> None:
    """Apply the migrations that the database of `owner_url` lacks.

    The roles `codeio_app` and `codeio_auditor` must exist.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["url"] = owner_url
    command.upgrade(config, "head")
