"""Names of releases: each is for the answers of one selection of teachers, by one recipe.

A name goes on with the recipe of its versions: that of the last published one, or of one after
it that is not rejected. Another recipe takes a name only when a person says so. A shipped recipe
may go on with its own name whatever it became in a new version of this software.
"""

from itertools import chain

from codeio_ops.errors import NameTaken
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.release.recipe import Recipe, load_recipe, shipped_names
from codeio_ops.release.teachers import TeacherShare, possible_names, releasable, selection_of
from codeio_ops.storage.engine import Store, Transaction


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
    if others := _others(recipe, name, transaction):
        raise _taken(name, others[0], recipe)


def require_possible_name(recipe: Recipe, store: Store) -> None:
    """Refuse, before anything is assembled, a recipe that no name of its own can go on with.

    Whose answers it takes decides about the name, and is known to the assembly alone.

    Raises:
        NameTaken: every name that it could have was made by a recipe of other fields.
    """
    with store.transaction() as transaction:
        recipe = releasable(recipe, transaction)
        names = [recipe.name, *transaction.column("release.names_by_recipe", name=recipe.name)]
        others = [_others(recipe, name, transaction) for name in names]
    same = (_but_teachers(other) == _but_teachers(recipe.deciding) for other in chain(*others))
    if all(others) and not any(same):
        raise _taken(recipe.name, others[0][0], recipe)


def _others(recipe: Recipe, name: str, transaction: Transaction) -> list[dict[str, Json]]:
    """Return the recipes that have a name, of which this is none; none where it may take it."""
    shipped = _shipped(recipe.name)
    if recipe.deciding == shipped:
        return []
    having = _in_use(name, transaction) or _in_use(recipe.name, transaction)
    if not having and shipped:
        having = [shipped]
    return [] if recipe.deciding in having else having


def _but_teachers(deciding: dict[str, Json]) -> dict[str, Json]:
    return {field: value for field, value in deciding.items() if field != "teachers"}


def _taken(name: str, other: dict[str, Json], recipe: Recipe) -> NameTaken:
    difference = _difference(other, recipe.deciding)
    return NameTaken(f"{name} is made by another recipe: {difference}")


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
