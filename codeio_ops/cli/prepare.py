"""`codeio migrate | engine`: what a database and a machine need, with the embedded stack or not."""

import typer

from codeio_ops.cli.output import JsonOption, print_json, say
from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError
from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image
from codeio_ops.storage.migrate import migrate as migrate_database


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (migrate, engine):
        app.command()(command)


def migrate(as_json: JsonOption = False) -> None:
    """Bring the project's database to the present schema."""
    url = Settings.load().owner_database_url.get_secret_value()
    if not url:
        raise SettingsError(
            "CODEIO_OWNER_DATABASE_URL is not set",
            cure="Run `codeio up`, or set it to your own Postgres.",
        )
    migrate_database(url)
    if as_json:
        print_json({"migrated": True})
    else:
        print("The schema is up to date.")


def engine(as_json: JsonOption = False) -> None:
    """Make a Docker engine and the sandbox image available, installing what is missing."""
    ensure_engine(say)
    digest = ensure_image(Settings.load().sandbox_image, say)
    if as_json:
        print_json({"image_digest": digest})
    else:
        print(f"sandbox image {digest}")
