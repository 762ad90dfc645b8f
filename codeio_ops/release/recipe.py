"""Recipes: what a release selects from the facts, and how a conversation becomes training text.

A recipe is YAML. Those of the paper are shipped in `recipes/`; a file of one's own has the
same fields. All of them read the same facts, so none of them calls a teacher.
"""

from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from codeio_ops.errors import SettingsError
from codeio_ops.ingest.licence import spdx_id
from codeio_ops.jsonvalue import Json
from codeio_ops.release.faults import faults_of, meant
from codeio_ops.unified_form import Direction

CURRENT, ANY = "current", "any"
# One word, or a list of words.
Words = str | tuple[str, ...]

_SHIPPED = resources.files(__package__).joinpath("recipes")


class Recipe(BaseModel):
    """Settings of a release; its name is the name of the dataset.

    Attributes:
        name: Name of the release.
        description: What it is for, in a sentence; it stands on the card.
        turns: 1 trains on the first answer (CODE I/O); 2 on answer, feedback, revision and
            feedback, joined (CODE I/O++).
        separator: Text between the joined parts.
        directions: What the questions ask for.
        share: Share of the questions that is taken, by a hash of each.
        questions: Questions taken of each program at most; all when it is absent. The paper
            asks six: three pairs, both directions.
        wrong: What becomes of a conversation that ends in a wrong answer: `keep` it as the
            paper does, `drop` it, or `replace` the answer by the true value.
        reference_code: Whether the program stands in the prompt.
        order: Order of the rows in the files: by `id`, or `curriculum`, from short code and
            short answers to long ones.
        validation_percent: Share of programs, in percent, whose samples are validation.
        teachers: Whose answers are taken: `current`, the teacher that settings or run name; `any`;
            or kinds, models, names or ids, one or a list.
        transformed_by: Whose programs are asked about, in the same words: of the programs of a
            file, the latest by them.
        sources: Sources whose files are taken, as locator or `kind:locator`; empty is all.
        repositories: Repositories whose files are taken; empty is all.
        licences: SPDX ids of the licences whose files are taken; empty is all.
        languages: Languages of the programs that are taken; empty is all.
        since: First night (`YYYY-MM-DD`) of the files that are taken; empty is all.
        files: `present` takes files as their sources show them now; `ever` also what was edited,
            renamed, deleted or removed since.

    Source: arXiv 2502.07316, sections 2.4, 4.2 and 4.3.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="codeio_pp", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    description: str = ""
    turns: Literal[1, 2] = 2
    separator: str = "\n\n"
    directions: tuple[Direction, ...] = Field(default=("input", "output"), min_length=1)
    share: float = Field(default=1.0, gt=0, le=1)
    questions: int | None = Field(default=None, ge=1)
    wrong: Literal["keep", "drop", "replace"] = "keep"
    reference_code: bool = True
    order: Literal["id", "curriculum"] = "id"
    validation_percent: int = Field(default=5, ge=0, le=50)
    teachers: Words = CURRENT
    transformed_by: Words = ANY
    sources: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    files: Literal["present", "ever"] = "present"

    @field_validator("since", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        """Take a day that YAML has read as one."""
        return value.isoformat() if type(value) is date else value

    @field_validator("licences")
    @classmethod
    def _canonical(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        """Take licences in the form in which those of files are stored."""
        return tuple(spdx_id(value) or value for value in values)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.wrong == "replace" and self.turns == 2:
            raise ValueError("wrong: replace needs turns: 1, as the true value has no revision")
        return self

    @model_serializer(mode="wrap")
    def _without_later_defaults(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what was not a field yet when the first releases were hashed, if not set."""
        values: dict[str, object] = dump(self)
        return {
            name: value
            for name, value in values.items()
            if name not in _LATER_FIELDS or getattr(self, name) != _default_of(name)
        }

    @property
    def content(self) -> dict[str, Json]:
        """What of it is content of a release; whom `teachers` meant, its rows say."""
        return self.model_dump(mode="json", exclude={"teachers"})

    @property
    def deciding(self) -> dict[str, Json]:
        """What of it decides which rows a release has, and what they say."""
        return self.model_dump(mode="json", exclude={"description"})


_LATER_FIELDS = frozenset(
    {"teachers", "transformed_by", "sources", "repositories", "licences", "languages", "since"}
    | {"files"}
)


def _default_of(name: str) -> object:
    return Recipe.model_fields[name].default


def shipped_names() -> list[str]:
    """Return the names of the shipped recipes, sorted."""
    return sorted(item.name.removesuffix(".yaml") for item in _SHIPPED.iterdir())


def load_recipe(name_or_path: str) -> Recipe:
    """Read a shipped recipe by its name, or a recipe file by its path (`.yaml` or `.yml`).

    Raises:
        SettingsError: there is no such recipe, or it is not valid.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        return _parse_yaml(_read(Path(name_or_path)), origin=name_or_path)
    if name_or_path not in shipped_names():
        raise SettingsError(
            f"there is no recipe {name_or_path!r}{meant(name_or_path, shipped_names())}",
            cure=f"use one of {', '.join(shipped_names())}, or the path of a .yaml file",
        )
    content = _SHIPPED.joinpath(f"{name_or_path}.yaml").read_text("utf-8")
    return _parse_yaml(content, origin=name_or_path)


def parse_recipe(value: Json) -> Recipe:
    """Read a recipe from outside, such as the parameter of a run: a name, or its fields.

    Raises:
        SettingsError: there is no such recipe, or a field is unknown or out of range.
    """
    return load_recipe(value) if isinstance(value, str) else _validated(value, origin="given")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(
            f"the recipe {path} cannot be read: {exc}", cure="check the path"
        ) from exc


def _parse_yaml(content: str, *, origin: str) -> Recipe:
    try:
        value = yaml.safe_load(content)
    except yaml.YAMLError as exc:
        raise SettingsError(f"the recipe {origin} is not YAML: {exc}") from exc
    return _validated(value, origin=origin)


def _validated(value: Json, *, origin: str) -> Recipe:
    fields = ", ".join(Recipe.model_fields)
    if not isinstance(value, Mapping) or "name" not in value:
        raise SettingsError(
            f"the recipe {origin} is not a mapping with a name", cure=f"its fields are {fields}"
        )
    try:
        return Recipe.model_validate(value)
    except ValidationError as exc:
        told = faults_of(exc.errors(), Recipe.model_fields)
        raise SettingsError(
            f"the recipe {origin} is not valid: {told}", cure=f"its fields are {fields}"
        ) from exc
