"""One request of each kind to the teacher in use: does it answer, how fast, for how much."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from codeio_ops.errors import TeacherUnavailable
from codeio_ops.jsonvalue import Json
from codeio_ops.teacher.faults import RATE_CURE
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall, Message, Request
from codeio_ops.teacher.parsing import Refusal, parse_transform, refusal_drop
from codeio_ops.teacher.prompting import (
    PredictTask,
    predict_prompt,
    revision_messages,
    transform_prompt,
)
from codeio_ops.verify.compare import same_value
from codeio_ops.verify.extract import NoAnswer, extract_answer
from codeio_ops.verify.feedback import feedback
from codeio_ops.verify.verdicts import AnswerVerdict

if TYPE_CHECKING:
    from codeio_ops.teacher.client import Teacher

_FILE = '''\
def digit_sum(n):
    """Add the decimal digits of n."""
    total = 0
    while n > 0:
        total += n % 10
        n //= 10
    return total


print(digit_sum(4071), digit_sum(93), digit_sum(5))
'''
_CODE = _FILE.partition("\n\n\n")[0].replace("digit_sum", "main_solution")
_GIVEN: Json = {"n": 4071}
_OUTPUT = 12
_WRONG = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCall:
    """What one request gave.

    Attributes:
        kind: transform, answer or revise.
        latency_ms: From sending to the last byte, retries included.
        prompt_tokens: As reported.
        completion_tokens: As reported.
        cost_usd: Price in dollars, as text; empty when it is not known.
        result: What the platform's own parser and verifier say of the reply.
        usable: Whether the pipeline would go on with it.
    """

    kind: str
    latency_ms: float
    prompt_tokens: int
    completion_tokens: int
    cost_usd: str
    result: str
    usable: bool


def check_teacher(teacher: "Teacher") -> Iterator[CheckedCall]:
    """Send three requests, one after the other.

    Raises:
        TeacherUnavailable: the endpoint is down, too slow, or only gives server errors.
        TeacherRefused: it refuses the key, the model or the account.
    """
    task = PredictTask(
        direction="output",
        problem_statement="What is the sum of the decimal digits of `n`?",
        io_description="Input:\n- `n` (int): a number from 0 to 9999\n\nOutput:\n- (int): the sum",
        reference_code=_CODE,
        given=_GIVEN,
    )
    prompt = predict_prompt(task)
    wrong = f'The digits add up to 13.\n\n```json\n{{"output": {_WRONG}}}\n```'
    told = feedback(AnswerVerdict.WRONG, direction="output", given=_GIVEN, prediction=_WRONG)
    conversations = {
        "transform": [Message(role="user", content=transform_prompt(_FILE))],
        "answer": [Message(role="user", content=prompt)],
        "revise": revision_messages(prompt, (wrong, told)),
    }
    for kind, messages in conversations.items():
        (result,) = teacher.complete_all([Request(key=kind, messages=tuple(messages))])
        if isinstance(result, FailedCall) and result.reason is CallFailure.RATE_LIMITED:
            raise TeacherUnavailable(f"the teacher is {result.detail}", cure=RATE_CURE)
        yield _checked(kind, result)


def _checked(kind: str, result: Completion | FailedCall) -> CheckedCall:
    if isinstance(result, FailedCall):
        said, usable = f"{result.reason}: {result.detail}", False
    else:
        said, usable = _program(result.text) if kind == "transform" else _answer(result.text)
    cost: Decimal | None = result.cost_usd
    return CheckedCall(
        kind=kind,
        latency_ms=round(result.latency_ms, 1),
        prompt_tokens=result.prompt_tokens,
        completion_tokens=result.completion_tokens,
        cost_usd="" if cost is None else f"{cost:f}",
        result=said,
        usable=usable,
    )


def _program(text: str) -> tuple[str, bool]:
    parts = parse_transform(text)
    if isinstance(parts, Refusal):
        drop = refusal_drop(parts)
        return f"{drop.word}: {drop.detail}", False
    return "a program", True


def _answer(text: str) -> tuple[str, bool]:
    found = extract_answer(text, "output")
    if isinstance(found, NoAnswer):
        return str(found.kind), False
    return ("right" if same_value(found.value, _OUTPUT) else "wrong"), True
