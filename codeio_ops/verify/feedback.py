"""Feedback on an answer, as the teacher and later the trained model read it.

It never holds the truth: on a wrong output it repeats what was given and what was
predicted, on an infeasible input what that input really produced. Every value stands on one
line in inline code, so nothing in it can start a heading or a fence.

Source: arXiv 2502.07316, section 2.4, for the kinds; the words are our own.
"""

import json
import re

from codeio_ops.jsonvalue import Json
from codeio_ops.unified_form import Direction
from codeio_ops.verify.verdicts import AnswerVerdict

MAX_VALUE_CHARS = 2_000
MAX_ERROR_CHARS = 300


def feedback(
    kind: AnswerVerdict,
    *,
    direction: Direction,
    given: Json = None,
    prediction: Json = None,
    produced: Json = None,
    error_type: str = "",
    error_message: str = "",
    cpu_s: float = 5.0,
) -> str:
    """Say what became of an answer.

    Args:
        kind: The verdict.
        direction: What was to be predicted.
        given: The half of the pair that stands in the prompt (never the other one).
        prediction: The answer, for verdicts that have one.
        produced: What the predicted input really gave, for `wrong` inputs.
        error_type: Class of the exception, for `exception`, `load_error` and `not_json`.
        error_message: Text of the exception, untrusted.
        cpu_s: CPU seconds a call may use, for `timeout`.
    """
    match kind:
        case AnswerVerdict.CORRECT:
            return _success(direction)
        case AnswerVerdict.WRONG if direction == "output":
            return (
                f"Your output is wrong. For the input {_value(given)} you predicted "
                f"{_value(prediction)}, and that is not what the function returns."
            )
        case AnswerVerdict.WRONG:
            return (
                f"Your input is not feasible. The output should be {_value(given)}, but "
                f"{_value(prediction)} gives {_value(produced)}."
            )
        case AnswerVerdict.NO_JSON | AnswerVerdict.NOT_OBJECT | AnswerVerdict.FIELD_MISSING:
            return _unreadable(kind, direction)
        case _:
            failure = _failure(kind, _error(error_type, error_message), cpu_s)
            return f"Your input {_value(prediction)} does not work: {failure}"


def _success(direction: Direction) -> str:
    if direction == "output":
        return "Your output is correct."
    return "Your input is feasible: it leads to the given output."


def _unreadable(kind: AnswerVerdict, direction: Direction) -> str:
    if kind is AnswerVerdict.NO_JSON:
        return "Your answer does not end with a complete and valid JSON object."
    if kind is AnswerVerdict.NOT_OBJECT:
        return "The JSON value at the end of your answer is not an object."
    return f'The JSON object at the end of your answer has no field "{direction}".'


def _failure(kind: AnswerVerdict, error: str, cpu_s: float) -> str:
    match kind:
        case AnswerVerdict.EXCEPTION:
            return f"the function raised {error}."
        case AnswerVerdict.TIMEOUT:
            return (
                f"the function had not finished after {cpu_s:g} seconds; it may never finish "
                "with such an input."
            )
        case AnswerVerdict.MEMORY_LIMIT:
            return "the function used more memory than it may."
        case AnswerVerdict.OUTPUT_LIMIT:
            return "the function returned far too long a value."
        case AnswerVerdict.NOT_JSON:
            return f"the function returned a value that is not JSON ({error})."
        case AnswerVerdict.LOAD_ERROR:
            return f"the program could not be loaded ({error})."
        case _:
            return "the function ended abnormally, without returning a value."


def _error(error_type: str, error_message: str) -> str:
    kind = re.sub(r"\W", "", error_type) or "an error"
    message = _clipped(" ".join(error_message.split()), MAX_ERROR_CHARS)
    return f"{kind}: {message}" if message else f"{kind}, without a message"


def _value(value: Json) -> str:
    return _inline_code(_clipped(json.dumps(value, ensure_ascii=False), MAX_VALUE_CHARS))


def _inline_code(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    bar = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{bar}{pad}{text}{pad}{bar}"


def _clipped(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"
