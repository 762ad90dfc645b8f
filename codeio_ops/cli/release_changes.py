"""`codeio release recipes | make`: make versions of the dataset."""

from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from codeio_ops.cli.clients import open_store
from codeio_ops.cli.follow import RELEASES, print_made, run_road
from codeio_ops.cli.output import JsonOption, print_json, print_rows, print_text
from codeio_ops.jsonvalue import Json
from codeio_ops.release.naming import require_possible_name
from codeio_ops.release.recipe import load_recipe, shipped_names

WaitOption = Annotated[bool, typer.Option(help="Wait for the gates and the publication.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeLine:
    """A shipped recipe."""

    name: str
    description: str


def register(release: typer.Typer) -> None:
    """Add the commands of this module to `codeio release`."""
    for command in (recipes, make):
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
    if not new_recipe:
        require_possible_name(found, open_store())
    conf: dict[str, Json] = {
        "recipe": found.model_dump(mode="json"), "current": [], "new_recipe": new_recipe,
    }  # fmt: skip
    done = run_road(conf, first=RELEASES, wait=wait)
    if as_json:
        made = asdict(done.made[0]) if done.made else {}
        print_json({"name": found.name, "run_id": done.run_id, **made})
    elif done.made:
        print_made(done.made)
    else:
        print_text(f"run: {done.run_id}")
