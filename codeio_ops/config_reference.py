"""What every setting is called, means and decides, and what it is without being set."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from codeio_ops.config import DECIDING, Acts, Deciding, Settings, variable_of

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
        acts: On which rows another value of it acts.
    """

    variable: str
    default: str
    meaning: str
    deciding: bool
    acts: Acts


def setting_lines() -> tuple[SettingLine, ...]:
    """Return every setting, in the order of the class."""
    return tuple(
        SettingLine(
            variable=variable_of(name),
            default=_default(name, field),
            meaning=_NAMED.sub(_as_variable, " ".join((field.description or "").split())),
            deciding=name in DECIDING,
            acts=_acts(field),
        )
        for name, field in Settings.model_fields.items()
    )


def _acts(field: FieldInfo) -> Acts:
    marks = [mark.acts if isinstance(mark, Deciding) else mark for mark in field.metadata]
    return next((mark for mark in marks if isinstance(mark, Acts)), Acts.NONE)


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


def changes_of(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Say of each setting with another value on which rows it acts, if on any.

    Args:
        before: Variables by name as they were.
        after: The same as they are now.
    """
    for line in setting_lines():
        old, new = (where.get(line.variable, line.default) for where in (before, after))
        if line.acts is not Acts.NONE and old != new:
            was, now = old or "not set", new or "not set"
            yield f"{line.variable} was {was}, is {now}: acts on {line.acts}"
