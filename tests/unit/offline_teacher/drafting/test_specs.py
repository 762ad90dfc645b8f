"""Specs: annotations and example values in, generator source and descriptions out."""

import random
from types import ModuleType
from typing import Any

import pytest

from codeio_ops.jsonvalue import within_size_rules
from offline_teacher.drafting.annotations import spec_from_annotation
from offline_teacher.drafting.examples import spec_from_values
from offline_teacher.drafting.generators import generator_source
from offline_teacher.drafting.spec_text import input_description, prose, type_text
from offline_teacher.drafting.specs import (
    BoolSpec,
    ConstSpec,
    FloatSpec,
    GraphSpec,
    IntSpec,
    LikeSpec,
    LinkedListSpec,
    ListSpec,
    MatrixSpec,
    MemberSpec,
    Operation,
    OperationsSpec,
    PlaceSpec,
    RecordSpec,
    RowSpec,
    TextSpec,
    TreeSpec,
    WordsSpec,
    default_map,
)

EVERY_SPEC = [
    IntSpec(),
    FloatSpec(),
    BoolSpec(),
    TextSpec(),
    TextSpec(seeds=("a-1",), shaped=True),
    WordsSpec(),
    ConstSpec(value=0),
    ListSpec(element=IntSpec(), distinct=True, ordered=True),
    RowSpec(columns=(IntSpec(), TextSpec())),
    MatrixSpec(cell=IntSpec()),
    MatrixSpec(cell=IntSpec(), square=True),
    default_map(),
    RecordSpec(fields=(("a", IntSpec()),)),
    GraphSpec(),
    GraphSpec(int_nodes=True, weighted=True),
    LinkedListSpec(),
    TreeSpec(),
    TreeSpec(search=True),
    OperationsSpec(operations=(Operation(name="push", arguments=(IntSpec(),)),)),
]


def drawn(source: str) -> list[dict[str, Any]]:
    """Inputs drawn from our own generator text."""
    module = ModuleType("generator")
    exec(source, module.__dict__)
    random.seed(1)
    return [module.input_generator() for _ in range(40)]


@pytest.mark.parametrize("spec", EVERY_SPEC, ids=lambda spec: type(spec).__name__)
def test_every_spec_draws_values_within_the_size_rules(spec: Any) -> None:
    values = [item["x"] for item in drawn(generator_source([("x", spec)]))]
    assert all(map(within_size_rules, values))
    assert type_text(spec) and prose(spec)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("List[int]", "List[int]"),
        ("list[list[str]]", "List[List[str]]"),
        ("Dict[str, int]", "Dict[str, int]"),
        ("Optional[str]", "str"),
        ("TreeNode | None", "List[Optional[int]]"),
        ("'ListNode'", "List[int]"),
        ("Tuple[int, str]", "List[Union[int, str]]"),
    ],
)
def test_an_annotation_gives_its_type(text: str, kind: str) -> None:
    spec = spec_from_annotation(text)
    assert spec is not None
    assert type_text(spec) == kind


@pytest.mark.parametrize("text", ["Callable[[int], int]", "int[", "(" * 5000, "object", ""])
def test_an_annotation_without_json_values_gives_nothing(text: str) -> None:
    assert spec_from_annotation(text) is None


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([3, 10], IntSpec),
        ([1, 2.5], FloatSpec),
        (["ab", "c"], TextSpec),
        ([[1, 2, 3]], ListSpec),
        ([[[1, 0], [0, 1]]], MatrixSpec),
        ([{"A": ["B"], "B": ["A"]}], GraphSpec),
    ],
)
def test_example_values_are_generalised(values: Any, kind: type) -> None:
    assert isinstance(spec_from_values(values), kind)


def test_mixed_values_have_no_spec() -> None:
    assert spec_from_values([1, "a"]) is None


def test_sorted_examples_give_sorted_inputs() -> None:
    spec = spec_from_values([[1, 4, 9, 30]])
    assert spec is not None
    assert all(v["x"] == sorted(v["x"]) for v in drawn(generator_source([("x", spec)])))


def test_depending_parameters_are_drawn_after_what_they_depend_on() -> None:
    numbers = ListSpec(element=IntSpec())
    params: list[tuple[str, Any]] = [
        ("n", PlaceSpec(of="arr", role="length")),
        ("i", PlaceSpec(of="arr", role="index")),
        ("x", MemberSpec(of="arr", base=IntSpec())),
        ("other", LikeSpec(of="arr", base=numbers, role="as_long")),
        ("arr", numbers),
    ]
    for item in drawn(generator_source(params)):
        assert item["n"] == len(item["arr"]) == len(item["other"])
        assert 0 <= item["i"] < item["n"]


def test_the_description_has_one_line_for_each_input() -> None:
    text = input_description([("n", IntSpec()), ("s", TextSpec())])
    assert text.splitlines()[:2] == ["Input:", "- `n` (int): an integer from 1 to 20"]
    assert len(text.splitlines()) == 3
