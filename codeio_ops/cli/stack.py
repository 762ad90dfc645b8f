"""`codeio up | down | status | doctor`: the embedded stack."""

from dataclasses import asdict
from typing import Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_rows, say
from codeio_ops.config import Settings, home_directory
from codeio_ops.errors import SettingsError
from codeio_ops.local import environment, stack
from codeio_ops.local.beginning import unfinished
from codeio_ops.local.components import EVERYTHING, Part
from codeio_ops.local.doctor import examine
from codeio_ops.local.home import Home
from codeio_ops.local.status import ComponentStatus
from codeio_ops.local.status import status as read_status

OnlyOption = Annotated[
    str, typer.Option("--only", help="Parts to run: postgres, s3, teacher, airflow.", metavar="A,B")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (up, down, status, doctor):
        app.command()(command)


def up(only: OnlyOption = "", as_json: JsonOption = False) -> None:
    """Start the embedded stack; what runs already is left alone."""
    home = Home(home_directory())
    started = stack.up(home, parts=_parts(only), say=say)
    rows = read_status(home)
    if as_json:
        _print_status_json(home.root.as_posix(), rows)
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
        _print_status_json(home.root.as_posix(), rows)
    else:
        print_rows(f"Stack in {home.root}", rows, as_json=False)
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


def _print_status_json(home: str, rows: tuple[ComponentStatus, ...]) -> None:
    print_json({"home": home, "components": [asdict(row) for row in rows]})
