"""`codeio release recipes | make | takedown`: make versions of the dataset."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from codeio_ops.cli.clients import open_store, shell_writer, stack_state
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text
from codeio_ops.cli.release_lookup import find
from codeio_ops.cli.run import Follower
from codeio_ops.jsonvalue import Json
from codeio_ops.release.recipe import load_recipe, shipped_names
from codeio_ops.release.takedown import Kind, Reach, reach_of, take_down

WaitOption = Annotated[bool, typer.Option(help="Wait for the gates and the publication.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeLine:
    """A shipped recipe."""

    name: str
    description: str


def register(release: typer.Typer) -> None:
    """Add the commands of this module to `codeio release`."""
    for command in (recipes, make, takedown):
        release.command()(command)


def recipes(as_json: JsonOption = False) -> None:
    """List the shipped recipes; a file of one's own has the same fields."""
    found = [load_recipe(name) for name in shipped_names()]
    rows = [RecipeLine(name=item.name, description=item.description) for item in found]
    print_rows("Recipes", rows, as_json=as_json)


def make(
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or a .yaml file.")],
    wait: WaitOption = True,
    as_json: JsonOption = False,
) -> None:
    """Release what a recipe selects: assemble it, judge it by every gate, publish it.

    No teacher is called: every recipe reads the facts there are.
    """
    found = load_recipe(recipe)
    run_id = _release(found.model_dump(mode="json"), wait=wait)
    made: dict[str, object] = {"name": found.name, "run_id": run_id}
    if wait:
        published = find(found.name, 0)
        made |= {"version": published.version, "uri": published.uri}
    if as_json:
        print_json(made)
    else:
        print_text("\n".join(f"{key}: {value}" for key, value in made.items()))


def takedown(
    repository: Annotated[str, typer.Option(help="Locator of a source, or OWNER/NAME.")] = "",
    path: Annotated[str, typer.Option(help="Path in a source, or a directory of it.")] = "",
    author: Annotated[str, typer.Option(help="Name or address of an author.")] = "",
    licence: Annotated[str, typer.Option(help="SPDX id of a licence.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it is kept with the takedown.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Only say what it would reach.")] = False,
    wait: WaitOption = True,
    as_json: JsonOption = False,
) -> None:
    """Take files down: list the releases that hold them, and make versions without them.

    Later releases stay without them. Published versions are not touched.
    """
    named: dict[Kind, str] = {
        "repository": repository, "path": path, "author": author, "licence": licence,
    }  # fmt: skip
    given = [(kind, value) for kind, value in named.items() if value]
    if len(given) != 1 or not (reason or dry_run):
        raise typer.BadParameter(
            "give one of --repository, --path, --author, --licence, and a --reason"
        )
    (kind, value), store = given[0], open_store()
    if dry_run:
        _print_takedown(reach_of(kind, value, store=store), [], (), as_json=as_json)
        return
    writer = shell_writer("takedown", "release takedown")
    done = take_down(kind, value, reason=reason, store=store, writer=writer)
    runs: list[dict[str, object]] = [
        {
            "name": candidate.name,
            "version": candidate.version,
            "samples": candidate.samples,
            "run_id": _release(
                candidate.recipe, [each["id"] for each in candidate.teachers], wait=wait
            ),
        }
        for candidate in done.candidates
    ]
    _print_takedown(done.reach, runs, done.emptied, as_json=as_json)


def _print_takedown(
    reach: Reach,
    made: list[dict[str, object]],
    emptied: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json({**asdict(reach), "made": made, "emptied": emptied})
        return
    print(f"files: {reach.raw_files}, samples: {reach.samples}")
    print(f"files of unknown author: {reach.authorless_files}")
    print_rows("Affected releases", reach.releases, as_json=False)
    for item in made:
        print(
            f"next: {item['name']} v{item['version']}, {item['samples']} samples, {item['run_id']}"
        )
    for name in emptied:
        print_text(f"nothing is left of {name}")


def _release(recipe: Json, current: Sequence[str] = (), *, wait: bool) -> str:
    """Run the DAG that releases, in the embedded Airflow; return the id of its run."""
    # An Airflow of one's own has no client of the embedded one; the other commands work with it.
    from codeio_ops.local import pipeline
    from codeio_ops.local.health import open_api

    with open_api(stack_state()) as api:
        run_id = pipeline.start_release(api, recipe, current)
        if wait:
            with Follower(open_store()) as follower:
                pipeline.follow_release(api, run_id, show=follower.show)
    return run_id
