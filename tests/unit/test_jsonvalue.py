"""JSON values: what is refused at the border, and forms that do not depend on the writer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import (
    MAX_DEPTH,
    Json,
    canonical,
    check,
    compact,
    parse,
    storable,
    within_size_rules,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def _shuffled(value: Json) -> Json:
    match value:
        case dict():
            return {key: _shuffled(value[key]) for key in reversed(list(value))}
        case list():
            return [_shuffled(item) for item in value]
        case _:
            return value


@given(VALUES)
def test_a_value_survives_the_trip_through_text(value: Json) -> None:
    back = parse(compact(value))
    assert repr(back) == repr(value)


@given(VALUES)
def test_the_canonical_form_does_not_depend_on_the_order_of_keys(value: Json) -> None:
    assert canonical(_shuffled(value)) == canonical(value)


@given(VALUES, VALUES)
def test_values_with_one_canonical_form_are_equal(left: Json, right: Json) -> None:
    if canonical(left) == canonical(right):
        assert left == right
    else:
        assert repr(left) != repr(right)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nope",
        "'a'",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        str(2**63),
        str(-(2**63) - 1),
        "9" * 5000,
        r'"\ud800"',
        r'{"\udfff": 1}',
        r'"a\u0000b"',
        r'{"\u0000": 1}',
        _nested(MAX_DEPTH + 2),
        _nested(100_000),
        b"\xff",
    ],
)
def test_what_another_system_could_not_read_back_is_refused(text: str | bytes) -> None:
    with pytest.raises(NotJson):
        parse(text)


@pytest.mark.parametrize(
    "text", [str(2**63 - 1), str(-(2**63)), _nested(MAX_DEPTH + 1), r'"\ud83d\ude00"', "1e308"]
)
def test_values_at_the_border_are_accepted(text: str) -> None:
    assert json.loads(compact(parse(text))) == json.loads(text)


def test_of_a_repeated_key_the_last_counts() -> None:
    assert parse('{"a": 1, "b": 2, "a": 3}') == {"a": 3, "b": 2}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [2**64], {"a": "\ud800"}])
def test_check_refuses_values_that_were_never_text(value: Json) -> None:
    with pytest.raises(NotJson):
        check(value)


@pytest.mark.parametrize(
    ("value", "small"),
    [
        ("x" * 99, True),
        ("x" * 100, False),
        ([0] * 19, True),
        ([0] * 20, False),
        ({str(n): n for n in range(19)}, True),
        ({str(n): n for n in range(20)}, False),
        ({"k" * 100: 1}, False),
        ([[[0] * 20]], False),
        ({"a": {"b": "x" * 100}}, False),
        # Bytes of UTF-8 count, not letters.
        (["é" * 29] * 16 + ["é" * 21], True),
        (["é" * 29] * 17, False),
        (None, True),
    ],
)
def test_the_size_rules_hold_at_every_level(value: Json, small: bool) -> None:
    assert within_size_rules(value) is small


def test_the_whole_value_must_stay_under_one_kilobyte() -> None:
    rows: list[Json] = ["x" * 90] * 10
    room = 1024 - len(compact([*rows, ""]))
    assert within_size_rules([*rows, "x" * (room - 1)])
    assert not within_size_rules([*rows, "x" * room])


@given(st.text(st.characters(), max_size=50))
def test_what_is_storable_can_be_encoded_and_has_no_nul(text: str) -> None:
    stored = storable(text)
    assert "\x00" not in stored.encode().decode()
    assert len(stored) == len(text) and storable(stored) == stored


def test_of_a_text_only_what_cannot_be_stored_is_replaced() -> None:
    assert storable("a\x00\ud800\udfff\x01\n\U0001f600") == "a\ufffd\ufffd\ufffd\x01\n\U0001f600"
