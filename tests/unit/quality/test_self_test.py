"""The self-test alters truths into values that are really wrong, and notices a bad pair."""

import json
from dataclasses import replace
from uuid import uuid4

from hypothesis import example, given

from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.quality.self_test import PairToTest, altered, self_test
from codeio_ops.sandbox.base import Program, RunResult, Verdict
from codeio_ops.testing import ScriptedSandbox
from codeio_ops.verify.compare import same_value
from support.json_values import VALUES


def _pair(given_: Json, output: Json) -> PairToTest:
    return PairToTest(
        io_pair_id=uuid4(),
        input=given_,
        output=output,
        program_id=uuid4(),
        language="python",
        entry_point="main_solution",
        main_function="",
    )


def _doubles(_: Program, given_: Json) -> RunResult:
    assert isinstance(given_, dict)
    return RunResult(verdict=Verdict.OK, value=given_["n"] * 2)  # type: ignore[operator]


@given(VALUES)
@example(-1.0)
@example(-0.0)
@example([1.0, 1.0005])
@example([[0.5], [0.5001]])
@example({})
def test_no_alteration_of_a_value_is_acceptable_in_its_place(value: Json) -> None:
    for label, other in altered(value):
        assert not same_value(other, value), label


@given(VALUES)
def test_every_value_is_altered_and_stays_json(value: Json) -> None:
    found = list(altered(value))
    assert found
    assert len({label for label, _ in found}) == len(found)
    for _, other in found:
        json.dumps(other)
    assert value is None or (("null", None) in found)


def test_a_list_in_another_order_is_tried() -> None:
    assert ("reversed", [3, 1]) in list(altered([1, 3]))
    assert "reversed" not in dict(altered([2, 2]))


def test_true_pairs_are_all_judged_rightly() -> None:
    pairs = [_pair({"n": n}, 2 * n) for n in range(5)]
    report = self_test(pairs, sandbox=ScriptedSandbox(_doubles), cpu_s=1.0)
    assert report.misjudged == ()
    assert report.answers == sum(2 + len(list(altered(pair.output))) for pair in pairs)


def test_a_pair_that_the_program_does_not_give_is_reported() -> None:
    good, bad = _pair({"n": 1}, 2), _pair({"n": 1}, 3)
    report = self_test([good, bad], sandbox=ScriptedSandbox(_doubles), cpu_s=1.0)
    assert report.misjudged == (f"{bad.io_pair_id} true input: wrong",)


def test_a_program_that_fails_now_is_reported() -> None:
    sandbox = ScriptedSandbox(lambda *_: RunResult(verdict=Verdict.TIMEOUT))
    report = self_test([_pair({"n": 1}, 2)], sandbox=sandbox, cpu_s=1.0)
    assert [line.partition(" ")[2] for line in report.misjudged] == ["true input: timeout"]


def test_a_program_is_loaded_once_for_all_its_pairs() -> None:
    first = _pair({"n": 1}, 2)
    second = replace(first, io_pair_id=uuid4(), input={"n": 4}, output=8)
    sandbox = ScriptedSandbox(_doubles)
    self_test([first, second], sandbox=sandbox, cpu_s=1.0)
    assert [[canonical(item) for item in inputs] for _, inputs, _ in sandbox.jobs] == [
        ['{"n":1}', '{"n":4}']
    ]
