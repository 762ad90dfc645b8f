"""`codeio compose-secrets | compose-init`: what `docker-compose.yml` needs."""

from pathlib import Path
from typing import Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, say
from codeio_ops.config import Settings
from codeio_ops.local import compose

DirectoryOption = Annotated[Path, typer.Option("--directory", help="Where the secret files are.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("compose-secrets")(write_secrets)
    app.command("compose-init", hidden=True)(initialise)


def write_secrets(
    directory: DirectoryOption = Path("secrets"), as_json: JsonOption = False
) -> None:
    """Generate the secret files of docker-compose.yml; those that exist are kept."""
    # The key comes from the environment alone: a stack.env belongs to the embedded stack.
    key = Settings(_env_file=None).openai_api_key.get_secret_value()
    written = compose.write_secrets(directory, openai_api_key=key)
    compose.write_ids(Path(".env"))
    if as_json:
        print_json({"written": [path.as_posix() for path in written]})
    else:
        print(f"{len(written)} secret files written to {directory}/, ids to .env")


def initialise(directory: DirectoryOption = Path("/run/secrets")) -> None:
    """Prepare Postgres and S3 in the `init` container."""
    compose.initialise(directory, Settings.load(), say)
