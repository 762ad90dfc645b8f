"""Promises of `extract_answer`, with the faults of the reference implementation as cases."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.jsonvalue import Json
from codeio_ops.verify.extract import Answer, NoAnswer, extract_answer
from codeio_ops.verify.verdicts import AnswerVerdict
from support.json_values import values

# Keys that look like the fences and quotes around an answer.
JSON_VALUES = values(st.text("ab{}`'\"\\", max_size=4))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"output": 3}', 3),
        ('So:\n```json\n{"output": [1, 2]}\n```\n', [1, 2]),
        ('```json\n{"output": 1}\n```\nand then\n```json\n{"output": 2}\n```', 2),
        ('```json\n{"output": 7}\n```\n```python\nprint({"a": 1})\n```', 7),
        ('```python\nx = f(1)\n```\nThe answer is {"output": 5}.', 5),
        ('```\n{"output": 4}\n```', 4),
        ('```json\nAnswer: {"output": 4}\n```', 4),
        ('```json\n{"output": 4}', 4),
        ('~~~json\n{"output": 4}\n~~~', 4),
        ('  - item\n    ```json\n    {"output": 4}\n    ```', 4),
        ("```json\n{'output': True}\n```", True),
        ("{'output': None}", None),
        ("{'output': (1, 2)}", [1, 2]),
        ("{'output': true, 'x': null}", True),
        ("{'output': {1: 'a'}}", {"1": "a"}),
        ("```json\n{'output': {-1: 'a'}}\n```", {"-1": "a"}),
        (
            "{'output': {True: 1, None: 2, -0.5: {-2: +3}}}",
            {"true": 1, "null": 2, "-0.5": {"-2": 3}},
        ),
        ("{'output': {99999999999999999999: 'a', 0x10: 'b'}}", {"9" * 20: "a", "16": "b"}),
        (
            r"""{"output": ["a\/b", "\\/", "\ud83d\ude00"], "x": None}""",
            ["a/b", "\\/", "\U0001f600"],
        ),
        ('{"output": -1.5e3}', -1500.0),
        (r"\boxed{\{" + '"output": 5' + r"\}}", 5),
        (r'$\boxed{{"output": 5}}$', 5),
        ('{"steps": {"output": 1}, "output": {"a": {"b": 2}}}', {"a": {"b": 2}}),
    ],
)
def test_answer_is_found_wherever_it_stands(text: str, expected: Json) -> None:
    assert extract_answer(text, "output") == Answer(value=expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('A set starts with { as you know. {"output": 3}', 3),
        ('Here } and { there: {"output": 3} and so on }', 3),
        ('{"output": "a}b{c"}', "a}b{c"),
        ("""{'output': 'a}b'}""", "a}b"),
        ('{"output": "say \\"}\\" now"}', 'say "}" now'),
        ("it's a { lone brace, don't worry {'output': 'isn\\'t'} isn't", "isn't"),
        ('use { and say "hi {"output": 1}', 1),
    ],
)
def test_braces_in_prose_and_in_strings_are_left_alone(text: str, expected: Json) -> None:
    assert extract_answer(text, "output") == Answer(value=expected)


DRAFT = '```json\n{"output": 1}\n```\nno, the loop runs once more\n'
ENDS_OF_THINKING = (
    "</Think >", "</thinking>", "</thoughts>", "</seed:think>", "</reasoning>", "</scratchpad>",
    "</reasoning>", "<|/think|>", "<|end_of_thought|>", "<|END_THINKING|>", "<unused95>",
    "\u25c1/think\u25b7",
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f'<think>\n{DRAFT}</think>\nSo the result is {{"output": 2}}',
        f'{DRAFT}</think>\nThe result: {{"output": 2}}',
        f'<think>\n{DRAFT}</think>\n```json\n{{"output": 2}}\n```',
        f'<think>\n{DRAFT}</think>\n<think>\n{DRAFT}</think>\n\\boxed{{{{"output": 2}}}}',
        f'[THINK]\n{DRAFT}[/THINK]{{"output": 2}}',
        f'<|channel|>analysis<|message|>\n{DRAFT}<|channel|>final<|message|>{{"output": 2}}',
        f'{DRAFT}<|channel|>final <|constrain|>json<|message|>{{"output": 2}}',
        *(f'{DRAFT}{end}{{"output": 2}}' for end in ENDS_OF_THINKING),
        '<think>\nIt is {"output": 2}</think>',
        '<think>hm</think>\n```json\n{"output": 2}\n```\nas I said in <think> and </think>.',
    ],
)
def test_the_answer_after_the_thinking_beats_the_draft_in_it(text: str) -> None:
    assert extract_answer(text, "output") == Answer(value=2)


def test_a_tag_inside_the_answer_ends_no_thinking() -> None:
    assert extract_answer('{"output": "</think>"}', "output") == Answer(value="</think>")


@pytest.mark.parametrize("content", ["True or None", "f(x) is {None}", "(a, b) [False]", "it's"])
def test_content_of_strings_is_never_altered(content: str) -> None:
    assert extract_answer(json.dumps({"output": content}), "output") == Answer(value=content)
    assert extract_answer(repr({"output": content, "n": None}), "output") == Answer(value=content)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", AnswerVerdict.NO_JSON),
        ("I do not know.", AnswerVerdict.NO_JSON),
        ("the set {a, b}", AnswerVerdict.NO_JSON),
        ('{"output": ', AnswerVerdict.NO_JSON),
        ('{"output": NaN}', AnswerVerdict.NO_JSON),
        ('{"output": -Infinity}', AnswerVerdict.NO_JSON),
        ('{"output": 1e999}', AnswerVerdict.NO_JSON),
        ('{"output": 9223372036854775808}', AnswerVerdict.NO_JSON),
        ('{"output": "\\u0000"}', AnswerVerdict.NO_JSON),
        ('{"output": "\\ud800"}', AnswerVerdict.NO_JSON),
        ('{"output": __import__("os")}', AnswerVerdict.NO_JSON),
        ('{"output": "\\ud800", "x": None}', AnswerVerdict.NO_JSON),
        ("{'output': {(1, 2): 3}}", AnswerVerdict.NO_JSON),
        ("{'output': {-True: 3}}", AnswerVerdict.NO_JSON),
        ("{'output': {1e400: 3}}", AnswerVerdict.NO_JSON),
        ("{'output': {0x" + "f" * 5_000 + ": 3}}", AnswerVerdict.NO_JSON),
        ("```json\n{broken\n```", AnswerVerdict.NO_JSON),
        ("```json\n[1, 2]\n```", AnswerVerdict.NOT_OBJECT),
        (r"\boxed{5}", AnswerVerdict.NOT_OBJECT),
        ('{"input": {"n": 1}}', AnswerVerdict.FIELD_MISSING),
        ("{}", AnswerVerdict.FIELD_MISSING),
    ],
)
def test_missing_answer_has_a_kind(text: str, kind: AnswerVerdict) -> None:
    assert extract_answer(text, "output") == NoAnswer(kind=kind)


@pytest.mark.parametrize(
    "text",
    [
        '{"output": ' + "9" * 1_000_000 + "}",
        '{"output": ' + "[" * 10_000 + "]" * 10_000 + "}",
        '{"output":' * 10_000 + "1" + "}" * 10_000,
        "{" * 2_000_000,
        "}" * 2_000_000,
        "{}" * 500_000 + "[",
        '{"' * 500_000,
        "{'" * 500_000,
        '{"\\"' * 300_000,
        "```\n" * 300_000,
        "`" * 1_000_000,
        "\\boxed{" * 200_000,
        "{" * 500_000 + "}" * 500_000,
        "-" * 1_000_000,
        "```json\n" + "(" * 90_000,
        "```json\n" + "-" * 90_000 + "1",
    ],
    ids=lambda text: f"{text[:12]!r}x{len(text)}",
)
def test_hostile_reply_is_read_in_linear_time(text: str) -> None:
    started = time.process_time()
    extract_answer(text, "output")
    assert time.process_time() - started < 10


@given(JSON_VALUES, st.text("abc {}\n'\".", max_size=40))
def test_any_json_answer_survives_prose_around_it(value: Json, prose: str) -> None:
    text = f"{prose}\n\n```json\n{json.dumps({'output': value}, ensure_ascii=False)}\n```\n"
    assert extract_answer(text, "output") == Answer(value=value)


@given(JSON_VALUES)
def test_python_literals_read_like_json(value: Json) -> None:
    assert extract_answer(repr({"output": value}), "output") == Answer(value=value)


@given(st.text(max_size=300))
def test_any_text_gives_an_answer_or_a_kind(text: str) -> None:
    assert isinstance(extract_answer(text, "output"), Answer | NoAnswer)
