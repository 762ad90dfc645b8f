"""`codeio lineage ID`: every step from a released sample back to its source."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import typer

from codeio_ops.cli.clients import open_store
from codeio_ops.cli.output import JsonOption, print_json, print_rows
from codeio_ops.errors import SampleMissing
from codeio_ops.jsonvalue import Json


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(lineage)


def lineage(
    sample_id: Annotated[UUID, typer.Argument(help="Id of a sample, as in the release.")],
    as_json: JsonOption = False,
) -> None:
    """Show every step from the source to the releases of a sample."""
    steps = open_store().fetch_json("funnel.lineage", sample_id=sample_id)
    if not steps:
        raise SampleMissing(f"no sample {sample_id}")
    if as_json:
        print_json(steps)
        return
    print_rows(
        f"Lineage of sample {sample_id}", [_step_line(step) for step in steps], as_json=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of a lineage as it is listed."""

    step: str
    what: str
    run: str
    by: str


def _step_line(step: Json) -> StepLine:
    assert isinstance(step, dict)
    index = f"[{step['map_index']}]" if step["map_index"] != -1 else ""
    by = (step["model"], step["template_sha256"], step["sandbox_image_digest"])
    return StepLine(
        step=str(step["kind"]),
        what=f"{step['detail']}\n{step['id']}",
        run=f"{step['dag_id']} / {step['task_id']}{index}\n{step['run_id']}",
        by="\n".join(str(item)[:19] for item in by if item),
    )
