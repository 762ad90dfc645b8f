"""Judging answers: outputs are compared, inputs are run, and the truth stays hidden."""

import json
from uuid import UUID

import pytest
from hypothesis import given

from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Program, RunResult, Verdict
from codeio_ops.testing.teachers import ScriptedSandbox
from codeio_ops.verify.answers import PendingResponse, judge
from codeio_ops.verify.verdicts import AnswerVerdict
from support.json_values import VALUES, number_of

V = AnswerVerdict


def _halves(_: Program, given_: Json) -> RunResult:
    assert isinstance(given_, dict)
    if "n" not in given_:
        return RunResult(
            verdict=Verdict.EXCEPTION, error_type="TypeError", error_message="missing n"
        )
    return RunResult(verdict=Verdict.OK, value=number_of(given_) // 2)


def _response(direction: str, body: str, output: Json = 4) -> PendingResponse:
    return PendingResponse(
        response_id=UUID(int=1),
        body=body,
        direction=direction,  # type: ignore[arg-type]
        input={"n": 8},
        output=output,
        program_id=UUID(int=2),
        language="python",
        entry_point="main_solution",
        main_function="",
    )


def _verdicts(*responses: PendingResponse) -> tuple[list[V], ScriptedSandbox]:
    sandbox = ScriptedSandbox(_halves)
    found = judge(list(responses), sandbox=sandbox, cpu_s=1.0)
    return [judgement.verdict for judgement in found], sandbox


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ('{"output": 4}', V.CORRECT),
        ('{"output": 4.0}', V.CORRECT),
        ('{"output": 5}', V.WRONG),
        ('{"output": "4"}', V.WRONG),
        ('{"result": 4}', V.FIELD_MISSING),
        ("It is four.", V.NO_JSON),
        ("", V.NO_JSON),
    ],
)
def test_a_predicted_output_is_compared(body: str, verdict: V) -> None:
    found, sandbox = _verdicts(_response("output", body))
    assert found == [verdict]
    assert sandbox.jobs == []


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ('{"input": {"n": 8}}', V.CORRECT),
        ('{"input": {"n": 9}}', V.CORRECT),
        ('{"input": {"n": 10}}', V.WRONG),
        ('{"input": {"m": 1}}', V.EXCEPTION),
        ('{"input": 8}', V.NOT_OBJECT),
        ('{"output": {"n": 8}}', V.FIELD_MISSING),
    ],
)
def test_a_predicted_input_is_run_and_any_feasible_one_is_right(body: str, verdict: V) -> None:
    found, sandbox = _verdicts(_response("input", body))
    assert found == [verdict]
    assert len(sandbox.jobs) == (verdict in (V.CORRECT, V.WRONG, V.EXCEPTION))


@given(VALUES)
def test_the_truth_itself_is_always_right(value: Json) -> None:
    body = f"So:\n```json\n{json.dumps({'output': value})}\n```"
    assert _verdicts(_response("output", body, output=value))[0] == [V.CORRECT]


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.OK])
def test_every_failure_of_a_program_is_a_verdict_on_the_input(verdict: Verdict) -> None:
    sandbox = ScriptedSandbox(lambda *_: RunResult(verdict=verdict, error_type="E"))
    (found,) = judge([_response("input", '{"input": {"n": 1}}')], sandbox=sandbox, cpu_s=1.0)
    assert (found.verdict.value, found.error_type) == (verdict.value, "E")
    assert found.answer == {"n": 1}


def test_inputs_of_one_program_run_in_one_job_and_keep_their_places() -> None:
    found, sandbox = _verdicts(
        _response("input", '{"input": {"n": 1}}'),
        _response("output", '{"output": 4}'),
        _response("input", "nothing"),
        _response("input", '{"input": {"n": 8}}'),
    )
    assert found == [V.WRONG, V.CORRECT, V.NO_JSON, V.CORRECT]
    assert [inputs for _, inputs, _ in sandbox.jobs] == [[{"n": 1}, {"n": 8}]]


def test_what_stands_in_the_prompt_is_never_the_answer() -> None:
    assert _response("output", "").shown == {"n": 8}
    assert _response("input", "").shown == 4
