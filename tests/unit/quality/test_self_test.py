"""The self-test alters truths into values that are really wrong, and notices a bad pair."""

from dataclasses import replace
from uuid import uuid4

from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.quality.mutations import wrong_values
from codeio_ops.quality.self_test import self_test
from codeio_ops.sample.recheck import StoredPair
from codeio_ops.sandbox.base import Program, RunResult, Verdict
from codeio_ops.testing.teachers import ScriptedSandbox
from support.json_values import number_of


def _pair(given_: Json, output: Json) -> StoredPair:
    return StoredPair(
        io_pair_id=uuid4(),
        input=given_,
        output=output,
        program_id=uuid4(),
        language="python",
        entry_point="main_solution",
        main_function="",
    )


def _doubles(_: Program, given_: Json) -> RunResult:
    return RunResult(verdict=Verdict.OK, value=number_of(given_) * 2)


def test_true_pairs_are_all_judged_rightly() -> None:
    pairs = [_pair({"n": n}, 2 * n) for n in range(5)]
    report = self_test(pairs, sandbox=ScriptedSandbox(_doubles), cpu_s=1.0)
    assert report.misjudged == {}
    assert report.answers == sum(2 + len(list(wrong_values(pair.output))) for pair in pairs)


def test_a_pair_that_the_program_does_not_give_is_reported() -> None:
    good, bad = _pair({"n": 1}, 2), _pair({"n": 1}, 3)
    report = self_test([good, bad], sandbox=ScriptedSandbox(_doubles), cpu_s=1.0)
    assert report.misjudged == {bad.io_pair_id: [f"{bad.io_pair_id} true input: wrong"]}


def test_a_program_that_fails_now_is_reported() -> None:
    sandbox = ScriptedSandbox(lambda *_: RunResult(verdict=Verdict.TIMEOUT))
    pair = _pair({"n": 1}, 2)
    report = self_test([pair], sandbox=sandbox, cpu_s=1.0)
    assert report.misjudged == {pair.io_pair_id: [f"{pair.io_pair_id} true input: timeout"]}


def test_a_program_is_loaded_once_for_all_its_pairs() -> None:
    first = _pair({"n": 1}, 2)
    second = replace(first, io_pair_id=uuid4(), input={"n": 4}, output=8)
    sandbox = ScriptedSandbox(_doubles)
    self_test([first, second], sandbox=sandbox, cpu_s=1.0)
    assert [[canonical(item) for item in inputs] for _, inputs, _ in sandbox.jobs] == [
        ['{"n":1}', '{"n":4}']
    ]
