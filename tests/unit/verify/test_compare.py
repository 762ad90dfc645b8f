"""Promises of `same_value`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.verify.compare import same_value


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (1.5, 1.5),  # the reference judged every float wrong
        ([0.1], [0.1]),
        (2.9999, 3.0),
        (3, 3.0),
        (3.0, 3),
        (0.0, 0.0),
        (1e-12, 0.0),
        (-0.0, 0.0),
        (1e-10, 0.0),
        (1.6021e-19, 1.602e-19),
        (1000.9, 1000.0),
        ({"a": [1, {"b": 2.0001}]}, {"a": [1, {"b": 2.0}]}),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        (None, None),
        ("", ""),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_equal_values(actual: Any, expected: Any) -> None:
    assert same_value(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (True, 1),
        (1, True),
        (False, 0),
        (0, None),
        ("1", 1),
        (2.9999, 3),
        (1.1, 1),
        (1e-6, 0.0),
        (1.002, 1.0),
        (2.2e-11, 2.2e-10),
        (0, 1.602e-19),
        (5e-19, 1.602e-19),
        (-6.6e-34, 6.626e-34),
        (0.0, 5e-324),
        ([{"p": 1e-12}], [{"p": 2e-12}]),
        (float("nan"), float("nan")),
        (float("inf"), float("inf")),
        (1.0, float("nan")),
        (10**400, 1.0),
        ([1, 2], [1, 2, 3]),
        ([2, 1], [1, 2]),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"1": 1}, {"2": 1}),
        ([], {}),
        (2**63 - 1, 2**63 - 2),
    ],
)
def test_different_values(actual: Any, expected: Any) -> None:
    assert not same_value(actual, expected)


def test_depth_does_not_overflow() -> None:
    left: Any = 1
    right: Any = 1
    for _ in range(50_000):
        left, right = [left], [right]
    assert same_value(left, right)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_every_value_equals_itself(value: Any) -> None:
    assert same_value(value, value)
