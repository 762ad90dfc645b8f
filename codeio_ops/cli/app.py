"""The Typer application."""

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from codeio_ops.cli.output import run_application
from codeio_ops.code_version import code_version

COMMANDS: Mapping[str, Mapping[str, str]] = {
    "stack": {
        "up": "Start the embedded stack; what runs already is left alone.",
        "down": "Stop the embedded stack; its data stays.",
        "status": "Show what runs; exit code 1 unless all of it is healthy.",
        "doctor": "Check everything the platform needs; exit code 1 when something is missing.",
    },
    "prepare": {
        "migrate": "Bring the project's database to the present schema.",
        "engine": "Make a Docker engine and the sandbox image available, installing what is "
        "missing.",
    },
    "demo": {
        "demo": "Start everything, ingest a real package, and follow it to a published release."
    },
    "run": {
        "run": "Run the pipeline now, from the sources to a release.",
        "funnel": "Show how many rows passed each stage, what was dropped and why, and the "
        "verdicts.",
    },
    "answer": {
        "answer": "Ask a teacher about the prompts that you choose, then judge, revise and release "
        "them."
    },
    "dags": {
        "dags": "Print the folder of the DAGs; as JSON, the value of Airflow's "
        "dag_bundle_config_list."
    },
    "source": {"source": "Where raw files come from."},
    "requeue": {"requeue": "Let a stage try again what it dropped for a reason, in the next run."},
    "benchmark": {"benchmark": "Benchmarks that releases must not leak."},
    "leakage": {"leakage": "Text of benchmarks in training text."},
    "release": {"release": "The versions of the dataset."},
    "lineage": {"lineage": "Show every step from the source to the releases of a sample."},
    "psql": {"psql": "Open psql as codeio_auditor; arguments go to psql, such as -c 'SELECT ...'."},
    "teacher": {"teacher": "Teachers: the embedded one, and models."},
    "transform": {
        "transform": "Transform each row of a file, confirm what was accepted, and say why the "
        "rest was not."
    },
    "sandbox": {"sandbox": "The sandbox that runs programs."},
    "compose": {
        "compose-secrets": "Generate the secret files of docker-compose.yml; those that exist are "
        "kept.",
        "compose-init": "",
    },
}
"""Module of this package -> its commands with what each does; one without words is hidden."""


class LazyGroup(TyperGroup):
    """Lists the commands from `COMMANDS`, and imports the module of one when it is run."""

    def __init__(self, **settings: Any) -> None:
        """Take what Typer gives."""
        super().__init__(**settings)
        for commands in COMMANDS.values():
            for name, sentence in commands.items():
                self.add_command(TyperCommand(name, short_help=sentence, hidden=not sentence))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that the first word names, and the words after it."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if name else listed, rest


def load(name: str) -> Any:
    """Import the module of a command, and return the command as Click takes it."""
    module = next(module for module, commands in COMMANDS.items() if name in commands)
    # Without markup Typer does not import Rich to write a page of help.
    part = typer.Typer(rich_markup_mode=None)
    import_module(f"codeio_ops.cli.{module}").register(part)
    found = get_group(part).commands[name]
    for command in found.commands.values() if isinstance(found, TyperGroup) else ():
        # Of what is no short help, Click cuts off what does not fit on the line.
        command.short_help = (command.help or "").partition("\n\n")[0]
    return found


app = typer.Typer(
    name="codeio",
    cls=LazyGroup,
    help="Turns raw source code into verified reasoning data, after CODE I/O.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)


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
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage, 3 nothing to do."""
    run_application(app, "codeio")
