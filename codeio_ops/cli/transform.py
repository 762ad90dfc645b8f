"""`codeio transform`: what a teacher makes of a file of raw code, without a database."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from codeio_ops.cli.output import JsonOption, become_offline_teacher


class FileTeacher(StrEnum):
    """Teachers that can transform a file without a database."""

    OFFLINE = "offline"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(transform)


def transform(
    file: Annotated[Path, typer.Option(help="JSON Lines with the column `content`.")],
    teacher: Annotated[FileTeacher, typer.Option(help="Who transforms.")] = FileTeacher.OFFLINE,
    as_json: JsonOption = False,
) -> None:
    """Transform each row of a file, confirm what was accepted, and say why the rest was not."""
    become_offline_teacher("report", "--file", str(file), *(["--json"] if as_json else []))
