"""Ranked specs of a parameter from the weights of its usage."""

from collections.abc import Iterator
from typing import TypeAlias

from offline_teacher.drafting.specs import (
    BoolSpec,
    FloatSpec,
    IntSpec,
    LinkedListSpec,
    ListSpec,
    MatrixSpec,
    RowSpec,
    Spec,
    TextSpec,
    TreeSpec,
    WordsSpec,
    default_map,
)
from offline_teacher.drafting.usage import Usage

Ranked: TypeAlias = tuple[float, Spec]

_ROWS = ListSpec(
    element=RowSpec(columns=(IntSpec(low=0, high=6), IntSpec(low=0, high=9))),
    shortest=2,
    longest=6,
)
_STRINGS = ListSpec(element=TextSpec(shortest=1, longest=5))


def specs_from_usage(usage: Usage) -> list[Spec]:
    """Specs that fit the weights, likeliest first; ties keep the order of the rules."""
    rules = (_nodes, _maps, _texts, _sequences, _numbers, _rest)
    ranked = [item for rule in rules for item in rule(usage) if item[0] > 0]
    ordered = [spec for _, spec in sorted(ranked, key=lambda item: -item[0])]
    return list(dict.fromkeys(ordered))


def _nodes(usage: Usage) -> Iterator[Ranked]:
    yield usage.weight("tree"), TreeSpec()
    yield usage.weight("linked"), LinkedListSpec()


def _maps(usage: Usage) -> Iterator[Ranked]:
    weight = usage.weight("map")
    if weight:
        yield weight + 0.5, default_map()
        yield weight, default_map(ListSpec(element=IntSpec(low=0, high=9)))


def _texts(usage: Usage) -> Iterator[Ranked]:
    weight = usage.weight("text")
    if weight:
        yield weight + 0.5 * usage.weight("sequence", "list"), TextSpec()
        yield weight * 0.9, WordsSpec()


def _sequences(usage: Usage) -> Iterator[Ranked]:
    weight = usage.weight("sequence", "list")
    if not weight:
        return
    texts = usage.element_weight("text")
    numbers = usage.element_weight("integer", "number", "float")
    yield from _nested(usage, weight, texts)
    if texts > numbers:
        yield weight + texts, TextSpec()
        yield weight + texts * 0.9, _STRINGS
    bonus = 1 if usage.weight("list") else 0
    yield weight + 0.3 * numbers + bonus, ListSpec(element=IntSpec(low=0, high=20))
    if not bonus and not numbers:
        yield weight * 0.9, TextSpec()
    yield weight * 0.5, ListSpec(element=TextSpec(alphabet="abc", shortest=1, longest=3))


def _nested(usage: Usage, weight: float, texts: float) -> Iterator[Ranked]:
    pairs = usage.weight("pairs")
    if usage.nested or usage.element_weight("sequence") > 1:
        yield weight + 2, MatrixSpec(cell=IntSpec(low=0, high=9))
        yield weight + 0.5 + pairs, _ROWS
        yield weight + 0.2 + texts, ListSpec(element=TextSpec(shortest=2, longest=5))
        yield weight * 0.8, MatrixSpec(cell=TextSpec(alphabet="XO.", shortest=1, longest=1))
    elif pairs:
        yield weight + 2, _ROWS


def _numbers(usage: Usage) -> Iterator[Ranked]:
    weight = usage.weight("integer", "number", "float")
    if weight:
        yield weight, IntSpec()
        yield usage.weight("float") + 0.4 * weight, FloatSpec()


def _rest(usage: Usage) -> Iterator[Ranked]:
    yield usage.weight("truth") * 0.2, BoolSpec()
    yield (
        usage.weight("set"),
        ListSpec(
            element=IntSpec(low=0, high=9), shortest=2, longest=6, distinct=True, wanted="set"
        ),
    )
