"""`codeio up | down | status | doctor`: the embedded stack."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_rows, say
from codeio_ops.cli.waiting import print_waiting
from codeio_ops.config import Settings, home_directory
from codeio_ops.errors import CodeIOError, SettingsError
from codeio_ops.local import disk, environment, stack
from codeio_ops.local.beginning import unfinished
from codeio_ops.local.components import EVERYTHING, Part
from codeio_ops.local.doctor import examine
from codeio_ops.local.home import Home
from codeio_ops.local.status import ComponentStatus
from codeio_ops.local.status import status as read_status

if TYPE_CHECKING:
    from codeio_ops.release.waiting import OpenQuestion

OnlyOption = Annotated[
    str, typer.Option("--only", help="Parts to run: postgres, s3, teacher, airflow.", metavar="A,B")
]

WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=0,
        metavar="N",
        help="Have N workers of Celery do the tasks, from now on; 0 leaves them to the scheduler.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (up, down, status, doctor):
        app.command()(command)


def up(only: OnlyOption = "", workers: WorkersOption = None, as_json: JsonOption = False) -> None:
    """Start the embedded stack; what runs already is left alone."""
    home = Home(home_directory())
    started = stack.up(home, parts=_parts(only), say=say, worker_count=workers)
    rows = read_status(home)
    if as_json:
        _print_status_json(home.root, rows)
        return
    print_rows(f"Stack in {home.root}", rows, as_json=False)
    if any(row.name == "airflow-api-server" for row in rows):
        print(f"Airflow:  {environment.airflow_url(started.state)}")
        print(f"user:     {environment.AIRFLOW_USER}")
        print(f"password: {started.state.secrets.airflow_admin_password}")
    print("Stop it with `codeio down`.")


def down(as_json: JsonOption = False) -> None:
    """Stop the embedded stack; its data stays."""
    stopped = stack.down(Home(home_directory()), say=say)
    if as_json:
        print_json({"stopped": list(stopped)})
    elif not stopped:
        print("Nothing was running.")


def status(as_json: JsonOption = False) -> None:
    """Show what runs; exit code 1 unless all of it is healthy."""
    home = Home(home_directory())
    rows = read_status(home)
    if as_json:
        _print_status_json(home.root, rows)
    else:
        print_rows(f"Stack in {home.root}", rows, as_json=False)
        print(f"{disk.free_gib(home.root):.0f} GiB free")
        print_waiting(_questions(rows))
    if told := disk.shortage(home.root):
        say(f"warning: {told}")
    if told := unfinished(home):
        say(told)
    if not rows or any(row.state != "healthy" for row in rows):
        raise typer.Exit(1)


def doctor(as_json: JsonOption = False) -> None:
    """Check everything the platform needs; exit code 1 when something is missing."""
    findings = examine(Settings.load())
    print_rows("Doctor", findings, as_json=as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _parts(only: str) -> frozenset[Part]:
    if not only:
        return EVERYTHING
    try:
        return frozenset(Part(name.strip()) for name in only.split(","))
    except ValueError as exc:
        known = ", ".join(Part)
        raise SettingsError(f"--only: {exc}", cure=f"Use some of: {known}.") from exc


def _print_status_json(home: Path, rows: tuple[ComponentStatus, ...]) -> None:
    components = [asdict(row) for row in rows]
    waiting = [question.to_json() for question in _questions(rows)]
    free = round(disk.free_gib(home), 1)
    print_json(
        {
            "home": home.as_posix(),
            "components": components,
            "waiting": waiting,
            "free_gib": free,
        }
    )


def _questions(rows: tuple[ComponentStatus, ...]) -> "list[OpenQuestion]":
    """Return what waits for a person; nothing where the database cannot say it."""
    if not any(row.name == "postgres" and row.state == "healthy" for row in rows):
        return []
    # The client of the database takes its time to import.
    from codeio_ops.cli.clients import open_store
    from codeio_ops.release.waiting import open_questions

    try:
        return open_questions(open_store())
    except CodeIOError:
        # It may hold no schema yet; what is wrong with it is no matter of this command.
        return []
