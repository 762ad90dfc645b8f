"""Every answer a teacher can send gets a verdict with feedback; no answer is a crash."""

import json
from typing import cast
from uuid import UUID

import pytest

from codeio_ops.sandbox.base import Sandbox
from codeio_ops.verify.answers import PendingResponse, judge
from codeio_ops.verify.feedback import feedback
from codeio_ops.verify.verdicts import AnswerVerdict

BAD = {
    "no_json": ("The result is three.", AnswerVerdict.NO_JSON),
    "two_jsons_last_wrong": ('{"output": 3} or rather {"output": 4}', AnswerVerdict.WRONG),
    "two_jsons_last_right": ('{"output": 4} or rather {"output": 3}', AnswerVerdict.CORRECT),
    "wrong_field": ('{"input": {"n": 1}}', AnswerVerdict.FIELD_MISSING),
    "not_object": ("```json\n[3]\n```", AnswerVerdict.NOT_OBJECT),
    "nan": ('{"output": NaN}', AnswerVerdict.NO_JSON),
    "huge_integer": ('{"output": ' + "9" * 1_000_000 + "}", AnswerVerdict.NO_JSON),
    "deep": ('{"output": ' + "[" * 10_000 + "]" * 10_000 + "}", AnswerVerdict.NO_JSON),
    "not_utf8": (b'{"output": "\xff\xfe"}'.decode(errors="replace"), AnswerVerdict.WRONG),
    "empty_value": ('{"output": null}', AnswerVerdict.WRONG),
    "long_text": ('{"output": "' + "x" * 50_000 + '"}', AnswerVerdict.WRONG),
}


@pytest.mark.parametrize(("body", "verdict"), BAD.values(), ids=BAD)
def test_a_bad_output_gets_a_verdict_with_feedback(body: str, verdict: AnswerVerdict) -> None:
    response = PendingResponse(
        response_id=UUID(int=0),
        body=body,
        direction="output",
        input={"n": 1},
        output=3,
        program_id=UUID(int=0),
        language="python",
        entry_point="main_solution",
        main_function="",
    )
    (found,) = judge([response], sandbox=cast(Sandbox, None), cpu_s=1.0)
    assert found.verdict is verdict
    told = feedback(found.verdict, direction="output", given={"n": 1}, prediction=found.answer)
    assert told.endswith(".")
    assert len(told) < 5_000
    json.dumps(told).encode()
