"""What every setting is called, means and decides, and what it is without being set."""

import json
import re
from dataclasses import dataclass

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from codeio_ops.config import DECIDING, Settings, variable_of

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
    return tuple(
        SettingLine(
            variable=variable_of(name),
            default=_default(name, field),
            meaning=_NAMED.sub(_as_variable, " ".join((field.description or "").split())),
            deciding=name in DECIDING,
        )
        for name, field in Settings.model_fields.items()
    )


def _as_variable(found: re.Match[str]) -> str:
    return f"`{variable_of(found[1])}`" if found[1] in Settings.model_fields else found[0]


def _default(name: str, field: FieldInfo) -> str:
    if name in _COMPUTED:
        return _COMPUTED[name]
    match field.default:
        case None | SecretStr() | ():
            return ""
        case bool(value):
            return str(value).lower()
        case tuple(values):
            return json.dumps(values)
        case value:
            return str(value)
