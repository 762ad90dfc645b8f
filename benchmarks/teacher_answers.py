"""The offline teacher on real functions: how often it is right at first, and after revision.

    python benchmarks/teacher_answers.py FUNCTIONS.jsonl [--rationales 20]

FUNCTIONS.jsonl holds `refcode`, `entry_point`, `problem`, `io_spec` and `io_pairs`. Of each program
three pairs are asked about in both directions. Answers are judged by the platform's verifier in
another container than the teacher's. The peer of the revision is the first turn.

Then every value that the execution rationales state ("v becomes 3", "v is 3", "returns 3") is
looked up in a second execution, traced by a few lines of its own that share no code with the
teacher.
"""

import argparse
import json
import math
import random
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.errors import NotJson, PromptUnsafe
from codeio_ops.jsonvalue import Json, check
from codeio_ops.sandbox.base import Limits, Program, Verdict
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.teacher.prompting import (
    PredictTask,
    predict_prompt,
    read_prompt,
)
from codeio_ops.verify.answers import Judgement, PendingResponse, judge
from codeio_ops.verify.feedback import feedback
from codeio_ops.verify.verdicts import AnswerVerdict
from offline_teacher.answer import answer

PAIRS = 3
CPU_S = 5.0
_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
# A number that ends a statement; one that an operator follows is part of a calculation.
_STATED = re.compile(
    rf"(?:\b(?:becomes|is|returns|gives|makes)|(?<![=<>!])=) ({_NUMBER})(?![\d.]*\d)"
    r"(?=[.,;:)]?(?:\s|$))(?!\s*[-×+*/^<>])(?! (?:div|mod)\b)"
)
# Records the text of every local variable and returned value of every line, in the sandbox.
_TRACER = """
import sys

def {wrapper}(**arguments):
    seen = set()

    def note(value):
        if isinstance(value, (int, float)) and abs(value) < 1e300:
            seen.add(repr(float(value)))
        elif isinstance(value, (list, tuple, set)) and len(value) < 500:
            for item in value:
                note(item)
        elif isinstance(value, dict) and len(value) < 500:
            for item in value.values():
                note(item)
        elif hasattr(value, "__dict__") and len(seen) < 20000:
            for item in list(vars(value).values()):
                if isinstance(item, (int, float)):
                    note(item)
        if isinstance(value, (list, tuple, set, dict, str)):
            note(len(value))

    def local(frame, event, argument):
        for value in list(frame.f_locals.values()):
            note(value)
        if event == "return":
            note(argument)
        return local

    sys.settrace(lambda frame, event, argument: local(frame, event, argument))
    try:
        result = {entry}(**arguments)
    finally:
        sys.settrace(None)
    note(result)
    return sorted(seen)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A prompt with the truth that it must not hold."""

    code: str
    entry_point: str
    direction: Literal["output", "input"]
    given: Json
    hidden: Json
    prompt: str

    def pending(self, body: str) -> PendingResponse:
        """Return an answer as the verifier takes it."""
        output = self.direction == "output"
        return PendingResponse(
            response_id=UUID(int=0),
            body=body,
            direction=self.direction,
            input=self.given if output else self.hidden,
            output=self.hidden if output else self.given,
            program_id=UUID(int=0),
            language="python",
            entry_point=self.entry_point,
            main_function=self.code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Both turns of one prompt."""

    case: Case
    first: str
    first_verdict: AnswerVerdict
    kind: str
    second_verdict: AnswerVerdict | None


def cases(path: Path) -> list[Case]:
    """Build the prompts of a file of functions."""
    found: list[Case] = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        for pair in row["io_pairs"][:PAIRS]:
            if not _is_json(pair):
                continue
            task = PredictTask(
                direction="output",
                problem_statement=row["problem"],
                io_description=row["io_spec"],
                reference_code=row["refcode"],
                given=pair["input"],
            )
            try:
                asked = (
                    predict_prompt(task),
                    predict_prompt(replace(task, direction="input", given=pair["output"])),
                )
            except PromptUnsafe:
                continue
            for direction, given, hidden, prompt in (
                ("output", pair["input"], pair["output"], asked[0]),
                ("input", pair["output"], pair["input"], asked[1]),
            ):
                found.append(
                    Case(
                        code=row["refcode"],
                        entry_point=row["entry_point"],
                        direction=direction,  # type: ignore[arg-type]
                        given=given,
                        hidden=hidden,
                        prompt=prompt,
                    )
                )
    return found


def _is_json(value: Json) -> bool:
    """Say whether a pair could be stored; some of the file hold NaN or Infinity."""
    try:
        check(value)
    except NotJson:
        return False
    return True


def ask(case: Case, teacher: DockerSandbox, verifier: DockerSandbox) -> Outcome:
    """Ask once, and once more after feedback when the answer is wrong."""
    task = read_prompt(case.prompt)
    assert isinstance(task, PredictTask)
    first = answer(task, sandbox=teacher)
    judged = _judged(case, first.text, verifier)
    second = None
    if judged.verdict is not AnswerVerdict.CORRECT:
        told = feedback(
            judged.verdict,
            direction=case.direction,
            given=case.given,
            prediction=judged.answer,
            produced=judged.produced,
        )
        assert told
        revised = answer(task, sandbox=teacher, earlier=first.text)
        second = _judged(case, revised.text, verifier).verdict
    return Outcome(
        case=case,
        first=first.text,
        first_verdict=judged.verdict,
        kind=first.rationale_kind,
        second_verdict=second,
    )


def _judged(case: Case, text: str, verifier: DockerSandbox) -> Judgement:
    (found,) = judge([case.pending(text)], sandbox=verifier, cpu_s=CPU_S)
    return found


def shares(outcomes: list[Outcome]) -> dict[str, object]:
    """Return the shares right at first, and repaired."""
    wrong = [each for each in outcomes if each.second_verdict is not None]
    repaired = sum(each.second_verdict is AnswerVerdict.CORRECT for each in wrong)
    return {
        "prompts": len(outcomes),
        "first_turn_right": round(1 - len(wrong) / len(outcomes), 4),
        "repaired_of_the_wrong": round(repaired / len(wrong), 4) if wrong else None,
        "first_verdicts": dict(Counter(str(each.first_verdict) for each in outcomes)),
    }


def check_rationales(chosen: list[Outcome], sandbox: DockerSandbox) -> dict[str, object]:
    """Look up every stated value in an execution of its own."""
    stated = found = 0
    missing: list[str] = []
    for outcome in chosen:
        wrapper = "codeio_traced"
        code = outcome.case.code + _TRACER.format(wrapper=wrapper, entry=outcome.case.entry_point)
        program = Program(code=code, entry_point=wrapper)
        (run,) = sandbox.run(program, [outcome.case.given], limits=Limits(output_bytes=4_000_000))
        if run.verdict is not Verdict.OK or not isinstance(run.value, list):
            missing.append(f"not executed: {run.verdict} {run.error_type} {run.error_message}")
            continue
        traced = {float(str(text)) for text in run.value}
        values = {value for value in traced if math.isfinite(value)}
        for match in _STATED.finditer(outcome.first):
            stated += 1
            value = float(match[1])
            if any(abs(value - each) <= 1e-9 * max(1, abs(each)) for each in values):
                found += 1
            else:
                line = outcome.first[: match.end()].rpartition("\n")[2]
                missing.append(line[-160:])
    return {
        "rationales": len(chosen),
        "stated_values": stated,
        "confirmed": found,
        "not_confirmed": missing[:10],
    }


def main() -> None:
    """Run and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("functions", type=Path)
    parser.add_argument("--rationales", type=int, default=20)
    given = parser.parse_args()
    image = Settings.load().sandbox_image
    started = time.monotonic()
    asked = cases(given.functions)
    with (
        DockerSandbox.open(image, workers=2, hash_seed=0) as teacher,
        DockerSandbox.open(image, workers=2, hash_seed=1) as verifier,
        ThreadPoolExecutor(2) as threads,
    ):
        outcomes = list(threads.map(lambda case: ask(case, teacher, verifier), asked))
        told = [
            each
            for each in outcomes
            if each.kind == "execution_trace" and _STATED.search(each.first)
        ]
        chosen = random.Random(1).sample(told, min(given.rationales, len(told)))
        checked = check_rationales(chosen, verifier)
    by_direction = {
        direction: shares([each for each in outcomes if each.case.direction == direction])
        for direction in ("output", "input")
    }
    print(
        json.dumps(
            {
                "all": shares(outcomes),
                **by_direction,
                "rationales": checked,
                "wall_s": round(time.monotonic() - started, 1),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
