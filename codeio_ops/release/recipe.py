"""Recipes: what a release selects from the facts, and how a conversation becomes training text."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from codeio_ops.errors import SettingsError
from codeio_ops.jsonvalue import Json


class Recipe(BaseModel):
    """Settings of a release; its name is the name of the dataset.

    Attributes:
        name: Name of the release.
        turns: 1 trains on the first answer (CODE I/O); 2 on answer, feedback, revision and
            feedback, joined (CODE I/O++). Wrong answers are kept in both.
        separator: Text between the joined parts.
        validation_percent: Share of programs, in percent, whose samples are validation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="codeio_pp", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    turns: Literal[1, 2] = 2
    separator: str = "\n\n"
    validation_percent: int = Field(default=5, ge=0, le=50)


def parse_recipe(values: Mapping[str, Json]) -> Recipe:
    """Read a recipe from outside, such as the parameters of a run.

    Raises:
        SettingsError: a setting is unknown or out of range.
    """
    try:
        return Recipe.model_validate(values)
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"the recipe is not valid: {place}: {first['msg']}") from exc
