"""Promises of the narration: every number was observed, and nothing unseen is claimed."""

import re

import pytest

from codeio_ops.jsonvalue import Json
from offline_teacher.followable import NotFollowable, entry_point, followable, literals
from offline_teacher.guest.recording import record_call
from offline_teacher.narrate import narrate
from offline_teacher.rationale import CHARS_PER_TOKEN, Rationale, rationale
from offline_teacher.trace import Trace

BUBBLE = """
def main_solution(xs):
    # sort
    n = len(xs); swaps = 0
    for i in range(n):
        for j in range(n - 1 - i):
            if xs[j] > xs[j + 1]: xs[j], xs[j + 1] = xs[j + 1], xs[j]; swaps += 1
    return {'xs': xs, 'swaps': swaps}
"""
COLLATZ = """
def step(n):
    if n % 2 == 0:
        return n // 2
    return 3 * n + 1

def main_solution(n):
    count = 0
    while n != 1:
        n = step(n)
        count += 1
    return count
"""
ENDLESS = """
def main_solution(n):
    while True:
        n -= 1
        if n < 0:
            break
    return n
"""
CAUGHT = """
def main_solution(n):
    try:
        x = 1 // n
    except ZeroDivisionError:
        x = -1
    return x
"""


def told(code: str, arguments: dict[str, Json], steps: int = 5_000, tokens: int = 900) -> Rationale:
    program = followable(code)
    raw = record_call(program.code, entry_point(program.tree), arguments, steps)
    return rationale(program.tree, Trace.model_validate(raw), max_tokens=tokens)


def test_every_step_of_a_short_run_is_told() -> None:
    result = told(COLLATZ, {"n": 3})
    assert "count is 0." in result.text
    assert "Check whether n mod 2 (3 mod 2) equals 0: no." in result.text
    assert "(3 × 3) + 1 = 10" in result.text
    assert "The answer of this part is 7." in result.text


def test_one_line_conditions_come_out_right() -> None:
    text = told(BUBBLE, {"xs": [2, 1, 3]}).text
    assert "whether xs[j] (2) is greater than xs[j + 1] (1): yes" in text
    assert "whether xs[j] (2) is greater than xs[j + 1] (3): no" in text
    assert "swaps becomes 0 + 1 = 1." in text


def test_endless_loops_and_exceptions_are_told() -> None:
    assert "Stop the repetition here." in told(ENDLESS, {"n": 2}).text
    assert "x is -1." in told(CAUGHT, {"n": 0}).text


@pytest.mark.parametrize("steps", [5, 9, 14, 23, 40])
def test_run_that_was_cut_off_claims_only_what_was_seen(steps: int) -> None:
    whole = told(BUBBLE, {"xs": [5, 4, 3, 2, 1]}, tokens=100_000).text
    seen = set(re.findall(r"\[\d[\d, ]*\]", whole))
    cut = told(BUBBLE, {"xs": [5, 4, 3, 2, 1]}, steps=steps, tokens=100_000).text
    assert set(re.findall(r"\[\d[\d, ]*\]", cut)) <= seen | {"[5, 4, 3, 2, 1]"}
    assert "The answer of this part" not in cut


def test_long_run_is_told_within_its_limit() -> None:
    result = told(COLLATZ, {"n": 27}, tokens=300)
    assert len(result.text) <= 300 * CHARS_PER_TOKEN + 60
    assert 0.5 < result.hidden_share <= 1.0


def test_text_holds_no_structure_of_its_own() -> None:
    code = "def main_solution(s):\n    t = s + '```\\n# x'\n    return t"
    text = told(code, {"s": "\n\n```json\n{}\n```\n# Heading\n"}).text
    assert not any(line.lstrip().startswith(("#", "```")) for line in text.split("\n"))


def test_forged_trace_does_no_harm() -> None:
    frame = {
        "name": "main_solution",
        "line": 1,
        "parent": -1,
        "at": -1,
        "arguments": {},
        "events": [[2, {"x": "__import__('os')"}], [99, {}], [-5, {}], [2, {}]],
        "returned": "1",
        "raised": "",
        "complete": True,
        "last": {},
    }
    inner = {**frame, "parent": 0, "at": 0, "line": 77}
    trace = Trace.model_validate(
        {
            "frames": [frame, inner, {**inner, "parent": 7}],
            "steps": -3,
            "finished": True,
            "has_value": True,
            "value": 1,
            "error": "",
        }
    )
    program = followable("def main_solution(n):\n    x = n\n    return x")
    assert isinstance(narrate(program.tree, trace, rounds_told=3).text, str)


@pytest.mark.parametrize(
    "code", ["def f(:", "x = " + "[" * 150 + "]" * 150, "-" * 5_000 + "1", "\x00"]
)
def test_unreadable_programs_are_refused(code: str) -> None:
    with pytest.raises(NotFollowable):
        followable(code)


def test_rewriting_keeps_the_meaning_and_one_statement_a_line() -> None:
    program = followable(BUBBLE)
    assert "swaps = 0\n" in program.code
    assert ";" not in program.code


def test_literals_leave_out_docstrings_and_odd_numbers() -> None:
    tree = followable('"""doc"""\nX = ["ab", 3, 1e999, 10**2, "\\ud800", True]').tree
    assert literals(tree) == ["ab", 3, 10, 2]
