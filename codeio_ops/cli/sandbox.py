"""`codeio sandbox image | run | replay | attack`: the sandbox by hand."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from codeio_ops.cli.clients import load_settings, shell_writer
from codeio_ops.cli.output import JsonOption, print_text, say
from codeio_ops.jsonvalue import Json, parse
from codeio_ops.sample.replay import read_programs
from codeio_ops.sample.replay import replay as run_again
from codeio_ops.sandbox.address import EngineAddress
from codeio_ops.sandbox.approval import record_outcomes
from codeio_ops.sandbox.attack import SUITE, Outcome, load_attacks
from codeio_ops.sandbox.attack import attack as run_attacks
from codeio_ops.sandbox.base import Limits, Program
from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.unified_form import ENTRY_POINT

sandbox = typer.Typer(help="The sandbox that runs programs.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
WorkersOption = Annotated[int, typer.Option(min=0, help="Containers; 0 is the setting.")]
MemoryOption = Annotated[int, typer.Option(min=64, help="Memory of each container in MiB.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(sandbox, name="sandbox")


@sandbox.command()
def image(as_json: JsonOption = False) -> None:
    """Build the sandbox image unless it is there and up to date."""
    ensure_engine(say)
    name = load_settings().sandbox_image
    digest = ensure_image(name, say)
    _print({"image": name, "image_digest": digest}, f"{name} {digest}", as_json=as_json)


@sandbox.command()
def run(
    file: FileArgument,
    entry_point: Annotated[str, typer.Option(help="Function to call.")] = ENTRY_POINT,
    given: Annotated[
        list[str] | None, typer.Option("--input", help="A JSON input; may be repeated.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language; by default that of the suffix.")] = "",
    cpu_s: Annotated[float, typer.Option(min=0.1, help="CPU seconds a call.")] = 5.0,
    seed: Annotated[int, typer.Option(help="Seed of the random numbers.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Run one program; its last line of output is what became of each call."""
    program = Program(
        code=file.read_text(encoding="utf-8"),
        entry_point=entry_point,
        language=language or _language(file),
    )
    inputs = [parse(text) for text in given or ["{}"]]
    with _open(workers=1) as opened:
        results = opened.run(program, inputs, limits=Limits(cpu_s=cpu_s), seed=seed)
    if not as_json:
        for result in results:
            text = f"{result.error_type}: {result.error_message}" if result.error_type else ""
            said = json.dumps(result.value, ensure_ascii=False) if result.verdict == "ok" else text
            print_text(f"{result.verdict}  {said}  ({result.wall_ms:.1f} ms)")
    if as_json:
        print_text(
            json.dumps({"results": [asdict(result) for result in results]}, ensure_ascii=False)
        )


@sandbox.command()
def replay(
    file: FileArgument,
    workers: WorkersOption = 0,
    cpu_s: Annotated[float, typer.Option(min=0.1, help="CPU seconds a call.")] = 5.0,
    verdicts: Annotated[
        Path | None, typer.Option(help="Write the verdict of each pair to this JSONL file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the pairs of a JSONL file again and count what comes out as stored."""
    programs = read_programs(file)
    with _open(workers=workers) as opened:
        report, results = run_again(opened, programs, limits=Limits(cpu_s=cpu_s))
    if verdicts:
        lines = "".join(json.dumps(asdict(result)) + "\n" for result in results)
        verdicts.write_text(lines, encoding="utf-8")
    text = f"{report.matched} of {report.pairs} pairs came out as stored, in {report.wall_s} s"
    _print(asdict(report), text, as_json=as_json)


@sandbox.command()
def attack(
    programs: Annotated[
        Path | None, typer.Option(help="JSONL or YAML of attacks; by default those shipped.")
    ] = None,
    workers: WorkersOption = 0,
    memory_mib: MemoryOption = 1024,
    record: Annotated[
        bool, typer.Option(help="Store the result: the pipeline runs only in an image that held.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run hostile programs; exit code 1 if one is not contained."""
    attacks = load_attacks(programs or SUITE)
    with _open(workers=workers, memory_mib=memory_mib) as opened:
        outcomes = run_attacks(opened, attacks)
        digest = opened.image_digest
    escaped = [outcome for outcome in outcomes if not outcome.contained]
    if record:
        _record(digest, outcomes)
    for outcome in escaped:
        say(f"{outcome.name}: {outcome.complaint or outcome.traces}")
    contained = len(outcomes) - len(escaped)
    names: list[Json] = [outcome.name for outcome in escaped]
    figures: dict[str, Json] = {
        "programs": len(outcomes), "contained": contained, "escaped": names
    }  # fmt: skip
    _print(figures, f"{contained} of {len(outcomes)} contained", as_json=as_json)
    if escaped:
        raise typer.Exit(1)


def _record(digest: str, outcomes: list[Outcome]) -> None:
    record_outcomes(outcomes, image_digest=digest, writer=shell_writer("canary", "sandbox attack"))


def _language(file: Path) -> str:
    return {".js": "javascript", ".mjs": "javascript"}.get(file.suffix, "python")


def _open(*, workers: int = 0, memory_mib: int = 1024) -> "DockerSandbox":
    settings = load_settings()
    return DockerSandbox.open(
        settings.sandbox_image,
        workers=workers or settings.sandbox_workers,
        runtime=settings.sandbox_runtime,
        engine=EngineAddress.of(settings),
        memory_mib=memory_mib,
        labels={"codeio.task": "cli"},
    )


def _print(figures: dict[str, Json], text: str, *, as_json: bool) -> None:
    """Print a line for people unless JSON alone is wanted, and the figures as the last line."""
    if not as_json:
        print_text(text)
    print_text(json.dumps(figures, ensure_ascii=False))
