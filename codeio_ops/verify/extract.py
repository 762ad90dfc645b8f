r"""Finding the answer in a reply: a JSON object, somewhere in prose.

The ladder: the last fenced block marked `json`; else the last fenced block; else the last
balanced `{...}`; else the content of the last `\\boxed{...}`. Each step takes time linear in
the length of the reply, whatever it holds. What stands after the end of a model's thinking comes
before what stands in it, where drafts are.

Source: arXiv 2502.07316, reference implementation, whose ladder this follows without its
faults: braces inside strings, lone braces in prose and text inside strings are left alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import Json
from codeio_ops.unified_form import Direction
from codeio_ops.verify.literal import read_value
from codeio_ops.verify.verdicts import AnswerVerdict

MAX_ANSWER_CHARS = 100_000
_MAX_ATTEMPTS = 64

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})([^`\n]*)$", re.MULTILINE)
# The end of thinking, as models write it where the server does not cut it off.
_THOUGHT = re.compile(
    r"</\s*[\w:|-]*(?:think|thought|reason|reflect|scratchpad|analysis)[\w:|-]*\s*>"
    r"|<\|(?:/|end_?(?:of_?)?)(?:think|thought|reason)[a-z]*\|>"
    r"|\[/THINK\]|\u25c1/think\u25b7|<unused95>"
    r"|<\|channel\|>\s*final[^<]{0,40}(?:<\|constrain\|>\s*\w+)?<\|message\|>",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\\boxed\s*\{")
_ESCAPED_BRACE = re.compile(r'("(?:[^"\\\n]|\\.)*")|\\([{}])')
_MARK = re.compile(r"[{}\"'\n]")
_STRINGS = {
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    "'": re.compile(r"'(?:[^'\\\n]|\\.)*'"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The value of the wanted field."""

    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """No answer could be read.

    Attributes:
        kind: `no_json`, `not_object` or `field_missing`.
    """

    kind: AnswerVerdict


def extract_answer(text: str, field: Direction) -> Answer | NoAnswer:
    """Find the value of `field` in the JSON object that a reply ends with."""
    try:
        value = _last_value_said(text)
    except NotJson:
        return NoAnswer(kind=AnswerVerdict.NO_JSON)
    if not isinstance(value, dict):
        return NoAnswer(kind=AnswerVerdict.NOT_OBJECT)
    if field not in value:
        return NoAnswer(kind=AnswerVerdict.FIELD_MISSING)
    return Answer(value=value[field])


def _last_value_said(text: str) -> Json:
    """Return the last value after the thinking, or anywhere when there is none."""
    ends = [tag.end() for tag in _THOUGHT.finditer(text)]
    if ends:
        try:
            return _last_value(text[ends[-1] :])
        except NotJson:
            pass  # a reply that ends with its thinking, or quotes a tag
    return _last_value(text)


def _last_value(text: str) -> Json:
    blocks = list(_fenced_blocks(text))
    marked = [content for language, content in blocks if language == "json"]
    if marked:
        return _value_or_object_in(marked[-1])
    if blocks:
        try:
            return _value_or_object_in(blocks[-1][1])
        except NotJson:
            pass  # a block of code, say; the answer may stand in the prose
    try:
        return _last_object(text)
    except NotJson:
        return _boxed_value(text)


def _fenced_blocks(text: str) -> Iterator[tuple[str, str]]:
    opened: re.Match[str] | None = None
    for bar in _FENCE.finditer(text):
        if opened is None:
            opened = bar
        elif bar[1].startswith(opened[1]) and not bar[2].strip():
            yield _language(opened), text[opened.end() : bar.start()]
            opened = None
    if opened is not None:
        yield _language(opened), text[opened.end() :]


def _language(bar: re.Match[str]) -> str:
    words = bar[2].split()
    return words[0].lower() if words else ""


def _value_or_object_in(content: str) -> Json:
    try:
        return read_value(content)
    except NotJson:
        return _last_object(content)


def _last_object(text: str) -> Json:
    """Return the object of the balanced span that ends last; outer spans before inner ones."""
    spans = sorted(_balanced_spans(text), key=lambda span: (-span[1], span[0]))
    short = [span for span in spans if span[1] - span[0] <= MAX_ANSWER_CHARS]
    for start, end in short[:_MAX_ATTEMPTS]:
        try:
            value = read_value(text[start:end])
        except NotJson:
            continue
        if isinstance(value, dict):
            return value
    raise NotJson("no JSON object")


def _balanced_spans(text: str) -> Iterator[tuple[int, int]]:
    """Pair the braces of `text`, leaving out those inside strings.

    A quote opens a string only where a value or key can stand, and only up to the end of
    its line, so that apostrophes and lone quotes in prose open none.
    """
    opened: list[int] = []
    position = 0
    unclosed: set[str] = set()
    while mark := _MARK.search(text, position):
        position = mark.end()
        match mark[0]:
            case "\n":
                unclosed.clear()
            case "{":
                opened.append(mark.start())
            case "}":
                if opened:
                    yield opened.pop(), position
            case quote if opened and quote not in unclosed and _value_may_start(text, mark.start()):
                string = _STRINGS[quote].match(text, mark.start())
                if string:
                    position = string.end()
                else:
                    unclosed.add(quote)


def _value_may_start(text: str, position: int) -> bool:
    before = position - 1
    floor = max(position - 200, 0)
    while before >= floor and text[before].isspace():
        before -= 1
    return before >= 0 and text[before] in "{[(,:"


def _boxed_value(text: str) -> Json:
    marks = list(_BOXED.finditer(text))
    if not marks:
        raise NotJson("no JSON object")
    start = marks[-1].end()
    content = text[start : start + MAX_ANSWER_CHARS]
    end = _closing_brace(content)
    plain = _ESCAPED_BRACE.sub(lambda part: part[1] or part[2], content[:end])
    return _value_or_object_in(plain)


def _closing_brace(content: str) -> int:
    depth = 1
    for brace in re.finditer(r"[{}]", content):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.start()
    return len(content)
