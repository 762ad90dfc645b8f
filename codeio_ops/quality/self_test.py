"""The verifier self-test: does the verifier know right from wrong on these very pairs?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.mutations import right_values, wrong_values
from codeio_ops.sample.recheck import StoredPair
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.unified_form import Direction
from codeio_ops.verify.answers import PendingResponse, judge
from codeio_ops.verify.verdicts import AnswerVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestReport:
    """How many answers were judged, and by pair those judged wrongly, a line each."""

    answers: int
    misjudged: Mapping[UUID, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    pair: StoredPair
    label: str
    response: PendingResponse
    right: bool


def self_test(pairs: list[StoredPair], *, sandbox: Sandbox, cpu_s: float) -> SelfTestReport:
    """Judge the true answers of every pair, and altered outputs, as if a teacher gave them.

    Args:
        pairs: Pairs in the order of their programs.
        sandbox: Runs the true inputs again.
        cpu_s: CPU seconds a call may use.
    """
    answers = 0
    misjudged: dict[UUID, list[str]] = {}
    for _, group in groupby(pairs, key=attrgetter("program_id")):
        trials = [trial for pair in group for trial in _trials(pair)]
        judgements = judge([t.response for t in trials], sandbox=sandbox, cpu_s=cpu_s)
        answers += len(trials)
        for trial, judgement in zip(trials, judgements, strict=True):
            if (judgement.verdict is AnswerVerdict.CORRECT) is not trial.right:
                pair_id = trial.pair.io_pair_id
                line = f"{pair_id} {trial.label}: {judgement.verdict}"
                misjudged.setdefault(pair_id, []).append(line)
    return SelfTestReport(answers=answers, misjudged=misjudged)


def _trials(pair: StoredPair) -> Iterator[_Trial]:
    for label, value in right_values(pair.output):
        yield _trial(pair, f"true output, {label}", "output", value, right=True)
    yield _trial(pair, "true input", "input", pair.input, right=True)
    for label, value in wrong_values(pair.output):
        yield _trial(pair, label, "output", value, right=False)


def _trial(
    pair: StoredPair,
    label: str,
    direction: Direction,
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
