"""Promises of `parse_transform`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.reasons import DropReason
from codeio_ops.teacher.parsing import ProgramParts, Refusal, parse_transform

MAIN = "def main_solution(n: int, word: str) -> int:\n    return n"
GENERATOR = "import random\n\ndef input_generator():\n    return {'n': 1, 'word': 'a'}"
DESCRIPTION = "Input:\n\n- `n` (int): a number\n- `word` (str): a word\n\nOutput:\n\n- (int): n"
STATEMENT = "Given n and a word, what is n?"


def reply(
    main: str = MAIN,
    description: str = DESCRIPTION,
    generator: str = GENERATOR,
    statement: str = STATEMENT,
) -> str:
    return (
        f"Here you are.\n\n## Main Function\n\n```python\n{main}\n```\n\n"
        f"## Input Output Description\n\n{description}\n\n"
        f"## Input Generator\n\n```python\n{generator}\n```\n\n"
        f"## Problem Statement\n\n{statement}\n"
    )


def test_four_parts_are_read() -> None:
    assert parse_transform(reply()) == ProgramParts(
        main_function=MAIN,
        io_description=DESCRIPTION,
        input_generator=GENERATOR,
        problem_statement=STATEMENT,
    )


def test_last_python_block_of_a_section_counts() -> None:
    text = reply().replace("## Input Output", f"```python\nX = 1\n{MAIN}\n```\n\n## Input Output")
    parts = parse_transform(text)
    assert isinstance(parts, ProgramParts)
    assert parts.main_function.startswith("X = 1")


def test_headings_inside_code_are_code() -> None:
    parts = parse_transform(reply(main=f"# comment\n## Problem Statement\n{MAIN}"))
    assert isinstance(parts, ProgramParts)
    assert parts.problem_statement == STATEMENT


@pytest.mark.parametrize(
    ("text", "reason", "word"),
    [
        ("## Refused\n\nneeds_io: reads a file", DropReason.REFUSED, "needs_io: reads a file"),
        ("Sorry.\n\n## Refused\n\nrandom: x", DropReason.REFUSED, "random"),
        ("", DropReason.BAD_FORMAT, "section missing: main function"),
        (reply().split("## Problem")[0], DropReason.BAD_FORMAT, "problem statement"),
        (reply()[:60], DropReason.TRUNCATED, "inside a fenced block"),
        (reply(main="x = 1"), DropReason.NO_FUNCTION, "main_solution"),
        (reply(main="if 1:\n  def main_solution(n): pass"), DropReason.NO_FUNCTION, "main"),
        (reply(main="async def main_solution(n): pass"), DropReason.NO_FUNCTION, "main"),
        (reply(main="def main_solution(): pass"), DropReason.BAD_FORMAT, "no argument"),
        (reply(main="def main_solution(*n): pass"), DropReason.BAD_FORMAT, "by their names"),
        (reply(main="def main_solution(n, /): pass"), DropReason.BAD_FORMAT, "by their names"),
        (reply(main="def main_solution(n:"), DropReason.BAD_FORMAT, "does not parse"),
        (reply(main="(" * 5_000), DropReason.BAD_FORMAT, "does not parse"),
        (reply(main=MAIN + "\x00"), DropReason.BAD_FORMAT, "NUL"),
        (reply(generator="def f(): pass"), DropReason.NO_FUNCTION, "input_generator"),
        (reply(generator="def input_generator(n): pass"), DropReason.BAD_FORMAT, "without arg"),
        (reply(statement="Compute n from the word."), DropReason.BAD_FORMAT, "wh-question"),
        (reply(statement="What? n."), DropReason.BAD_FORMAT, "'word'"),
        (reply(statement="What is the word?"), DropReason.BAD_FORMAT, "'n'"),
        (reply(statement=f"{STATEMENT}\n\n### More"), DropReason.BAD_FORMAT, "headings"),
        (reply(statement=f"{STATEMENT}\n\n> # More"), DropReason.BAD_FORMAT, "headings"),
        (reply(statement=f"{STATEMENT}\n\n```\nx\n```"), DropReason.BAD_FORMAT, "fences"),
        (reply(description="```\nx\n```"), DropReason.BAD_FORMAT, "fences"),
        (reply(description=""), DropReason.BAD_FORMAT, "section empty"),
        (reply().replace("```python", "```ruby"), DropReason.BAD_FORMAT, "no python block"),
        (reply(statement="What n, word? " + "x" * 500_000), DropReason.BAD_FORMAT, "too long"),
    ],
)
def test_faulty_reply_has_a_reason(text: str, reason: DropReason, word: str) -> None:
    refusal = parse_transform(text)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason
    assert word in refusal.detail


def test_optional_arguments_of_the_generator_are_fine() -> None:
    text = reply(generator="def input_generator(size=3, *, seed=0):\n    return {}")
    assert isinstance(parse_transform(text), ProgramParts)


def test_odd_escapes_in_code_raise_no_warning() -> None:
    assert isinstance(parse_transform(reply(main=f'X = "\\d"\n{MAIN}')), ProgramParts)


@given(st.text(max_size=300) | st.text("#`\n mainputgrPSM", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert isinstance(parse_transform(text), Refusal)
