"""`codeio teacher ...`: try the teacher in use, see what a stage will cost, serve a teacher."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text, say

if TYPE_CHECKING:
    from codeio_ops.asking.estimate import Estimate

teacher = typer.Typer(help="Teachers: the embedded one, and models.", no_args_is_help=True)

PortOption = Annotated[int, typer.Option(help="TCP port to listen on.")]


class Stage(StrEnum):
    """Stages that ask a teacher."""

    TRANSFORM = "transform"
    ANSWER = "answer"
    REVISE = "revise"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(teacher, name="teacher")


@teacher.command()
def check(as_json: JsonOption = False) -> None:
    """Send one request of each kind; print latency, tokens, cost and what the parser says."""
    from codeio_ops.cli.clients import load_settings
    from codeio_ops.teacher.client import Teacher
    from codeio_ops.teacher.endpoint import Endpoint
    from codeio_ops.teacher.probe import check_teacher

    settings = load_settings()
    endpoint = Endpoint.chosen(settings)
    calls = list(check_teacher(Teacher.open(settings)))
    print_rows(f"{endpoint.model} at {endpoint.base_url}", calls, as_json=as_json)
    if any(call.completion_tokens and not call.cost_usd for call in calls):
        say("No price is known: set CODEIO_PRICE_INPUT_USD and CODEIO_PRICE_OUTPUT_USD.")
    if not all(call.usable for call in calls):
        raise typer.Exit(1)


@teacher.command()
def preview(
    stage: Annotated[Stage, typer.Argument(help="Stage whose waiting requests are shown.")],
    prompts: Annotated[int, typer.Option(min=0, help="Prompts to show in full.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Print what a stage would send, its tokens and its cost; nothing is sent."""
    from dataclasses import asdict

    from codeio_ops.asking.estimate import estimate
    from codeio_ops.asking.waiting import waiting_requests
    from codeio_ops.cli.clients import load_settings, open_objects, open_store
    from codeio_ops.storage.blobs import BlobStore

    settings, store = load_settings(), open_store()
    blobs = BlobStore(open_objects())
    requests = waiting_requests(stage.value, store=store, blobs=blobs, settings=settings)
    found = estimate(stage.value, requests, store=store, settings=settings, previewed=prompts)
    if as_json:
        print_json(asdict(found))
        return
    for number, messages in enumerate(found.preview, start=1):
        for message in messages:
            print_text(f"--- request {number}, {message.role} ---\n\n{message.content}\n")
    print(_summary(found))


def _summary(found: "Estimate") -> str:
    if not found.requests:
        return f"Nothing waits for the stage {found.purpose}."
    about = "about" if found.expectation == "history" else "at most"
    why = "as earlier replies were" if found.expectation == "history" else "CODEIO_MAX_TOKENS each"
    cost = f"{about} ${float(found.cost_usd):,.4f}" if found.cost_usd else "at an unknown price"
    return (
        f"{found.requests:,} requests to {found.model}: about {found.prompt_tokens:,} tokens to "
        f"read, {about} {found.completion_tokens:,} to write ({why}), {cost}"
    )


@teacher.command()
def serve(
    port: PortOption,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve the offline teacher until the process is stopped."""
    from codeio_ops.config import Settings
    from offline_teacher.server import serve as run

    run(Settings.load(), host, port)


@teacher.command()
def local(
    port: PortOption = 0,
    context_tokens: Annotated[int, typer.Option(help="Prompt and reply, in tokens.")] = 8192,
    threads: Annotated[int, typer.Option(help="Compute threads.")] = 1,
) -> None:
    """Serve the GGUF model of CODEIO_LOCAL_MODEL_PATH until the process is stopped."""
    from codeio_ops.cli.clients import load_settings
    from codeio_ops.teacher.local import serve_model

    settings = load_settings()
    serve_model(
        settings.local_model_path,
        settings.local_model_sha256,
        port=port,
        context_tokens=context_tokens,
        threads=threads,
        say=say,
    )
