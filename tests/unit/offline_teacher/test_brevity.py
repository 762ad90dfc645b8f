"""Promises of values in words: told where they change, counted in runs, and never cut."""

import random

import pytest

from codeio_ops.jsonvalue import Json
from offline_teacher.brevity import brief, brief_json, change
from offline_teacher.followable import entry_point, followable
from offline_teacher.guest.recording import record_call
from offline_teacher.guest.shown import shown
from offline_teacher.narrate import narrate
from offline_teacher.trace import Trace

TABLE = """
def main_solution(n):
    table = [None] * n
    for i in range(n):
        table[i] = i * i
    return table
"""
LONG = """
def main_solution(words):
    seen = {}
    out = []
    for word in words:
        seen[word] = len(word)
        out.append(word + word)
    return [out, seen]
"""


def told(code: str, arguments: dict[str, Json]) -> str:
    program = followable(code)
    raw = record_call(program.code, entry_point(program.tree), arguments, 5_000)
    return narrate(program.tree, Trace.model_validate(raw), rounds_told=6).text


LETTERS = "{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'}"


@pytest.mark.parametrize("inside", ["%s", "[%s]", "(%s,)", "{'key': %s}", "{1: [(2, %s)]}"])
def test_a_set_is_written_the_same_in_every_process(inside: str) -> None:
    text = inside % LETTERS
    assert brief(text) == text
    assert change("xs", "None", text) == f"xs becomes {text}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1, 2, 3]", "[1, 2, 3]"),
        (repr([None] * 11), "[11 × None]"),
        (repr([1, *[0] * 9, 2]), "[1, 9 × 0, 2]"),
        (repr([[0] * 5] * 5), "[5 × [5 × 0]]"),
        (repr(list(range(40))), "a list of 40 items, from 0 to 39"),
        (repr("ab" * 60), "a text of 120 characters"),
        (repr(dict.fromkeys(range(12), "value")), "a mapping of 12 items"),
        ("tree[1, 2]", "tree[1, 2]"),
        ("<list of 300>", "<list of 300>"),
        ("x" * 200, "a value of 200 characters"),
    ],
)
def test_a_value_is_written_out_or_described(text: str, words: str) -> None:
    assert brief(text) == words


def test_a_json_value_is_told_in_json() -> None:
    assert brief_json([None] * 6) == "[6 × null]" and brief_json({"a": True}) == '{"a": true}'
    assert brief_json(10**100) == "a number of 101 characters"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ([0] * 20, [0] * 3 + [7] + [0] * 16, "v[3] becomes 7"),
        ([[0] * 9] * 2, [[0] * 9, [0] * 8 + [1]], "v[1][8] becomes 1"),
        (list(range(20)), list(range(21)), "v gets 20 at its end, now 21 items"),
        (list(range(20)), list(range(19)), "v loses the last item, now 19"),
        (list(range(20)), list(range(2, 20)), "v loses the first 2 items, now 18"),
        (
            [0] * 20,
            [1] * 20,
            "v[0] becomes 1; v[1] becomes 1; v[2] becomes 1; 17 more places of v change",
        ),
        ({n: n for n in range(12)}, {n: n for n in range(1, 12)}, "v[0] is removed"),
        ([1, 2], [1, 3], "v becomes [1, 3]"),
        ([0] * 20, ["a"], "v becomes ['a']"),
    ],
)
def test_a_long_value_is_told_where_it_changes(before: object, after: object, words: str) -> None:
    assert change("v", repr(before), repr(after)) == words


def test_no_story_repeats_a_list_of_none_or_cuts_a_value() -> None:
    table = told(TABLE, {"n": 15})
    assert "[15 × None]" in table and "None, None" not in table
    assert "table[3] becomes" in table
    words: list[Json] = [f"{n}{'long' * 12}" for n in range(20)]
    for text in (table, told(LONG, {"words": words}), told(LONG, {"words": words[:3]})):
        assert "…" not in text and "..." not in text


def test_a_value_too_long_to_record_is_told_by_its_size() -> None:
    drawn = random.Random(1)
    for length in (10, 60, 90, 120, 500):
        text = shown([drawn.randint(0, 10**6) for _ in range(length)])
        assert "…" not in text and len(text) <= 400
    assert shown(["x" * 150] * 3) == "<list of 3>" and shown("y" * 300) == "<str of 300>"
