"""How far an output is from the wanted one: a hint for climbing, not a measure of truth."""

from codeio_ops.jsonvalue import Json

FAR = 1e9
_PART_AT_MOST = 4.0
_MISSING_PART = 5.0


def distance(actual: Json, wanted: Json) -> float:
    """Return 0 for equal values and more for values that look less alike."""
    if isinstance(actual, bool) or isinstance(wanted, bool):
        return 0.0 if actual is wanted else 1.0
    match actual, wanted:
        case ((int() | float()), (int() | float())):
            return _between_numbers(actual, wanted)
        case str(), str():
            changed = sum(a != b for a, b in zip(actual, wanted, strict=False))
            return 3.0 * abs(len(actual) - len(wanted)) + changed
        case list(), list():
            parts = (distance(a, b) for a, b in zip(actual, wanted, strict=False))
            missing = abs(len(actual) - len(wanted))
            return _MISSING_PART * missing + sum(map(_limited, parts))
        case dict(), dict():
            parts = (distance(actual[key], wanted[key]) for key in wanted if key in actual)
            missing = len(actual.keys() ^ wanted.keys())
            return _MISSING_PART * missing + sum(map(_limited, parts))
        case _:
            return 0.0 if actual == wanted else FAR


def _between_numbers(actual: int | float, wanted: int | float) -> float:
    try:
        return min(abs(float(actual) - float(wanted)), FAR / 10)
    except OverflowError:
        return FAR / 10


def _limited(part: float) -> float:
    """Squash a part's distance, so that a smaller miss still counts and none dominates."""
    return _PART_AT_MOST * part / (part + _PART_AT_MOST)
