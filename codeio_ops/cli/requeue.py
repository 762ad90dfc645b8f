"""`codeio requeue STAGE REASON`: let a stage try again what it dropped."""

from difflib import get_close_matches
from typing import Annotated

import typer

from codeio_ops.cli.clients import open_store
from codeio_ops.cli.output import JsonOption, print_json, print_text
from codeio_ops.errors import SettingsError
from codeio_ops.ingest.sources import named_source
from codeio_ops.pipeline import STAGES
from codeio_ops.reasons import DropReason, drop_reason_of
from codeio_ops.storage.requeue import requeue as take_back

_STAGES = tuple(dict.fromkeys(stage.run_as for stage in STAGES.values()))


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(requeue)


def requeue(
    stage: Annotated[str, typer.Argument(help=f"The stage that dropped: {', '.join(_STAGES)}.")],
    reason: Annotated[
        str, typer.Argument(help="Why, as `codeio funnel` names it; `refused` is every refusal.")
    ],
    source: Annotated[
        str, typer.Option(metavar="KIND:LOCATOR", help="Only what was made of this source.")
    ] = "",
    dry_run: Annotated[bool, typer.Option(help="Only count.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Let a stage try again what it dropped for a reason, in the next run.

    Teachers that were paid are not paid again for the same request. Copies of a file that is
    kept stay out, and so does what a benchmark in use leaks into.
    """
    _check(stage, reason)
    store = open_store()
    source_id = named_source(store, source).source_id if source else None
    rows = take_back(store, stage=stage, reason=reason, source_id=source_id, dry_run=dry_run)
    if as_json:
        print_json({"stage": stage, "reason": reason, "rows": rows, "dry_run": dry_run})
    else:
        print_text(f"{rows} rows {'would wait' if dry_run else 'wait'} for {stage} again")


def _check(stage: str, reason: str) -> None:
    if stage not in _STAGES:
        raise SettingsError(f"no stage {stage!r}", cure=f"stages are {', '.join(_STAGES)}")
    try:
        drop_reason_of(reason)
    except ValueError as exc:
        near = get_close_matches(reason, list(DropReason), n=1)
        hint = f": did you mean {near[0]}?" if near else ""
        raise SettingsError(
            f"no row is dropped for {reason!r}{hint}", cure="see the reasons in `codeio funnel`"
        ) from exc
