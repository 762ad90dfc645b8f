"""The Typer application."""

from typing import Annotated

import typer

from codeio_ops.cli import (
    benchmark,
    compose,
    dags,
    demo,
    leakage,
    lineage,
    psql,
    release,
    run,
    sandbox,
    source,
    stack,
    teacher,
    transform,
)
from codeio_ops.cli.output import run_application
from codeio_ops.code_version import code_version

app = typer.Typer(
    name="codeio",
    help="Turns raw source code into verified reasoning data, after CODE I/O.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

# Each module below adds its commands to the application it is given; add yours here.
for module in (
    stack,
    demo,
    run,
    dags,
    source,
    benchmark,
    leakage,
    release,
    lineage,
    psql,
    teacher,
    transform,
    sandbox,
    compose,
):
    module.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(code_version())
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=_print_version,
            help="Print the version and the digest of the sources.",
        ),
    ] = False,
) -> None:
    """Options of every command; `--debug` is read by `main`, wherever it stands."""


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage."""
    run_application(app, "codeio")
