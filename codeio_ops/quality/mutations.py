"""Wrong answers made from right ones, systematically: what a verifier must tell apart."""

import math
from collections.abc import Iterator

from codeio_ops.jsonvalue import Json
from codeio_ops.verify.compare import tolerance

_MOST_LEAVES = 10
_INT64_MAX = 2**63 - 1


def wrong_values(value: Json) -> Iterator[tuple[str, Json]]:
    """Yield values that are near `value` and not acceptable for it, each with its mutation.

    Of a nested value its shape is altered at every level, and up to 10 of its leaves.
    """
    yield "another type: null", None if value is not None else 0
    yield "another type: a list of it", [value]
    seen = 0
    for path, part in _parts(value, "$"):
        is_leaf = not isinstance(part, list | dict) or not part
        seen += is_leaf
        if is_leaf and seen > _MOST_LEAVES:
            continue
        for label, altered in _altered(part):
            yield f"{label} at {path}", _replaced(value, path, "$", altered)


def right_values(value: Json) -> Iterator[tuple[str, Json]]:
    """Yield other forms of `value` that must be accepted for it."""
    yield "the same", value
    if isinstance(value, dict) and len(value) > 1:
        yield "keys in another order", dict(reversed(value.items()))
    if isinstance(value, float):
        inside = value + 0.9 * tolerance(value)
        if math.isfinite(inside):
            yield "just inside the tolerance", inside


def _altered(part: Json) -> Iterator[tuple[str, Json]]:
    match part:
        case bool():
            yield "negated", not part
            yield "another type: int", int(part)
        case int():
            yield "off by one", part + 1 if part < _INT64_MAX else part - 1
            yield "another type: text", str(part)
        case float():
            yield from _altered_fraction(part)
            yield "another type: text", str(part)
        case str():
            yield "one character more", part + "x"
            yield "one character less" if part else "white space", part[:-1] if part else " "
        case list():
            yield "one item more", [*part, 0]
            yield from _altered_items(part)
        case dict():
            yield "an unknown key", {**part, "__unknown__": 0}
            if part:
                yield "a missing key", dict(list(part.items())[1:])
        case None:
            yield "another type: text", "null"


def _altered_fraction(part: float) -> Iterator[tuple[str, Json]]:
    outside = part + 1.01 * tolerance(part)
    if math.isfinite(outside) and outside - part > tolerance(part):
        yield "just outside the tolerance", outside
    if part:
        yield "zero", 0.0


def _altered_items(items: list[Json]) -> Iterator[tuple[str, Json]]:
    if items:
        yield "one item less", items[:-1]
    for first in range(len(items) - 1):
        if _differ(items[first], items[first + 1]):
            swapped = [*items[:first], items[first + 1], items[first], *items[first + 2 :]]
            yield "reordered", swapped
            return


def _differ(one: Json, other: Json) -> bool:
    """Say whether two values differ by more than any tolerance."""
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and not isinstance(one, bool) and not isinstance(other, bool):
        assert isinstance(one, int | float) and isinstance(other, int | float)
        return abs(one - other) > 2 * max(tolerance(float(one)), tolerance(float(other)))
    return type(one) is not type(other) or (isinstance(one, str | bool) and one != other)


def _parts(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    yield path, value
    match value:
        case list():
            for index, item in enumerate(value):
                yield from _parts(item, f"{path}[{index}]")
        case dict():
            for key, item in value.items():
                yield from _parts(item, f"{path}.{key}")


def _replaced(value: Json, path: str, here: str, altered: Json) -> Json:
    """Return `value` with the part at `path` replaced."""
    if path == here:
        return altered
    match value:
        case list():
            return [
                _replaced(item, path, f"{here}[{index}]", altered)
                for index, item in enumerate(value)
            ]
        case dict():
            return {
                key: _replaced(item, path, f"{here}.{key}", altered) for key, item in value.items()
            }
        case _:
            return value
