"""`python -m offline_teacher`: serve the offline teacher, or report on what it makes of a file."""

import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, run_application, say
from codeio_ops.config import Settings
from codeio_ops.ingest.jsonl import JsonlReader
from codeio_ops.sandbox.pool import DockerSandbox
from offline_teacher.report import TransformReport, count_contradicted, transform_rows
from offline_teacher.server import serve as run_server

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="TCP port to listen on.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve until the process is stopped."""
    run_server(Settings.load(), host, port)


@app.command()
def report(
    file: Annotated[Path, typer.Option(help="JSON Lines with the column `content`.")],
    as_json: JsonOption = False,
) -> None:
    """Transform each row of a file, confirm what was accepted, and say why the rest was not."""
    settings = Settings.load()
    started = time.monotonic()
    sandbox = partial(
        DockerSandbox.open,
        settings.sandbox_image,
        workers=settings.sandbox_workers,
        runtime=settings.sandbox_runtime,
        labels={"codeio.part": "transform"},
    )

    def progress(done: int) -> None:
        say(f"{time.monotonic() - started:5.0f} s  {done} files")

    rows = JsonlReader(file, licence="").files(max_bytes=settings.max_file_bytes)
    with sandbox(hash_seed=0) as first:
        with sandbox(hash_seed=1) as confirm:
            programs, reasons = transform_rows(
                rows, sandbox=first, confirm=confirm, progress=progress
            )
        with sandbox(hash_seed=2) as fresh:
            contradicted = count_contradicted(programs, sandbox=first, fresh=fresh)
    found = TransformReport(
        files=len(programs) + reasons.total(),
        accepted=len(programs),
        reasons=dict(reasons.most_common()),
        contradicted=contradicted,
        wall_s=round(time.monotonic() - started, 1),
    )
    _print(found, as_json=as_json)


def _print(found: TransformReport, *, as_json: bool) -> None:
    if as_json:
        print_json({"teacher": "offline", "share": found.share, **asdict(found)})
        return
    print(f"{found.accepted} of {found.files} files accepted ({found.share:.1%})")
    for reason, count in found.reasons.items():
        print(f"  {count:5}  {reason}")
    print(f"{found.contradicted} contradicted by a second run; {found.wall_s:.0f} s")


if __name__ == "__main__":
    run_application(app, "offline_teacher")
