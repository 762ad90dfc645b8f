"""`codeio release recipes | make | takedown`: make versions of the dataset."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from codeio_ops.cli.clients import open_store, shell_writer
from codeio_ops.cli.follow import RELEASES, Ran, print_made, run_road
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text
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
    new_recipe: Annotated[
        bool,
        typer.Option("--new-recipe", help="Go on with a name that another recipe had so far."),
    ] = False,
    wait: WaitOption = True,
    as_json: JsonOption = False,
) -> None:
    """Release what a recipe selects: assemble it, judge it by every gate, publish it.

    No teacher is called: every recipe reads the facts there are. A name belongs to the recipe
    that its versions were made by.
    """
    found = load_recipe(recipe)
    done = _release(found.model_dump(mode="json"), wait=wait, new_recipe=new_recipe)
    if as_json:
        made = asdict(done.made[0]) if done.made else {}
        print_json({"name": found.name, "run_id": done.run_id, **made})
    elif done.made:
        print_made(done.made)
    else:
        print_text(f"run: {done.run_id}")


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
            ).run_id,
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


def _release(
    recipe: Json, current: Sequence[str] = (), *, wait: bool, new_recipe: bool = False
) -> Ran:
    """Run the DAG that releases, in the embedded Airflow.

    Args:
        recipe: Its fields.
        current: Ids of the teachers that `current` means in it; empty is the one in use.
        wait: Whether to follow it to its end.
        new_recipe: Whether it may take the name of another.
    """
    conf: dict[str, Json] = {
        "recipe": recipe, "current": list(current), "new_recipe": new_recipe,
    }  # fmt: skip
    return run_road(conf, first=RELEASES, wait=wait)
