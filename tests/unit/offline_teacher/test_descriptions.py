"""Promises of the rebuilt generator: types and limits as the words of the prompt say."""

import ast
import random

import pytest

from codeio_ops.jsonvalue import Json, within_size_rules
from offline_teacher.descriptions import generator_from_prompt


def draws(description: str, signature: str, count: int = 30) -> list[dict[str, Json]]:
    function = ast.parse(f"def f({signature}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    names: dict[str, object] = {}
    exec(generator_from_prompt(description, function.args.args), names)
    generator = names["input_generator"]
    assert callable(generator)
    random.seed(1)
    return [generator() for _ in range(count)]


@pytest.mark.parametrize(
    ("description", "signature", "kind"),
    [
        ("- `n` (int): an integer from 3 to 5", "n", int),
        ("Input:\n  `n` (int): A number between 3 and 5.", "n", int),
        ("nothing", "n: float", float),
        ("- `s` (str): a string", "s", str),
        ("- `xs` (List[int]): a list", "xs", list),
        ("- `m` (Dict[str, int]): a map", "m", dict),
        ("- `flag` (bool): a flag", "flag", bool),
        ("- `xs` (list of integers): values", "xs", list),
    ],
)
def test_type_comes_from_the_description_or_the_annotation(
    description: str, signature: str, kind: type
) -> None:
    name = signature.split(":")[0]
    for drawn in draws(description, signature):
        assert type(drawn[name]) is kind
        assert within_size_rules(drawn)


def test_limits_are_kept() -> None:
    text = (
        "- `n` (int): an integer from 3 to 5\n"
        "- `xs` (List[int]): a list of 1 to 3 values in ascending order, "
        "each an integer from -2 to 2\n"
        '- `s` (str): a string of 2 to 4 characters drawn from "xyz"\n'
        "- `op` (str): one of 'add', 'sub'\n"
    )
    for drawn in draws(text, "n, xs, s, op"):
        n, xs, s = drawn["n"], drawn["xs"], drawn["s"]
        assert isinstance(n, int) and isinstance(xs, list) and isinstance(s, str)
        assert 3 <= n <= 5
        assert 1 <= len(xs) <= 3 and xs == sorted(xs, key=int)  # type: ignore[arg-type]
        assert all(isinstance(x, int) and -2 <= x <= 2 for x in xs)
        assert 2 <= len(s) <= 4 and set(s) <= set("xyz")
        assert drawn["op"] in ("add", "sub")


def test_relations_between_parameters_are_kept() -> None:
    text = "- `n` (int): the length of `xs`\n- `xs` (List[int]): a list of values"
    for drawn in draws(text, "n, xs"):
        assert isinstance(drawn["xs"], list)
        assert drawn["n"] == len(drawn["xs"])
