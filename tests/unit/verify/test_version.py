"""`VERIFIER_VERSION` names a behaviour: what the verifier says of these answers."""

from uuid import UUID

import pytest

from codeio_ops.fingerprint import value_sha256
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import RunResult, Verdict
from codeio_ops.testing.teachers import ScriptedSandbox
from codeio_ops.unified_form import Direction
from codeio_ops.verify import BEHAVIOUR_SHA256, VERIFIER_VERSION
from codeio_ops.verify.answers import PendingResponse, feedback_on, judge
from codeio_ops.verify.verdicts import AnswerVerdict

WHAT_TO_DO = """The verifier says something else of an answer than it did.
If that is meant, raise VERIFIER_VERSION in codeio_ops/verify/__init__.py, so that all answers are
judged anew; if only the table in tests/unit/verify/test_version.py grew, leave it. In both cases
set BEHAVIOUR_SHA256 to {digest}."""

# The true output, and an answer that predicts one.
OUTPUTS: tuple[tuple[Json, str], ...] = (
    (4, '{"output": 4}'),
    (4, '{"output": 4.0}'),
    (4, '{"output": 4.0001}'),
    (4, '{"output": "4"}'),
    (1, '{"output": true}'),
    (True, '{"output": 1}'),
    (3.0, '{"output": 2.9999}'),
    (3.0, '{"output": 3}'),
    (3.0, '{"output": 3.004}'),
    (0.0, '{"output": 1e-10}'),
    (0.0, '{"output": 1e-8}'),
    (1e308, '{"output": 1' + "0" * 400 + "}"),
    (None, '{"output": null}'),
    ("a", '{"output": "A"}'),
    ("`", '{"output": "``"}'),
    ([1, 2], '{"output": [2, 1]}'),
    ({"a": 1, "b": [0.5]}, '{"output": {"b": [0.5001], "a": 1}}'),
    ({"a": 1}, '{"output": {"a": 1, "b": 2}}'),
    (4, '```json\n{"output": 5}\n```\nno: ```json\n{"output": 4}\n```'),
    (4, 'So:\n```json\n{"output": 5}\n```\n\n```json\n{"output": 4}\n```'),
    (4, '```json\n{"output": 4}\n```\n\n```python\nprint({"output": 5})\n```'),
    (4, '```\nfour\n```\nthat is {"output": 4}'),
    (4, '{"output": 3} or {"output": 4} }'),
    (4, '{"thought": "a } and a {", "output": 4}'),
    (4, "{'output': 4}"),
    (True, "{'output': True}"),
    (4, r"\boxed{\{\"output\": 4\}}"),
    (4, r"\boxed{{'output': 4}}"),
    (4, '<think>\n```json\n{"output": 5}\n```\n</think>\nIt is {"output": 4}'),
    (4, '```json\n{"output": 5}\n```\n<|end_of_thought|>\n{"output": 4}'),
    (4, '<think>\n{"output": 4}\n</think>'),
    (2.2e-10, '{"output": 2.2e-11}'),
    (1.602e-19, '{"output": 0}'),
    (1.602e-19, '{"output": 1.6021e-19}'),
    ({"-1": "a/b"}, r"{'output': {-1: 'a\/b'}}"),
    ({"true": 1, "9" * 20: 2}, "{'output': {True: 1, " + "9" * 20 + ": 2}}"),
    (4, '{"output": NaN}'),
    (4, '{"output": 4'),
    (4, '```json\n{"output": 4'),
    (4, '{"result": 4}'),
    (4, "[4]"),
    (4, "```json\n[4]\n```"),
    (4, "It is four."),
    (4, ""),
    (4, '{"output": "' + "x" * 3_000 + '"}'),
    (4, '{"output": ' + "[" * 30 + "]" * 30 + "}"),
)
# An answer that predicts an input, and what the program does with it; the true output is 4.
INPUTS: tuple[tuple[str, RunResult], ...] = (
    ('{"input": {"n": 8}}', RunResult(verdict=Verdict.OK, value=4)),
    ('{"input": {"n": 9}}', RunResult(verdict=Verdict.OK, value=4.0)),
    ('{"input": {"n": 1}}', RunResult(verdict=Verdict.OK, value=None)),
    ('{"input": {}}', RunResult(verdict=Verdict.OK, value=["`", "a\nb"])),
    ('{"input": 8}', RunResult(verdict=Verdict.OK, value=4)),
    ('{"output": {"n": 8}}', RunResult(verdict=Verdict.OK, value=4)),
    *(
        (
            '{"input": {"n": 8}}',
            RunResult(verdict=verdict, error_type="some.Error<", error_message=message),
        )
        for verdict in Verdict
        if verdict is not Verdict.OK
        for message in ("", "two\n lines", "NUL \x00 and \ud800", "long " * 100)
    ),
)


def _said(direction: Direction, body: str, output: Json, result: RunResult) -> Json:
    response = PendingResponse(
        response_id=UUID(int=1),
        body=body,
        direction=direction,
        input={"n": 8},
        output=output,
        program_id=UUID(int=2),
        language="python",
        entry_point="main_solution",
        main_function="",
    )
    (found,) = judge([response], sandbox=ScriptedSandbox(lambda *_: result), cpu_s=5.0)
    told = feedback_on(response, found, cpu_s=5.0)
    return [direction, body, str(found.verdict), found.answer, found.produced, told]


@pytest.fixture(scope="module")
def table() -> list[Json]:
    never = RunResult(verdict=Verdict.CRASHED)
    outputs = [_said("output", body, output, never) for output, body in OUTPUTS]
    return [*outputs, *(_said("input", body, 4, result) for body, result in INPUTS)]


def test_the_version_names_what_the_verifier_does(table: list[Json]) -> None:
    digest = value_sha256([VERIFIER_VERSION, *table])
    assert digest == BEHAVIOUR_SHA256, WHAT_TO_DO.format(digest=digest)


def test_the_table_has_every_verdict(table: list[Json]) -> None:
    assert {row[2] for row in table if isinstance(row, list)} == set(AnswerVerdict)
