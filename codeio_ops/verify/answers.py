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

from codeio_ops.errors import ProgramFault
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json, storable
from codeio_ops.progress import tracked
from codeio_ops.records import StageRun, VerdictRow
from codeio_ops.sandbox.base import Limits, RunResult, Sandbox, StoredProgram, Verdict
from codeio_ops.storage.shards import Rows, Shard
from codeio_ops.unified_form import Direction
from codeio_ops.verify import VERIFIER_VERSION
from codeio_ops.verify.compare import same_value
from codeio_ops.verify.extract import NoAnswer, extract_answer
from codeio_ops.verify.feedback import feedback
from codeio_ops.verify.verdicts import AnswerVerdict
from codeio_ops.work import Work

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unrun:
    """A predicted input that only its run can judge."""

    value: Json


def parameters(work: Work, rows: Rows) -> dict[str, str]:
    """Return what the queries of the stage need."""
    if rows == "stale":
        return {"image": work.image_digest}
    return {"verifier_version": VERIFIER_VERSION}


def verify_responses(shard: Shard, work: Work) -> Counter[str]:
    """Judge the responses of the shard that this verifier version has not judged.

    Of a shard of stale rows: those whose predicted input another sandbox image ran.

    Predicted inputs of one program run together, so that it is loaded once.

    Returns:
        Counts by verdict.

    Raises:
        SandboxFault: the sandbox failed; verdicts given before are stored.
    """
    sandbox, writer, cpu_s = work.sandbox, work.sandbox_writer, work.settings.call_cpu_s
    pending = work.rows(shard, PendingResponse, **parameters(work, shard.rows))
    counts: Counter[str] = Counter()
    programs = [list(group) for _, group in groupby(pending, key=attrgetter("program_id"))]
    for responses in tracked(programs, total=len(programs), what="programs with answers"):
        judgements = judge(responses, sandbox=sandbox, cpu_s=cpu_s)
        rows = [
            _row(response, judgement, writer.run, cpu_s)
            for response, judgement in zip(responses, judgements, strict=True)
        ]
        writer.write(rows)
        counts.update(row.verdict for row in rows)
    log.info("verified %s: %s", shard.name, dict(counts), extra={"action": "verify"})
    return counts


def judge(responses: list[PendingResponse], *, sandbox: Sandbox, cpu_s: float) -> list[Judgement]:
    """Judge responses about one program, in their order."""
    answers = [_read(response) for response in responses]
    inputs = [answer.value for answer in answers if isinstance(answer, _Unrun)]
    if not inputs:
        return [answer for answer in answers if isinstance(answer, Judgement)]
    results = iter(run_inputs(responses[0], inputs, sandbox=sandbox, limits=Limits(cpu_s=cpu_s)))
    return [
        _judge_run(answer.value, next(results), response.output)
        if isinstance(answer, _Unrun)
        else answer
        for response, answer in zip(responses, answers, strict=True)
    ]


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
    stored: StoredProgram, inputs: list[Json], *, sandbox: Sandbox, limits: Limits
) -> list[RunResult]:
    """Run inputs in their order, under the seed of sampling.

    One that alone makes the sandbox fail counts as a crash.

    Raises:
        SandboxFault: the sandbox fails on harmless programs too.
    """
    try:
        return sandbox.run(stored.program, inputs, limits=limits, seed=stored.seed)
    except ProgramFault as fault:
        if len(inputs) == 1:
            return [RunResult(verdict=Verdict.CRASHED, error_message=str(fault))]
        return [
            result
            for one in inputs
            for result in run_inputs(stored, [one], sandbox=sandbox, limits=limits)
        ]


def _read(response: PendingResponse) -> Judgement | _Unrun:
    """Judge what the host can: an unreadable answer, or a predicted output."""
    found = extract_answer(response.body, response.direction)
    if isinstance(found, NoAnswer):
        return Judgement(verdict=found.kind)
    if response.direction == "input":
        if isinstance(found.value, dict):
            return _Unrun(value=found.value)
        return Judgement(verdict=AnswerVerdict.NOT_OBJECT, answer=found.value)
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
