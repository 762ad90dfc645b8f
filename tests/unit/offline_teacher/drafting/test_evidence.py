"""Evidence for parameters: usage, relations, ranks; and the statement's prose."""

import ast
from typing import Any

import pytest

from offline_teacher.drafting.docstrings import documentation
from offline_teacher.drafting.evidence import Observed, parameters_of
from offline_teacher.drafting.parse import parse_file
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.relations import relate
from offline_teacher.drafting.results import nested_type, read_profile
from offline_teacher.drafting.specs import (
    IntSpec,
    LinkedListSpec,
    ListSpec,
    MatrixSpec,
    PlaceSpec,
    TextSpec,
    TreeSpec,
)
from offline_teacher.drafting.trial_jobs import profiles
from offline_teacher.drafting.units import Unit, function_units
from offline_teacher.drafting.usage import usage_of
from offline_teacher.drafting.usage_specs import specs_from_usage


def function_of(source: str) -> ast.FunctionDef:
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return x.upper()", TextSpec),
        ("return sum(x)", ListSpec),
        ("return x % 2 + x // 3", IntSpec),
        ("return x[0][1] + len(x[0])", MatrixSpec),
        ("return x.left", TreeSpec),
        ("return x.next", LinkedListSpec),
    ],
)
def test_usage_suggests_a_kind(body: str, kind: type) -> None:
    specs = specs_from_usage(usage_of(function_of(f"def f(x):\n    {body}\n"), "x"))
    assert isinstance(specs[0], kind)


def test_traced_values_come_before_the_annotation() -> None:
    file = parse_file("def f(x: str):\n    return x\n")
    function = file.function("f")
    assert function is not None
    traces = {"f": [{"x": Observed(value=[1, 2], kind="tuple")}]}
    best = parameters_of(file, function, "f", traces)[0].candidates
    assert [candidate.source for candidate in best[:2]] == ["trace", "annotation"]
    assert isinstance(best[0].spec, ListSpec) and best[0].spec.wanted == "tuple"


def test_a_called_parameter_is_refused() -> None:
    file = parse_file("def f(g):\n    return g(1)\n")
    function = file.function("f")
    assert function is not None
    with pytest.raises(UnitRefused) as caught:
        parameters_of(file, function, "f", {})
    assert caught.value.reason == "callable_parameter"


def test_a_length_is_related_to_its_list() -> None:
    file = parse_file("def f(arr, n):\n    return [arr[i] * 2 for i in range(n)]\n")
    function = file.function("f")
    assert function is not None
    related = relate(function, parameters_of(file, function, "f", {}), "f", {})
    assert related[1].best == PlaceSpec(of="arr", role="length")


def unit_of(source: str) -> Unit:
    unit = next(iter(function_units(parse_file(source), {})))
    assert isinstance(unit, Unit)
    return unit


def test_profiles_are_distinct_and_start_with_the_likeliest() -> None:
    found = profiles(unit_of("def f(a, b, c):\n    return a + b + c\n"))
    assert found[0] == (0, 0, 0)
    assert len(found) == len(set(found)) == 8


def test_keyword_only_parameters_are_passed_by_name() -> None:
    assert unit_of("def f(a, *, b=2):\n    return a % b\n").call == "f(a={a}, b={b})"


def test_a_docstring_is_read_in_parts() -> None:
    parts = documentation(
        "Count the ways to climb.\n\nArgs:\n    n (int): Number of stairs.\n\n"
        "Returns:\n    int: The number of ways.\n\nExamples:\n    >>> climb(3)\n    3\n"
    )
    assert parts.prose == "Count the ways to climb."
    assert parts.parameters == {"n": "Number of stairs"}
    assert parts.returns == "The number of ways"


@pytest.mark.parametrize("reply", [None, 3, [], "x", {"calls": [{"input": 1}], "errors": []}])
def test_a_forged_reply_counts_as_no_result(reply: Any) -> None:
    assert read_profile(reply).calls == ()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "int"),
        ([1, 2.5], "float"),
        ([[1], []], "List[int]"),
        ([None, "a"], "Optional[str]"),
        ([{"a": [1]}], "Dict[str, List[int]]"),
        ([], "Any"),
    ],
)
def test_output_types_are_named(values: Any, kind: str) -> None:
    assert nested_type(values) == kind
