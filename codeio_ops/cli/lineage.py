"""`codeio lineage ID`: every step from a released sample back to its source."""

from typing import Annotated
from uuid import UUID

import typer

from codeio_ops.cli.output import JsonOption, print_json


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(lineage)


def lineage(
    sample_id: Annotated[UUID, typer.Argument(help="Id of a sample, as in the release.")],
    as_json: JsonOption = False,
) -> None:
    """Show every step from the source to the releases of a sample."""
    from codeio_ops.cli.clients import open_store
    from codeio_ops.errors import SampleMissing

    steps = open_store().fetch_json("funnel.lineage", sample_id=sample_id)
    if not steps:
        raise SampleMissing(
            f"no sample {sample_id}", cure="take the sample_id of a row of a release"
        )
    if as_json:
        print_json(steps)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Lineage of sample {sample_id}", title_justify="left")
    for column in ("step", "what", "run", "by"):
        table.add_column(column, overflow="fold")
    for step in steps:
        assert isinstance(step, dict)
        run = f"{step['dag_id']} / {step['task_id']}[{step['map_index']}] / {step['run_id']}"
        by = [step["model"], step["template_sha256"], step["sandbox_image_digest"]]
        table.add_row(
            str(step["kind"]),
            f"{step['detail']}\n{step['id']}",
            run,
            "\n".join(str(item)[:19] for item in by if item),
        )
    Console().print(table)
