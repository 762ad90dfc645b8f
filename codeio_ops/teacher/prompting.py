"""Prompts: rendering them from the templates in `prompts/`, and reading them back.

Text from strangers (source files, statements, values) goes in once, in one pass over the
template, and inside a fence that its content cannot close; statements and descriptions are
refused when they hold headings or fences. So the structure of a prompt is always that of
its template, whatever the content says.

A prompt is training data: values are printed as JSON, never as Python.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, get_args

from codeio_ops.errors import NotJson, PromptUnsafe, UnknownPrompt
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json, parse
from codeio_ops.teacher.markdown import Section, fenced, has_structure, sections
from codeio_ops.teacher.messages import Message
from codeio_ops.unified_form import Direction

TemplateName = Literal[
    "transform",
    "predict_output",
    "predict_input",
    "predict_output_without_code",
    "predict_input_without_code",
    "revise",
]

RENDERER_VERSION = "1"
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_TITLES: Mapping[str, TemplateName] = {
    "Turn a source file into one exercise": "transform",
    "Predict the output": "predict_output",
    "Find an input": "predict_input",
}
PREDICT_TEMPLATES: Mapping[Direction, TemplateName] = {
    "output": "predict_output",
    "input": "predict_input",
}
_LANGUAGE_LINE = re.compile(r"^Language: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformTask:
    """What a transform prompt holds."""

    source: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictTask:
    """What a prediction prompt holds.

    Attributes:
        direction: What is to be predicted.
        problem_statement: The question in words.
        io_description: Types and meaning of the arguments and the result.
        reference_code: The program.
        given: The other half of the pair: an input when `direction` is `output`.
    """

    direction: Direction
    problem_statement: str
    io_description: str
    reference_code: str
    given: Json


def template_fingerprint(name: TemplateName) -> str:
    """Return the sha256 of a template and of the rules that fill it."""
    return sha256_hex(f"{RENDERER_VERSION}\n{_template(name)}".encode())


def current_templates() -> list[str]:
    """Return the fingerprints of the templates that programs and prompts are made with."""
    return [
        template_fingerprint("transform"),
        template_fingerprint("predict_output"),
        template_fingerprint("predict_input"),
    ]


def template_texts() -> list[str]:
    """Return the fixed parts of all templates, the same in every prompt."""
    return [part for name in get_args(TemplateName) for part in _SLOT.split(_template(name))[::2]]


def transform_prompt(source: str, *, language: str = "python") -> str:
    """Ask for the four parts of a program made from `source`, a raw file."""
    word = re.sub(r"[^\w+#.-]", "", language) or "unknown"
    return _render("transform", {"source": fenced(source, word), "language": word})


def predict_prompt(task: PredictTask, *, language: str = "python") -> str:
    """Ask what a program returns for an input, or for an input that gives an output.

    Raises:
        PromptUnsafe: the statement or the description holds headings or fences.
    """
    statement, description = task.problem_statement, task.io_description
    for part, text in (("problem statement", statement), ("io description", description)):
        if has_structure(text):
            raise PromptUnsafe(f"the {part} holds headings or fences")
    return _render(
        PREDICT_TEMPLATES[task.direction],
        {
            "problem_statement": statement.strip(),
            "io_description": description.strip(),
            "given": _given(task.given),
            "reference_code": fenced(task.reference_code.strip("\n"), language),
        },
    )


def without_reference_code(prompt: str) -> str:
    """Return a prediction prompt that asks the same and does not show the program.

    Raises:
        UnknownPrompt: the text was not rendered from one of the prediction templates.
    """
    task = read_prompt(prompt)
    if not isinstance(task, PredictTask):
        raise UnknownPrompt("the text is no prediction prompt")
    output = task.direction == "output"
    return _render(
        "predict_output_without_code" if output else "predict_input_without_code",
        {
            "problem_statement": task.problem_statement.strip(),
            "io_description": task.io_description.strip(),
            "given": _given(task.given),
        },
    )


def revision_messages(prompt: str, *turns: tuple[str, str]) -> list[Message]:
    """Continue a conversation whose answers were wrong.

    Args:
        prompt: The first message.
        turns: Each answer so far with the feedback on it, oldest first.
    """
    messages = [Message(role="user", content=prompt)]
    for response, feedback in turns:
        messages += [
            Message(role="assistant", content=response),
            Message(role="user", content=_render("revise", {"feedback": feedback})),
        ]
    return messages


def read_prompt(text: str) -> TransformTask | PredictTask:
    """Recover what a rendered prompt holds.

    Raises:
        UnknownPrompt: the text was not rendered from one of the templates.
    """
    found = sections(text)
    name = next((_TITLES.get(part.title) for part in found if part.level == 1), None)
    by_title = {part.title: part for part in found if part.level == 2}
    match name:
        case "transform":
            return _read_transform(by_title)
        case "predict_output":
            return _read_predict(by_title, "output", "Given input")
        case "predict_input":
            return _read_predict(by_title, "input", "Given output")
        case _:
            raise UnknownPrompt("the text is none of the prompts this teacher knows")


def _given(value: Json) -> str:
    return fenced(json.dumps(value, ensure_ascii=False, allow_nan=False), "json")


def _render(name: TemplateName, values: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda slot: values[slot[1]], _template(name)).rstrip("\n")


@cache
def _template(name: TemplateName) -> str:
    return resources.files(__package__).joinpath("prompts", f"{name}.md").read_text("utf-8")


def _read_transform(by_title: Mapping[str, Section]) -> TransformTask:
    part = _section(by_title, "Source file")
    language = _LANGUAGE_LINE.search(part.prose)
    return TransformTask(source=_only_fence(part), language=language[1] if language else "unknown")


def _read_predict(
    by_title: Mapping[str, Section], direction: Direction, given_title: str
) -> PredictTask:
    try:
        given = parse(_only_fence(_section(by_title, given_title)))
    except NotJson as exc:
        raise UnknownPrompt(f"the given value is no JSON: {exc}") from exc
    return PredictTask(
        direction=direction,
        problem_statement=_section(by_title, "Problem").prose,
        io_description=_section(by_title, "Input and output").prose,
        reference_code=_only_fence(_section(by_title, "Reference code")),
        given=given,
    )


def _section(by_title: Mapping[str, Section], title: str) -> Section:
    try:
        return by_title[title]
    except KeyError:
        raise UnknownPrompt(f"the prompt has no section {title!r}") from None


def _only_fence(part: Section) -> str:
    if len(part.fences) != 1:
        raise UnknownPrompt(f"section {part.title!r} must hold one fenced block")
    return part.fences[0].content
