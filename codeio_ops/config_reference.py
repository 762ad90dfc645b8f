"""What every setting is called, what it is without being set, and what it means: from the code."""

import inspect
import re
from dataclasses import dataclass

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from codeio_ops.config import DECIDING, Settings

_MEANING = re.compile(r"^ {4}(\w+): (.+?)(?=^ {4}\w+: |\Z)", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`(\w+)`")
# Defaults that depend on where a process runs.
_COMPUTED = {"home": ".codeio", "sandbox_workers": "one per CPU"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingLine:
    """One setting.

    Attributes:
        variable: Name of its environment variable.
        default: Its value when it is not set, as one would write it; empty for none.
        meaning: What it is.
        deciding: Whether it decides what is made, dropped or charged.
    """

    variable: str
    default: str
    meaning: str
    deciding: bool


def setting_lines() -> tuple[SettingLine, ...]:
    """Return every setting, in the order of the class."""
    meanings = dict(_MEANING.findall(inspect.getdoc(Settings) or ""))
    return tuple(
        SettingLine(
            variable=_variable(name, field),
            default=_default(name, field),
            meaning=_NAMED.sub(_as_variable, " ".join(meanings[name].split())),
            deciding=name in DECIDING,
        )
        for name, field in Settings.model_fields.items()
    )


def _as_variable(found: re.Match[str]) -> str:
    field = Settings.model_fields.get(found[1])
    return f"`{_variable(found[1], field)}`" if field else found[0]


def _variable(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"CODEIO_{name.upper()}"


def _default(name: str, field: FieldInfo) -> str:
    if name in _COMPUTED:
        return _COMPUTED[name]
    match field.default:
        case None | SecretStr() | ():
            return ""
        case bool(value):
            return str(value).lower()
        case value:
            return str(value)
