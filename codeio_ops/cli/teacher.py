"""`codeio teacher ...`: try the teacher in use, see what a stage will cost, serve a teacher."""

from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from codeio_ops.asking.estimate import describe, estimate
from codeio_ops.cli import clients
from codeio_ops.cli.output import (
    JsonOption,
    become_offline_teacher,
    print_json,
    print_rows,
    print_text,
    say,
)
from codeio_ops.pipeline import STAGES, Stage, stages_asking
from codeio_ops.storage.shards import whole_range

if TYPE_CHECKING:
    from codeio_ops.comparison import Score

teacher = typer.Typer(help="Teachers: the embedded one, and models.", no_args_is_help=True)


def _asking(name: str) -> Stage:
    if name not in stages_asking():
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(stages_asking())}")
    return STAGES[name]


StageArgument = Annotated[
    Stage,
    typer.Argument(
        parser=_asking,
        metavar="|".join(stages_asking()),
        help="Stage whose waiting requests are shown.",
    ),
]
PortOption = Annotated[int, typer.Option(help="TCP port to listen on.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(teacher, name="teacher")


@teacher.command()
def check(as_json: JsonOption = False) -> None:
    """Send one request of each kind; print latency, tokens, cost and what the parser says."""
    from codeio_ops.asking.probe import check_teacher
    from codeio_ops.teacher.client import Teacher
    from codeio_ops.teacher.endpoint import Endpoint

    settings = clients.load_settings()
    endpoint = Endpoint.chosen(settings)
    calls = list(check_teacher(Teacher.open(settings)))
    print_rows(f"{endpoint.model} at {endpoint.base_url}", calls, as_json=as_json)
    if any(call.completion_tokens and not call.cost_usd for call in calls):
        say("No price is known: set CODEIO_PRICE_INPUT_USD and CODEIO_PRICE_OUTPUT_USD.")
    if not all(call.usable for call in calls):
        raise typer.Exit(1)


@teacher.command()
def preview(
    stage: StageArgument,
    prompts: Annotated[int, typer.Option(min=0, help="Prompts to show in full.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Print what a stage would send, its tokens and its cost; nothing is sent."""
    work = clients.shell_work(stage.name, "teacher preview")
    found = estimate(stage.sizes_of([whole_range()], work), work)
    first = [request.messages for request in islice(stage.waiting_requests(work), prompts)]
    if as_json:
        print_json({**asdict(found), "preview": [list(map(asdict, each)) for each in first]})
        return
    for number, messages in enumerate(first, start=1):
        for message in messages:
            print_text(f"--- request {number}, {message.role} ---\n\n{message.content}\n")
    print_text(describe(found))


@teacher.command()
def compare(as_json: JsonOption = False) -> None:
    """Show how often each teacher is right, alone and beside each other on the same prompts."""
    from codeio_ops.comparison import compare_teachers

    found = compare_teachers(clients.open_store())
    if as_json:
        print_json(asdict(found))
        return
    for pair in found.pairs:
        title = f"{pair[0].teacher} and {pair[1].teacher}, on the same prompts"
        print_rows(title, [_side(score) for score in pair], as_json=False)
    print_rows("Each alone", [_side(score) for score in found.alone], as_json=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A teacher as it is listed beside another."""

    predicted: str
    teacher: str
    prompts: int
    right_at_first: str
    after_revision: str
    only_this_one: int
    tokens_in: int
    tokens_out: int
    dollars: str
    dollars_a_right_answer: str


def _side(score: "Score") -> Side:
    return Side(
        predicted=score.direction,
        teacher=score.teacher,
        prompts=score.prompts,
        right_at_first=f"{score.right_at_first} ({score.right_at_first / score.prompts:.1%})",
        after_revision=f"{score.right_in_the_end} ({score.right_in_the_end / score.prompts:.1%})",
        only_this_one=score.only_right,
        tokens_in=score.prompt_tokens,
        tokens_out=score.completion_tokens,
        dollars=_dollars(score.cost_usd),
        dollars_a_right_answer=_dollars(score.cost_per_right_usd)
        if score.right_in_the_end
        else "-",
    )


def _dollars(amount: float | None) -> str:
    return "no price" if amount is None else f"{amount:.4g}"


@teacher.command()
def serve(
    port: PortOption,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve the offline teacher until the process is stopped."""
    become_offline_teacher("serve", "--host", host, "--port", str(port))


@teacher.command()
def local(
    port: PortOption = 0,
    context_tokens: Annotated[int, typer.Option(help="Prompt and reply, in tokens.")] = 8192,
    threads: Annotated[int, typer.Option(help="Compute threads.")] = 1,
) -> None:
    """Serve the GGUF model of CODEIO_LOCAL_MODEL_PATH until the process is stopped."""
    from codeio_ops.teacher.local import serve_model

    settings = clients.load_settings()
    serve_model(
        settings.local_model_path,
        settings.local_model_sha256,
        port=port,
        context_tokens=context_tokens,
        threads=threads,
        say=say,
    )
