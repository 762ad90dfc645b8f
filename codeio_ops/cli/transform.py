"""`codeio transform`: what a teacher makes of a file of raw code, without a database."""

import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_text, say

if TYPE_CHECKING:
    from offline_teacher.report import TransformReport


class FileTeacher(StrEnum):
    """Teachers that can transform a file in this process."""

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
    from codeio_ops.cli.clients import load_settings
    from codeio_ops.ingest.jsonl import JsonlReader
    from codeio_ops.sandbox.pool import DockerSandbox
    from offline_teacher.report import (
        TransformReport,
        count_contradicted,
        transform_rows,
    )

    settings = load_settings()
    started = time.monotonic()
    rows = JsonlReader(file, licence="").files(max_bytes=settings.max_file_bytes)

    def progress(done: int) -> None:
        say(f"{time.monotonic() - started:5.0f} s  {done} files")

    def sandbox(hash_seed: int) -> DockerSandbox:
        return DockerSandbox.open(
            settings.sandbox_image,
            workers=settings.sandbox_workers,
            hash_seed=hash_seed,
            runtime=settings.sandbox_runtime,
            labels={"codeio.part": "transform"},
        )

    with sandbox(0) as first:
        with sandbox(1) as confirm:
            programs, reasons = transform_rows(
                rows, sandbox=first, confirm=confirm, progress=progress
            )
        with sandbox(2) as fresh:
            contradicted = count_contradicted(programs, sandbox=first, fresh=fresh)
    report = TransformReport(
        files=len(programs) + reasons.total(),
        accepted=len(programs),
        reasons=dict(reasons.most_common()),
        contradicted=contradicted,
        wall_s=round(time.monotonic() - started, 1),
    )
    _print(report, teacher, as_json=as_json)


def _print(report: "TransformReport", teacher: FileTeacher, *, as_json: bool) -> None:
    if as_json:
        print_json({"teacher": str(teacher), "share": report.share, **asdict(report)})
        return
    print(f"{report.accepted} of {report.files} files accepted ({report.share:.1%})")
    for reason, count in report.reasons.items():
        print_text(f"  {count:5}  {reason}")
    print(f"{report.contradicted} contradicted by a second run; {report.wall_s:.0f} s")
