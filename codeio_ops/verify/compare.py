"""Structural equality of JSON values, as answers are judged.

- Types are strict: `true` is not 1, and `"1"` is not 1.
- A whole number that is expected must be met exactly; 3.0 meets 3.
- Where a fraction is expected, the answer may be off by a thousandth of it. Where 0.0 is
  expected a relative tolerance allows nothing, so there it may be off by 1e-9 instead.
- Numbers that are not finite equal nothing.

Source: arXiv 2502.07316, reference implementation (`is_close`); unlike there, 2.9999 meets
3.0, and a tolerance never turns a whole number into another.
"""

import math

from codeio_ops.jsonvalue import Json

RELATIVE_TOLERANCE = 1e-3
ABSOLUTE_TOLERANCE = 1e-9


def same_value(actual: Json, expected: Json) -> bool:
    """Say whether `actual` is an acceptable answer where `expected` is the truth.

    Both must have passed `jsonvalue.check`. Not symmetric: the tolerance is that of
    `expected`. Iterative, so no depth of nesting overflows the stack.
    """
    pending: list[tuple[Json, Json]] = [(actual, expected)]
    while pending:
        left, right = pending.pop()
        match left, right:
            case list(), list():
                if len(left) != len(right):
                    return False
                pending.extend(zip(left, right, strict=True))
            case dict(), dict():
                if left.keys() != right.keys():
                    return False
                pending.extend((left[key], right[key]) for key in right)
            case _:
                if not _same_leaf(left, right):
                    return False
    return True


def _same_leaf(actual: Json, expected: Json) -> bool:
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    if isinstance(actual, int | float) and isinstance(expected, int | float):
        return _same_number(actual, expected)
    return type(actual) is type(expected) and actual == expected


def _same_number(actual: int | float, expected: int | float) -> bool:
    if isinstance(expected, int):
        return actual == expected
    if not math.isfinite(expected) or (isinstance(actual, float) and not math.isfinite(actual)):
        return False
    try:
        difference = abs(actual - expected)
    except OverflowError:  # an integer beyond every float
        return False
    return difference <= tolerance(expected)


def tolerance(expected: float) -> float:
    """Return by how much an answer may be off where a fraction is expected."""
    return abs(expected) * RELATIVE_TOLERANCE if expected else ABSOLUTE_TOLERANCE
