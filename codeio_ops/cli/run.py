"""`codeio run` and `codeio funnel`: start the pipeline, watch it, and see what came out."""

from dataclasses import asdict, dataclass
from typing import Annotated
from uuid import UUID

import typer

from codeio_ops.cli.clients import open_store, stack_state
from codeio_ops.cli.follow import following, read_stages
from codeio_ops.cli.output import JsonOption, print_json, print_rows
from codeio_ops.storage.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class DropLine:
    """How many rows a stage dropped for a reason."""

    stage: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLine:
    """How many answers got a verdict."""

    direction: str
    turn: int
    verdict: str
    rows: int


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(funnel)


def run(
    follow: Annotated[bool, typer.Option(help="Wait for the end and show the progress.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Run the pipeline now, from the sources to a release."""
    run_pipeline(follow=follow)
    funnel(as_json=as_json)


def funnel(as_json: JsonOption = False) -> None:
    """Show how many rows passed each stage, what was dropped and why, and the verdicts."""
    store = open_store()
    if as_json:
        names = ("drops", "verdict_shares")
        shares = {name: store.fetch_json(f"funnel.{name}") for name in names}
        print_json({"all": [asdict(line) for line in read_stages(store)], **shares})
        return
    print_rows("Funnel", read_stages(store), as_json=False)
    print_rows("Drop reasons", store.fetch("funnel.drops", DropLine), as_json=False)
    print_rows("Verdicts", store.fetch("funnel.verdict_shares", VerdictLine), as_json=False)


def run_pipeline(*, follow: bool) -> None:
    """Trigger the pipeline in the embedded Airflow, and follow it to its end.

    Raises:
        PipelineFailed: a run failed.
        StackError: Airflow does not answer.
    """
    # An Airflow of one's own has no client of the embedded one; `funnel` works with it.
    from codeio_ops.local import pipeline
    from codeio_ops.local.health import open_api

    with open_api(stack_state()) as api:
        run_id = pipeline.start(api)
        if follow:
            with following(open_store()) as show:
                pipeline.follow(api, run_id, show=show)


def a_sample(store: Store, release_id: UUID) -> UUID | None:
    """Return the id of some sample of a release, to show what can be asked of it."""
    found: UUID | None = store.value("funnel.some_sample", release_id=release_id)
    return found
