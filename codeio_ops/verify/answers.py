"""The verify stage: every response is judged by execution, never by its looks.

A predicted output is compared with the stored one. A predicted input is run: any input that
leads to the stored output is right.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.errors import ProgramFault
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json, storable
from codeio_ops.progress import tracked
from codeio_ops.records import StageRun, VerdictRow
from codeio_ops.sandbox.base import Limits, Program, RunResult, Sandbox, StoredProgram, Verdict
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import Shard
from codeio_ops.unified_form import Direction
from codeio_ops.verify import VERIFIER_VERSION
from codeio_ops.verify.compare import same_value
from codeio_ops.verify.extract import NoAnswer, extract_answer
from codeio_ops.verify.feedback import feedback
from codeio_ops.verify.verdicts import AnswerVerdict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingResponse(StoredProgram):
    """A response to judge, with the pair it is about."""

    response_id: UUID
    body: str
    direction: Direction
    input: Json
    output: Json

    @property
    def shown(self) -> Json:
        """The half of the pair that stands in the prompt."""
        return self.input if self.direction == "output" else self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict with what led to it."""

    verdict: AnswerVerdict
    answer: Json = None
    produced: Json = None
    error_type: str = ""
    error_message: str = ""


def verify_responses(
    shard: Shard, *, store: Store, sandbox: Sandbox, writer: FactWriter, settings: Settings
) -> Counter[str]:
    """Judge the responses of the shard that this verifier version has not judged.

    Of a shard of stale rows: those whose predicted input another sandbox image ran.

    Predicted inputs of one program run together, so that it is loaded once.

    Returns:
        Counts by verdict.

    Raises:
        SandboxFault: the sandbox failed; verdicts given before are stored.
    """
    pending = store.fetch(
        f"{shard.rows}.verify",
        PendingResponse,
        low=shard.low,
        high=shard.high,
        verifier_version=VERIFIER_VERSION,
        image=writer.run.sandbox_image_digest,
    )
    counts: Counter[str] = Counter()
    programs = [list(group) for _, group in groupby(pending, key=attrgetter("program_id"))]
    for responses in tracked(programs, total=len(programs), what="programs with answers"):
        judgements = judge(responses, sandbox=sandbox, cpu_s=settings.call_cpu_s)
        rows = [
            _row(response, judgement, writer.run, settings.call_cpu_s)
            for response, judgement in zip(responses, judgements, strict=True)
        ]
        writer.write(rows)
        counts.update(row.verdict for row in rows)
    log.info("verified %s: %s", shard.name, dict(counts), extra={"action": "verify"})
    return counts


def judge(responses: list[PendingResponse], *, sandbox: Sandbox, cpu_s: float) -> list[Judgement]:
    """Judge responses about one program, in their order."""
    answers = [_answer(response) for response in responses]
    runnable = [
        (index, answer.answer)
        for index, (response, answer) in enumerate(zip(responses, answers, strict=True))
        if response.direction == "input" and answer.verdict is AnswerVerdict.CORRECT
    ]
    if runnable:
        inputs = [answer for _, answer in runnable]
        program, limits = responses[0].program, Limits(cpu_s=cpu_s)
        results = run_inputs(program, inputs, sandbox=sandbox, limits=limits)
        for (index, answer), result in zip(runnable, results, strict=True):
            answers[index] = _judge_run(answer, result, responses[index].output)
    return answers


def feedback_on(response: PendingResponse, judgement: Judgement, *, cpu_s: float) -> str:
    """Say what became of a response, in words that can be stored."""
    return storable(
        feedback(
            judgement.verdict,
            direction=response.direction,
            given=response.shown,
            prediction=judgement.answer,
            produced=judgement.produced,
            error_type=judgement.error_type,
            error_message=judgement.error_message,
            cpu_s=cpu_s,
        )
    )


def run_inputs(
    program: Program, inputs: list[Json], *, sandbox: Sandbox, limits: Limits
) -> list[RunResult]:
    """Run inputs in their order; one that alone makes the sandbox fail counts as a crash.

    Raises:
        SandboxFault: the sandbox fails on harmless programs too.
    """
    try:
        return sandbox.run(program, inputs, limits=limits)
    except ProgramFault as fault:
        if len(inputs) == 1:
            return [RunResult(verdict=Verdict.CRASHED, error_message=str(fault))]
        return [
            result
            for one in inputs
            for result in run_inputs(program, [one], sandbox=sandbox, limits=limits)
        ]


def _answer(response: PendingResponse) -> Judgement:
    """Judge what the host can: an unreadable answer, or a predicted output.

    A readable predicted input passes as `correct` until it has run.
    """
    found = extract_answer(response.body, response.direction)
    if isinstance(found, NoAnswer):
        return Judgement(verdict=found.kind)
    if response.direction == "input":
        readable = isinstance(found.value, dict)
        verdict = AnswerVerdict.CORRECT if readable else AnswerVerdict.NOT_OBJECT
        return Judgement(verdict=verdict, answer=found.value)
    right = same_value(found.value, response.output)
    return Judgement(
        verdict=AnswerVerdict.CORRECT if right else AnswerVerdict.WRONG, answer=found.value
    )


def _judge_run(answer: Json, result: RunResult, expected: Json) -> Judgement:
    if result.verdict is not Verdict.OK:
        return Judgement(
            verdict=AnswerVerdict(result.verdict),
            answer=answer,
            error_type=result.error_type,
            error_message=result.error_message,
        )
    right = same_value(result.value, expected)
    return Judgement(
        verdict=AnswerVerdict.CORRECT if right else AnswerVerdict.WRONG,
        answer=answer,
        produced=result.value,
    )


def _row(
    response: PendingResponse, judgement: Judgement, run: StageRun, cpu_s: float
) -> VerdictRow:
    return VerdictRow(
        verdict_id=content_id(
            "verdict", str(response.response_id), VERIFIER_VERSION, run.sandbox_image_digest
        ),
        response_id=response.response_id,
        verifier_version=VERIFIER_VERSION,
        verdict=judgement.verdict,
        answer=judgement.answer,
        produced=judgement.produced,
        error_type=storable(judgement.error_type),
        error_message=storable(judgement.error_message),
        feedback=feedback_on(response, judgement, cpu_s=cpu_s),
        stage_run_id=run.stage_run_id,
    )
