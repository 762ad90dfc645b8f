"""Answering a prompt: follow the program for an output, search for an input.

Wrong answers come from a budget and nothing else. The first turn follows few steps or
tries few inputs, and answers with what it then has; a revision may do far more.
"""

import json
from dataclasses import dataclass
from typing import Literal

from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.teacher.prompting import PredictTask
from codeio_ops.verify.extract import Answer, extract_answer
from offline_teacher.brevity import brief_json
from offline_teacher.descriptions import generator_from_prompt
from offline_teacher.followable import (
    Followable,
    NotFollowable,
    entry_point,
    followable,
    literals,
    parameters,
)
from offline_teacher.guest_calls import JobFailed, follow_call, search_input
from offline_teacher.rationale import Rationale, rationale
from offline_teacher.trace import SearchReply, Trace

Turn = Literal[1, 2]

STEPS: dict[Turn, int] = {1: 60, 2: 20_000}
CANDIDATES: dict[Turn, int] = {1: 20, 2: 1_500}
CHECK_STEPS = 2_000
_OUTPUT_TOKENS = 900
_CHECK_TOKENS = 650
_MAX_TRIALS_TOLD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAnswer:
    """A reply with the facts that its row will carry.

    Attributes:
        text: Rationale, then a fenced JSON object; without the object when there is none.
        rationale_kind: `execution_trace`, `search_and_check`, or `none`.
        hidden_share: Share of the steps that the rationale leaves out, 0 to 1.
        budget: What the turn was allowed: line events, or candidates.
    """

    text: str
    rationale_kind: Literal["execution_trace", "search_and_check", "none"]
    hidden_share: float
    budget: str

    def provenance(self) -> dict[str, Json]:
        """The facts as the reply's field `codeio` carries them."""
        return {
            "rationale_kind": self.rationale_kind,
            "hidden_share": self.hidden_share,
            "budget": self.budget,
        }


def answer(task: PredictTask, *, sandbox: Sandbox, earlier: str | None = None) -> OfflineAnswer:
    """Answer a prediction prompt.

    Equal prompts get equal answers: every choice is drawn from the prompt's own sha256.

    Args:
        task: What the prompt holds; nothing else about the program is known here.
        sandbox: Where the program runs.
        earlier: The wrong answer that this one revises; None in the first turn.

    Raises:
        SandboxFault: the sandbox failed; nothing can be said about the program.
    """
    turn: Turn = 1 if earlier is None else 2
    budget = (
        f"{STEPS[turn]} line events"
        if task.direction == "output"
        else f"{CANDIDATES[turn]} candidates"
    )
    try:
        program = followable(task.reference_code)
        if task.direction == "output":
            found = _output(task, program, sandbox, turn)
        else:
            found = _input(task, program, sandbox, turn)
    except (NotFollowable, JobFailed) as exc:
        found = OfflineAnswer(
            text=f"I cannot follow this program: {type(exc).__name__}.",
            rationale_kind="none",
            hidden_share=1.0,
            budget="",
        )
    text = found.text if earlier is None else f"{_looking_back(task, earlier)}\n\n{found.text}"
    return OfflineAnswer(
        text=text,
        rationale_kind=found.rationale_kind,
        hidden_share=found.hidden_share,
        budget=budget,
    )


def _output(task: PredictTask, program: Followable, sandbox: Sandbox, turn: Turn) -> OfflineAnswer:
    if not isinstance(task.given, dict):
        raise NotFollowable("the given input is no object")
    trace = follow_call(
        sandbox,
        code=program.code,
        entry_point=entry_point(program.tree),
        arguments=task.given,
        max_steps=STEPS[turn],
    )
    told = rationale(program.tree, trace, max_tokens=_OUTPUT_TOKENS)
    lines = [f"Start with {_arguments(task.given)}.", told.text, "", _conclusion(trace)]
    if trace.has_value:
        lines += ["", _fenced({"output": trace.value})]
    return OfflineAnswer(
        text="\n".join(lines),
        rationale_kind="execution_trace",
        hidden_share=told.hidden_share,
        budget="",
    )


def _conclusion(trace: Trace) -> str:
    if trace.error:
        return "With this input the function ends with an error, so I have no result to give."
    if trace.finished:
        return f"So the result is {_value(trace.value)}."
    if trace.has_value:
        return (
            f"I have followed {trace.steps - 1} steps and stop here. As far as I have come, the "
            f"result is {_value(trace.value)}."
        )
    return f"I have followed {trace.steps - 1} steps and have not come to a result."


def _input(task: PredictTask, program: Followable, sandbox: Sandbox, turn: Turn) -> OfflineAnswer:
    name = entry_point(program.tree)
    job: dict[str, Json] = {
        "code": program.code,
        "entry_point": name,
        "generator": generator_from_prompt(task.io_description, parameters(program.tree, name)),
        "wanted": task.given,
        "literals": literals(program.tree),
        "candidates": CANDIDATES[turn],
        "seed": _seed(task),
        "max_steps": CHECK_STEPS,
    }
    reply = search_input(sandbox, job)
    told = _forward_check(program, reply)
    return OfflineAnswer(
        text="\n".join([*_search_story(task, reply), *told[0]]),
        rationale_kind="search_and_check",
        hidden_share=told[1],
        budget="",
    )


def _search_story(task: PredictTask, reply: SearchReply) -> list[str]:
    lines = [f"The result has to be {_value(task.given)}. I try inputs and compare what they give."]
    trials = list(reply.log[:-1] if reply.found else reply.log)
    for arguments, output in trials[-_MAX_TRIALS_TOLD:]:
        lines.append(f"- {_arguments(arguments)} gives {_value(output)}, which is not it.")
    if reply.tried > len(trials[-_MAX_TRIALS_TOLD:]) + 1:
        lines.append(f"In all I tried {reply.tried} inputs.")
    return lines


def _forward_check(program: Followable, reply: SearchReply) -> tuple[list[str], float]:
    if reply.input is None or reply.trace is None:
        return ["None of them could be carried through, so I have no input to give."], 1.0
    told: Rationale = rationale(program.tree, reply.trace, max_tokens=_CHECK_TOKENS)
    verdict = (
        "That is the result that is wanted."
        if reply.found
        else "That is not yet the result that is wanted, but the nearest I have found."
    )
    lines = [
        "",
        f"Take {_arguments(reply.input)} and check it step by step.",
        told.text,
        "",
        f"So it gives {_value(reply.output)}. {verdict}",
        "",
        _fenced({"input": reply.input}),
    ]
    return lines, told.hidden_share


def _looking_back(task: PredictTask, earlier: str) -> str:
    read = extract_answer(earlier, task.direction)
    if not isinstance(read, Answer):
        return "My first reply held no answer that could be read. I take more time now."
    if task.direction == "output":
        return (
            f"My first answer, {_value(read.value)}, was wrong. I go through the function again, "
            "and further this time."
        )
    return f"My first input, {_value(read.value)}, was wrong. I search again, and longer this time."


def _seed(task: PredictTask) -> int:
    """A seed that is the same wherever and whenever this prompt is answered."""
    text = json.dumps([task.io_description, task.reference_code, task.given], sort_keys=True)
    return int(sha256_hex(text.encode())[:12], 16)


def _arguments(arguments: dict[str, Json]) -> str:
    if not arguments:
        return "no arguments"
    return ", ".join(f"{name} = {_value(value)}" for name, value in arguments.items())


def _value(value: Json) -> str:
    return brief_json(value)


def _fenced(answer: dict[str, Json]) -> str:
    return f"```json\n{json.dumps(answer, ensure_ascii=False, allow_nan=False)}\n```"
