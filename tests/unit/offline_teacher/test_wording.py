"""Promises of the words: only observed values, and nothing that runs."""

import ast

import pytest

from offline_teacher.wording import condition, place_value, plain, with_values


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("text", "known", "words"),
    [
        ("a + 1", {"a": "4"}, "4 + 1"),
        ("a + b * 2", {"a": "1", "b": "3"}, "1 + (3 × 2)"),
        ("a // b", {"a": "7", "b": "2"}, "7 div 2"),
        ("xs[i + 1]", {"xs": "[5, 6, 7]", "i": "1"}, "7"),
        ("xs[-1]", {"xs": "[5, 6, 7]"}, "7"),
        ("grid[i][j]", {"grid": "[[1, 2], [3, 4]]", "i": "1", "j": "0"}, "3"),
        ("len(xs)", {"xs": "[5, 6, 7]"}, "3"),
        ("self.total + n", {"self.total": "3", "n": "2"}, "3 + 2"),
        ("d['k']", {"d": "{'k': 9}"}, "9"),
        ("xs[i]", {"xs": "[{'a', 'b', 'c', 'd', 'e'}]", "i": "0"}, "{'a', 'b', 'c', 'd', 'e'}"),
        ("a + b", {"a": "1"}, None),
        ("f(a)", {"a": "1"}, None),
        ("xs[i]", {"xs": "[5]", "i": "3"}, None),
        ("xs[i]", {"xs": "__import__('os').system('false')", "i": "0"}, None),
        ("xs[i]", {"xs": "[5, 6]", "i": "().__class__"}, None),
        ("xs[a * b]", {"xs": "[5]", "a": "9" * 40, "b": "9" * 40}, None),
    ],
)
def test_values_are_put_in_or_left_alone(
    text: str, known: dict[str, str], words: str | None
) -> None:
    assert with_values(expression(text), known) == words


def test_condition_shows_values_and_outcome() -> None:
    text = condition(expression("n % 2 == 0"), {"n": "4"}, holds=True)
    assert text == "whether n mod 2 (4 mod 2) equals 0: yes"
    text = condition(expression("a < b and b < 9"), {"a": "1", "b": "2"}, holds=False)
    assert text == "whether 1 is less than 2 and 2 is less than 9: no"


def test_place_and_value_of_an_element() -> None:
    target = expression("grid[i][0]")
    known = {"grid": "[[1], [2]]", "i": "1"}
    assert place_value(target, known, {"grid": "[[1], [7]]"}) == ("grid[1][0]", "7")
    assert place_value(target, {}, {"grid": "[[1], [7]]"}) is None


def test_long_expressions_are_cut() -> None:
    assert len(plain(expression("a + " * 100 + "a"))) <= 70
