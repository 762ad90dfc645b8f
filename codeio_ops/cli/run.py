"""`codeio run` and `codeio funnel`: start the pipeline, watch it, and see what came out."""

from dataclasses import asdict, dataclass
from typing import Annotated
from uuid import UUID

import typer

from codeio_ops.cli.board import read_stages
from codeio_ops.cli.clients import load_settings, open_store
from codeio_ops.cli.follow import follow_active, print_made, run_road, stop_runs
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text, say
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
    attach: Annotated[
        bool, typer.Option("--attach", help="Start nothing, and follow what goes on.")
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop what goes on; what was done is kept.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the pipeline now, from the sources to a release.

    It publishes a release by each recipe of CODEIO_RECIPES_NIGHTLY, and ends with a line for each.
    """
    if stop:
        stopped = stop_runs()
        print_json({"stopped": stopped}) if as_json else print_text(_stopped(stopped))
        return
    if not attach:
        say(f"releases by: {', '.join(load_settings().recipes_nightly)}")
    done = follow_active() if attach else run_road(wait=follow)
    if as_json:
        made = [asdict(each) for each in done.made]
        released = {"release": made[0] if made else None, "releases": made}
        print_json({**_funnel_json(), "run_id": done.run_id, **released})
        return
    funnel()
    print_made(done.made)


def _stopped(runs: list[str]) -> str:
    return "\n".join(f"stopped {run}" for run in runs) or "nothing was running"


def funnel(as_json: JsonOption = False) -> None:
    """Show how many rows passed each stage, what was dropped and why, and the verdicts."""
    if as_json:
        print_json(_funnel_json())
        return
    store = open_store()
    print_rows("Funnel", read_stages(store), as_json=False)
    print_rows("Drop reasons", store.fetch("funnel.drops", DropLine), as_json=False)
    print_rows("Verdicts", store.fetch("funnel.verdict_shares", VerdictLine), as_json=False)


def _funnel_json() -> dict[str, object]:
    store = open_store()
    names = ("drops", "verdict_shares")
    shares = {name: store.fetch_json(f"funnel.{name}") for name in names}
    return {"all": [asdict(line) for line in read_stages(store)], **shares}


def a_sample(store: Store, release_id: UUID) -> UUID | None:
    """Return the id of some sample of a release, to show what can be asked of it."""
    found: UUID | None = store.value("funnel.some_sample", release_id=release_id)
    return found
