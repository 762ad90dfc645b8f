"""`codeio teacher serve`: the offline teacher as an OpenAI-compatible server."""

from typing import Annotated

import typer

teacher = typer.Typer(help="The embedded offline teacher.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(teacher, name="teacher")


@teacher.command()
def serve(
    port: Annotated[int, typer.Option(help="TCP port to listen on.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve the offline teacher until the process is stopped."""
    from codeio_ops.config import Settings
    from codeio_ops.teacher.offline.server import serve as run

    run(Settings.load(), host, port)


@teacher.callback()
def _group() -> None:
    """Keep `serve` a subcommand: Typer folds a group of one command."""
