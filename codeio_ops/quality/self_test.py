"""The verifier self-test: does the verifier know right from wrong on these very pairs?"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Literal
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.verify.answers import PendingResponse, judge
from codeio_ops.verify.verdicts import AnswerVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PairToTest:
    """A stored pair with its program."""

    io_pair_id: UUID
    input: Json
    output: Json
    program_id: UUID
    language: str
    entry_point: str
    main_function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestReport:
    """How many answers were judged, and those judged wrongly, a line each."""

    answers: int
    misjudged: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    pair: PairToTest
    label: str
    response: PendingResponse
    right: bool


def self_test(pairs: list[PairToTest], *, sandbox: Sandbox, cpu_s: float) -> SelfTestReport:
    """Judge the true answers of every pair, and altered outputs, as if a teacher gave them.

    Args:
        pairs: Pairs in the order of their programs.
        sandbox: Runs the true inputs again.
        cpu_s: CPU seconds a call may use.
    """
    answers, misjudged = 0, []
    for _, group in groupby(pairs, key=attrgetter("program_id")):
        trials = [trial for pair in group for trial in _trials(pair)]
        judgements = judge([t.response for t in trials], sandbox=sandbox, cpu_s=cpu_s)
        answers += len(trials)
        for trial, judgement in zip(trials, judgements, strict=True):
            if (judgement.verdict is AnswerVerdict.CORRECT) is not trial.right:
                misjudged.append(f"{trial.pair.io_pair_id} {trial.label}: {judgement.verdict}")
    return SelfTestReport(answers=answers, misjudged=tuple(misjudged))


def altered(value: Json) -> Iterator[tuple[str, Json]]:
    """Yield values near `value` that are not equal to it, each with what was altered."""
    yield "null", None if value is not None else 0
    match value:
        case bool():
            yield "negated", not value
            yield "bool as int", int(value)
        case int():
            yield "off by one", value + 1
            yield "as text", str(value)
        case float():
            yield "outside tolerance", value * 1.01 + math.copysign(0.01, value)
            yield "as text", str(value)
        case str():
            yield "one character more", value + "x"
        case list():
            yield "one item more", [*value, 0]
            # Reversed, fractions that differ by less than the tolerance would be right.
            if value != value[::-1] and not _holds_float(value):
                yield "reversed", value[::-1]
        case dict():
            yield "one key more", {**value, "__altered__": 0}
            if value:
                yield "one key less", dict(list(value.items())[1:])


def _holds_float(value: Json) -> bool:
    match value:
        case list():
            return any(map(_holds_float, value))
        case dict():
            return any(map(_holds_float, value.values()))
        case _:
            return isinstance(value, float)


def _trials(pair: PairToTest) -> Iterator[_Trial]:
    yield _trial(pair, "true output", "output", pair.output, right=True)
    yield _trial(pair, "true input", "input", pair.input, right=True)
    for label, value in altered(pair.output):
        yield _trial(pair, label, "output", value, right=False)


def _trial(
    pair: PairToTest,
    label: str,
    direction: Literal["output", "input"],
    value: Json,
    *,
    right: bool,
) -> _Trial:
    response = PendingResponse(
        response_id=pair.io_pair_id,
        body=f"```json\n{json.dumps({direction: value})}\n```",
        direction=direction,
        input=pair.input,
        output=pair.output,
        program_id=pair.program_id,
        language=pair.language,
        entry_point=pair.entry_point,
        main_function=pair.main_function,
    )
    return _Trial(pair=pair, label=label, response=response, right=right)
