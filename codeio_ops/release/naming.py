"""Names of releases: each is for the answers of one selection of teachers, by one recipe.

A name goes on with the recipe of its versions: that of the last published one, or of one after
it that is not rejected. Another recipe takes a name only when a person says so. A shipped recipe
may go on with its own name whatever it became in a new version of this software.
"""

from codeio_ops.errors import NameTaken
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.release.recipe import Recipe, load_recipe, shipped_names
from codeio_ops.release.teachers import TeacherShare, possible_names, releasable, selection_of
from codeio_ops.storage.engine import Transaction


def name_for(recipe: Recipe, teachers: list[TeacherShare], transaction: Transaction) -> str:
    """Return the first name under which nothing but this selection of teachers was released."""
    selection = selection_of(teachers)
    names = possible_names(recipe.name, teachers)
    for name in names:
        earlier = transaction.pairs("release.makers_of_name", name=name)
        if all(
            selection_of(each) == selection and recipe.name in (name, named)
            for each, named in earlier
        ):
            return name
    return names[-1]


def require_own_name(recipe: Recipe, name: str, transaction: Transaction) -> None:
    """Refuse a recipe that would go on with the name of another.

    Raises:
        NameTaken: the versions of `name`, or those of the recipe's name by other teachers, were
            made by a recipe of other fields, or a shipped one has that name.
    """
    shipped = _shipped(recipe.name)
    if recipe.deciding == shipped:
        return
    having = _in_use(name, transaction) or _in_use(recipe.name, transaction)
    if not having and shipped:
        having = [shipped]
    if having and recipe.deciding not in having:
        raise NameTaken(
            f"{name} is made by another recipe: {_difference(having[0], recipe.deciding)}"
        )


def _in_use(name: str, transaction: Transaction) -> list[dict[str, Json]]:
    recipes = transaction.column("release.recipes_in_use", name=name)
    return [releasable(Recipe.model_validate(each), transaction).deciding for each in recipes]


def _shipped(name: str) -> dict[str, Json] | None:
    return load_recipe(name).deciding if name in shipped_names() else None


def _difference(old: dict[str, Json], new: dict[str, Json]) -> str:
    there, here = Recipe.model_validate(old), Recipe.model_validate(new)
    fields = [name for name in Recipe.model_fields if old.get(name) != new.get(name)]
    return ", ".join(
        f"{name} {compact(getattr(there, name))} there, {compact(getattr(here, name))} here"
        for name in fields
    )
