"""Sampling pairs: distinct inputs, small values, confirmed elsewhere, or a reason why not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop
from codeio_ops.sample.pairs import Pair, PendingProgram, Sampler
from codeio_ops.sandbox.base import Program, RunResult, Verdict
from codeio_ops.testing.teachers import ScriptedSandbox
from support.json_values import number_of

PROGRAM = PendingProgram(
    program_id=UUID(int=5 << 96),
    language="python",
    entry_point="main_solution",
    main_function="main",
    input_generator="generator",
)
Script = Callable[[Program, Json], RunResult]


def _ok(value: Json) -> RunResult:
    return RunResult(verdict=Verdict.OK, value=value, wall_ms=1.0)


def _failed(verdict: Verdict) -> RunResult:
    return RunResult(verdict=verdict)


class Drawing:
    """Draws the given inputs in turn, the last one for ever, and answers by a function."""

    def __init__(self, inputs: Sequence[Any], answer: Callable[[Json], RunResult]) -> None:
        self._inputs, self._answer, self._drawn = inputs, answer, 0

    def __call__(self, program: Program, given_: Json) -> RunResult:
        if program.entry_point != "input_generator":
            return self._answer(given_)
        self._drawn += 1
        drawn = self._inputs[min(self._drawn, len(self._inputs)) - 1]
        return drawn if isinstance(drawn, RunResult) else _ok(drawn)


def _doubled(given_: Json) -> RunResult:
    return _ok(number_of(given_) * 2)


def _numbers(count: int) -> list[Json]:
    return [{"n": n} for n in range(count)]


def _sample(
    script: Script, confirming: Script | None = None, **changes: Any
) -> tuple[list[Pair] | Drop, ScriptedSandbox, ScriptedSandbox]:
    settings = Settings.model_validate({"home": Path("/nonexistent"), **changes})
    first, second = ScriptedSandbox(script), ScriptedSandbox(confirming or script)
    return Sampler(first, second, settings).sample(PROGRAM).outcome, first, second


def _reason(script: Script, **changes: Any) -> str:
    outcome, *_ = _sample(script, **changes)
    assert isinstance(outcome, Drop)
    return outcome.reason


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60), st.integers(1, 12))
def test_pairs_are_distinct_true_and_no_more_than_wanted(drawn: list[int], wanted: int) -> None:
    script = Drawing([{"n": n} for n in drawn], _doubled)
    outcome, *_ = _sample(script, pairs_per_program=wanted, min_pairs=1, max_draws=100)
    if isinstance(outcome, Drop):
        assert outcome.reason == "constant_output"
        assert min(wanted, len(set(drawn))) == 1
        return
    inputs = [number_of(pair.given) for pair in outcome]
    assert len(inputs) == len(set(inputs)) == min(wanted, len(set(drawn)))
    assert inputs == list(dict.fromkeys(drawn))[: len(inputs)]
    assert all(pair.output == 2 * number_of(pair.given) for pair in outcome)


def test_a_generator_that_repeats_itself_is_not_asked_for_ever() -> None:
    outcome, sandbox, _ = _sample(Drawing(_numbers(3), _doubled), max_draws=500)
    assert isinstance(outcome, list) and len(outcome) == 3
    drawn = sum(len(inputs) for program, inputs, _ in sandbox.jobs if program.code == "generator")
    assert drawn == 16 + 32 + 64 + 128


def test_a_generator_that_gives_something_new_now_and_then_is_asked_on() -> None:
    inputs: list[Json] = [{"n": draw // 100} for draw in range(500)]
    _, sandbox, _ = _sample(Drawing(inputs, _doubled), max_draws=500)
    drawn = sum(len(inputs) for program, inputs, _ in sandbox.jobs if program.code == "generator")
    assert drawn == 500


def _slowly(result: RunResult) -> RunResult:
    return replace(result, wall_ms=5_800.0)


def test_a_generator_that_waits_is_too_slow() -> None:
    outcome, sandbox, _ = _sample(Drawing([_slowly(_ok({"n": 1}))], _doubled))
    assert isinstance(outcome, Drop) and outcome.reason == "too_slow"
    assert len(sandbox.jobs) == 1


def test_a_program_that_waits_is_too_slow() -> None:
    waiting = Drawing(_numbers(100), lambda given_: _slowly(_failed(Verdict.EXCEPTION)))
    outcome, sandbox, _ = _sample(waiting)
    assert isinstance(outcome, Drop) and outcome.reason == "too_slow"
    assert len(sandbox.jobs) == 2


def test_a_program_that_has_its_pairs_by_then_keeps_them() -> None:
    slow = Drawing(_numbers(20), lambda given_: _slowly(_doubled(given_)))
    assert isinstance(_sample(slow)[0], list)


def test_a_higher_budget_lets_a_slow_program_try_on() -> None:
    def outcome(seconds: float) -> list[Pair] | Drop:
        slow = Drawing(_numbers(5), lambda given_: _slowly(_doubled(given_)))
        return _sample(slow, sample_wall_s=seconds)[0]

    assert outcome(20.0) == Drop(reason=DropReason.TOO_SLOW, detail="5 pairs by then")
    assert isinstance(outcome(300.0), list)


def test_each_draw_has_a_seed_of_its_own() -> None:
    _, sandbox, _ = _sample(Drawing(_numbers(3), _doubled), max_draws=200)
    ranges = [
        range(seed, seed + len(inputs))
        for program, inputs, seed in sandbox.jobs
        if program.code == "generator"
    ]
    seeds = [seed for each in ranges for seed in each]
    assert len(seeds) == len(set(seeds)) == 200
    assert seeds[0] == PROGRAM.seed == 5


def test_pairs_are_confirmed_in_another_order_and_seed() -> None:
    outcome, sandbox, confirming = _sample(Drawing(_numbers(10), _doubled))
    assert isinstance(outcome, list)
    ((_, inputs, seed),) = confirming.jobs
    assert inputs == [pair.given for pair in outcome][::-1]
    assert seed not in {job_seed for program, _, job_seed in sandbox.jobs if program.code == "main"}


def test_a_pair_that_comes_out_otherwise_is_nondeterministic() -> None:
    other = Drawing([], lambda given_: _ok(number_of(given_)))
    outcome, *_ = _sample(Drawing(_numbers(10), _doubled), other)
    assert outcome == Drop(reason=DropReason.NONDETERMINISTIC, detail="9 of 10 pairs")


def test_a_program_that_fails_when_confirmed_is_nondeterministic() -> None:
    outcome, *_ = _sample(
        Drawing(_numbers(10), _doubled), Drawing([], lambda _: _failed(Verdict.CRASHED))
    )
    assert isinstance(outcome, Drop) and outcome.reason == "nondeterministic"


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict.LOAD_ERROR, "load_error"),
        (Verdict.TIMEOUT, "timeout"),
        (Verdict.MEMORY_LIMIT, "memory_limit"),
        (Verdict.NOT_JSON, "not_json"),
        (Verdict.EXCEPTION, "too_few_pairs"),
    ],
)
def test_a_program_that_always_fails_is_dropped_for_that(verdict: Verdict, reason: str) -> None:
    assert _reason(Drawing(_numbers(20), lambda _: _failed(verdict)), max_draws=20) == reason


@pytest.mark.parametrize(
    ("output", "reason"),
    [(7, "constant_output"), ("x" * 200, "too_large"), (None, "too_few_pairs")],
)
def test_outputs_that_teach_nothing_are_dropped(output: Json, reason: str) -> None:
    assert _reason(Drawing(_numbers(20), lambda _: _ok(output)), max_draws=20) == reason


@pytest.mark.parametrize(
    "drawn", [[5], ["text"], [None], [{"n": "x" * 200}], [_failed(Verdict.EXCEPTION)]]
)
def test_a_generator_that_gives_no_input_ends_early(drawn: list[Json]) -> None:
    outcome, sandbox, _ = _sample(Drawing(drawn, _doubled))
    assert isinstance(outcome, Drop) and outcome.reason == "too_few_pairs"
    assert [program.code for program, *_ in sandbox.jobs] == ["generator"]


def test_a_program_that_keeps_timing_out_is_left_alone() -> None:
    script = Drawing(_numbers(1000), lambda _: _failed(Verdict.TIMEOUT))
    outcome, sandbox, _ = _sample(script)
    assert isinstance(outcome, Drop) and outcome.reason == "timeout"
    assert sum(program.code == "main" for program, *_ in sandbox.jobs) == 1
