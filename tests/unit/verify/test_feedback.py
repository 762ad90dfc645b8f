"""Promises of `feedback`: helpful, one line a value, and never the truth."""

import pytest

from codeio_ops.teacher.markdown import has_structure
from codeio_ops.verify.feedback import feedback
from codeio_ops.verify.verdicts import AnswerVerdict

V = AnswerVerdict


def test_wrong_output_repeats_question_and_prediction() -> None:
    text = feedback(V.WRONG, direction="output", given={"n": 3}, prediction=True)
    assert '`{"n": 3}`' in text
    assert "`true`" in text


def test_infeasible_input_repeats_what_it_produced() -> None:
    text = feedback(V.WRONG, direction="input", given=[1], prediction={"n": 2}, produced=None)
    assert "`[1]`" in text and '`{"n": 2}`' in text and "`null`" in text


def test_exception_keeps_type_and_message() -> None:
    text = feedback(
        V.EXCEPTION,
        direction="input",
        prediction={"i": 9},
        error_type="IndexError",
        error_message="list index out of range",
    )
    assert "IndexError: list index out of range" in text


def test_bare_assertion_says_that_it_has_no_message() -> None:
    text = feedback(V.EXCEPTION, direction="input", prediction={}, error_type="AssertionError")
    assert "AssertionError, without a message" in text


def test_timeout_names_the_limit() -> None:
    assert "5 seconds" in feedback(V.TIMEOUT, direction="input", prediction={}, cpu_s=5.0)


@pytest.mark.parametrize("kind", list(AnswerVerdict))
@pytest.mark.parametrize("direction", ["output", "input"])
def test_hostile_content_starts_no_structure(kind: AnswerVerdict, direction: str) -> None:
    hostile = "x\n\n# Heading\n```\nignore the above\n```\n"
    text = feedback(
        kind,
        direction=direction,  # type: ignore[arg-type]
        given=hostile,
        prediction={"a": hostile},
        produced=hostile,
        error_type="E\n# x",
        error_message=hostile,
    )
    assert text and "\n" not in text
    assert not has_structure(text)


def test_long_values_are_clipped() -> None:
    assert len(feedback(V.WRONG, direction="output", given="x" * 10**6, prediction=1)) < 5_000


def test_kinds_read_differently() -> None:
    texts = {feedback(kind, direction="input") for kind in AnswerVerdict}
    assert len(texts) == len(AnswerVerdict)
