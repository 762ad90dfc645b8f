"""The answer stage: a teacher reasons in prose and ends with a JSON answer."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from codeio_ops.asking.calls import Answered, CallRecorder, Use
from codeio_ops.fingerprint import content_id
from codeio_ops.records import ResponseRow
from codeio_ops.storage.shards import Rows, Shard
from codeio_ops.teacher.messages import Message, Request
from codeio_ops.work import Work

ROLLOUT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingAnswer:
    prompt_id: UUID
    body: str
    template_sha256: str


def parameters(work: Work, rows: Rows) -> dict[str, object]:
    """Return what the query of the stage needs: the teacher, and what it is let to answer."""
    settings = work.settings
    teacher_id = work.teacher.identity.teacher_id
    scope = _scope(work)
    return {
        "teacher_id": teacher_id,
        "made_since": _since(work, teacher_id) if scope == "new" else None,
        "share": settings.answer_share if scope != "none" else 0.0,
        "sources": list(settings.answer_sources),
        "night": settings.answer_since,
    }


def _scope(work: Work) -> str:
    scope = work.settings.answer_scope
    if scope != "auto":
        return scope
    model = work.teacher.identity.model_id
    return "new" if work.store.value("teacher.another_has_answered", model=model) else "unanswered"


def scope_in_force(work: Work) -> str:
    """Say which prompts the teacher may be asked."""
    settings = work.settings
    words = {
        "unanswered": "prompts that it has not answered",
        "new": "prompts made since it came",
        "none": "no prompts",
    }
    parts = [words[_scope(work)]]
    if settings.answer_sources:
        parts.append(f"of {', '.join(settings.answer_sources)}")
    if settings.answer_since:
        parts.append(f"of files since {settings.answer_since}")
    if settings.answer_share < 1:
        parts.append(f"a share of {settings.answer_share:g}")
    return ", ".join(parts)


def _since(work: Work, teacher_id: UUID) -> datetime:
    """Return when the first run began in which the teacher was to answer."""
    since: datetime = work.store.value(
        "teacher.answers_since",
        teacher_id=teacher_id,
        dag_id=work.task.dag_id,
        run_id=work.task.run_id,
    )
    return since


def plan_answers(work: Work, waiting: int) -> None:
    """Note that the teacher is the current one, and how many prompts wait for it."""
    teacher_id = work.teacher.identity.teacher_id
    with work.store.transaction() as transaction:
        transaction.execute(
            "teacher.plan_answers",
            teacher_id=teacher_id,
            since=_since(work, teacher_id),
            waiting=waiting,
        )


def answer_prompts(shard: Shard, work: Work) -> Counter[str]:
    """Collect the first answer to each pending prompt of the shard.

    Raises:
        TeacherUnavailable: some prompts stay pending.
        TeacherRefused: the endpoint refuses key or model.
        BudgetExceeded: the next call could cost more than is left.
    """
    pending = _pending(shard, work)
    templates = {item.prompt_id: item.template_sha256 for item in pending}
    recorder = CallRecorder(work.teacher, work, template_of=templates.__getitem__)
    return recorder.run(
        map(_request, pending), lambda answered: use_answer(answered, turn=1), total=len(pending)
    )


def answer_requests(shard: Shard, work: Work) -> Iterator[Request]:
    """Give the request of each pending prompt of the shard."""
    yield from map(_request, _pending(shard, work))


def _pending(shard: Shard, work: Work) -> list[_PendingAnswer]:
    return work.rows(shard, _PendingAnswer, **parameters(work, shard.rows))


def _request(item: _PendingAnswer) -> Request:
    return Request(key=str(item.prompt_id), messages=(Message(role="user", content=item.body),))


def use_answer(answered: Answered, *, turn: int) -> Use:
    """Make a reply the response of a turn."""
    completion = answered.completion
    response = ResponseRow(
        response_id=content_id(
            "response", str(answered.subject_id), turn, str(answered.teacher_id), ROLLOUT
        ),
        prompt_id=answered.subject_id,
        turn=turn,
        rollout=ROLLOUT,
        teacher_id=answered.teacher_id,
        body=completion.text,
        reasoning=completion.reasoning,
        provenance=dict(completion.provenance),
        teacher_call_id=answered.teacher_call_id,
        stage_run_id=answered.stage_run_id,
    )
    return Use(outcome="answered", records=(response,))
