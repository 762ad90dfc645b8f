"""JSON values: the type, the strict reader, the canonical form and the size rules.

Source of the size rules: arXiv 2502.07316, section 2.1, and its reference implementation.
"""

import json
import re
from typing import TypeAlias

from codeio_ops.errors import NotJson

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_DEPTH = 20
MAX_VALUE_BYTES = 1024
MAX_CONTAINER_ITEMS = 20
MAX_STRING_CHARS = 100
_INT64 = 2**63
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse(text: str | bytes) -> Json:
    """Read JSON as RFC 8259 has it: no NaN or Infinity; of a repeated key the last counts.

    Raises:
        NotJson: the text is not JSON, is nested deeper than `MAX_DEPTH`, holds an integer
            outside 64 bits, or a string that UTF-8 cannot encode.
    """
    try:
        value: Json = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as exc:
        raise NotJson(f"not JSON: {exc}") from exc
    check(value)
    return value


def check(value: Json, *, depth: int = 0) -> None:
    """Raise `NotJson` where `value` would not survive a trip through another system."""
    if depth > MAX_DEPTH:
        raise NotJson(f"nested deeper than {MAX_DEPTH}")
    match value:
        case bool() | None:
            return
        case int() if not -_INT64 <= value < _INT64:
            raise NotJson("an integer outside 64 bits")
        case float() if value != value or value in (float("inf"), float("-inf")):
            raise NotJson("a number that is not finite")
        case str():
            _check_text(value)
        case list():
            for item in value:
                check(item, depth=depth + 1)
        case dict():
            for key, item in value.items():
                _check_text(key)
                check(item, depth=depth + 1)


def storable(text: str) -> str:
    """Return text from outside in a form that Postgres takes, of the same length.

    NUL, which Postgres cannot hold, and lone surrogates, which UTF-8 cannot encode, become
    U+FFFD, the character that stands for what cannot be represented.
    """
    return _UNSTORABLE.sub("\ufffd", text)


def compact(value: Json) -> str:
    """Serialise `value` in its own key order, without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def canonical(value: Json) -> str:
    """Serialise `value` so that equal values give equal text: keys sorted, no white space."""
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    )


def within_size_rules(value: Json) -> bool:
    """Say whether `value` is small enough to be predicted by reasoning.

    At every level: serialised under 1 KB, containers under 20 items, strings under 100
    characters.
    """
    return len(compact(value).encode()) < MAX_VALUE_BYTES and _parts_small(value)


def _parts_small(value: Json) -> bool:
    match value:
        case str():
            return len(value) < MAX_STRING_CHARS
        case list():
            return len(value) < MAX_CONTAINER_ITEMS and all(map(_parts_small, value))
        case dict():
            return len(value) < MAX_CONTAINER_ITEMS and all(
                len(key) < MAX_STRING_CHARS and _parts_small(item) for key, item in value.items()
            )
        case _:
            return True


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        raise NotJson("a string with a lone surrogate") from exc
    if "\x00" in text:
        raise NotJson("a string with a NUL character, which Postgres cannot store")


def _refuse_constant(name: str) -> Json:
    raise NotJson(f"{name} is not JSON")
