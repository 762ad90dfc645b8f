"""What a person may set for one source."""

from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from codeio_ops.errors import SettingsError
from codeio_ops.jsonvalue import Json

Choice = Literal["drop", "keep"]


class Columns(BaseModel):
    """Names of the columns of a JSONL or Parquet source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content: str = "content"
    path: str = "path"
    repository: str = "repo_name"
    licence: str = "licence"
    language: str = "language"


class SourceSettings(BaseModel):
    """Settings of one source, stored as JSON in `codeio.source`.

    Attributes:
        columns: Where a JSONL or Parquet source has what.
        history: `head` reads the files of a git repository as they are, `all` also every
            version of them that a new commit brought.
        generated: Whether files that say a program wrote them are dropped.
        vendored: Whether copies of other projects' code are dropped.
        minified: Whether code squeezed into few long lines is dropped.
        tests: Whether test files are dropped.
        secrets: Whether files that hold keys and passwords are dropped.
        personal_data: Whether files that hold e-mail addresses and the like are dropped.
        min_statements: Files with fewer statements are too trivial.
        max_statements: Files with more statements are too complex.
        max_branches: Files with a function of more branches are too complex.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Columns = Columns()
    history: Literal["head", "all"] = "head"
    generated: Choice = "drop"
    vendored: Choice = "drop"
    minified: Choice = "drop"
    tests: Choice = "drop"
    secrets: Choice = "drop"
    personal_data: Choice = "drop"
    min_statements: Annotated[int, Field(ge=0)] = 3
    max_statements: Annotated[int, Field(ge=1)] = 1500
    max_branches: Annotated[int, Field(ge=1)] = 60

    @classmethod
    def parse(cls, value: Json) -> "SourceSettings":
        """Read settings from JSON.

        Raises:
            SettingsError: a name or value is not known.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as exc:
            first = exc.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise SettingsError(
                f"setting {place!r} of the source: {first['msg'].lower()}",
                cure=f"settings are {', '.join(cls.model_fields)}",
            ) from exc


def settings_of_words(words: list[str]) -> dict[str, Json]:
    """Read `NAME=VALUE` words; a dot in a name, as in `columns.content=code`, nests.

    Raises:
        SettingsError: a word is not of this form, or no such setting exists.
    """
    result: dict[str, Json] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator:
            raise SettingsError(f"{word!r} is not a setting", cure="write NAME=VALUE")
        outer, _, inner = name.partition(".")
        nested = result.setdefault(outer, {}) if inner else result
        assert isinstance(nested, dict)
        nested[inner or outer] = yaml.safe_load(value)
    SourceSettings.parse(result)
    return result
