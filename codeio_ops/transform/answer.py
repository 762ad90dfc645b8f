"""The answer and revise stages: a teacher reasons in prose and ends with a JSON answer."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.records import ResponseRow
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import Shard
from codeio_ops.teacher.messages import Message, Request
from codeio_ops.teacher.prompting import revision_messages, template_fingerprint
from codeio_ops.transform.calls import Answered, CallRecorder, Use

if TYPE_CHECKING:
    from codeio_ops.teacher.client import Teacher

ROLLOUT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingAnswer:
    prompt_id: UUID
    body: str
    template_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingRevision:
    prompt_id: UUID
    prompt_body: str
    response_body: str
    feedback: str


def answer_prompts(
    shard: Shard, *, store: Store, teacher: "Teacher", writer: FactWriter, settings: Settings
) -> Counter[str]:
    """Collect the first answer to each pending prompt of the shard.

    Raises:
        TeacherUnavailable: some prompts stay pending.
        TeacherRefused: the endpoint refuses key or model.
    """
    pending = store.fetch("pending.answer", _PendingAnswer, low=shard.low, high=shard.high)
    requests = (
        Request(key=str(item.prompt_id), messages=(Message(role="user", content=item.body),))
        for item in pending
    )
    templates = {item.prompt_id: item.template_sha256 for item in pending}
    recorder = CallRecorder(
        teacher, writer, settings, purpose="answer", template_of=templates.__getitem__
    )
    return recorder.run(requests, partial(_use, turn=1), total=len(pending))


def revise_answers(
    shard: Shard, *, store: Store, teacher: "Teacher", writer: FactWriter, settings: Settings
) -> Counter[str]:
    """Collect one revision of each wrong first answer of the shard.

    Raises:
        TeacherUnavailable: some prompts stay pending.
        TeacherRefused: the endpoint refuses key or model.
    """
    pending = store.fetch("pending.revise", _PendingRevision, low=shard.low, high=shard.high)
    requests = (
        Request(
            key=str(item.prompt_id),
            messages=tuple(revision_messages(item.prompt_body, item.response_body, item.feedback)),
        )
        for item in pending
    )
    template_sha256 = template_fingerprint("revise")
    recorder = CallRecorder(
        teacher, writer, settings, purpose="revise", template_of=lambda _: template_sha256
    )
    return recorder.run(requests, partial(_use, turn=2), total=len(pending))


def _use(answered: Answered, *, turn: int) -> Use:
    completion = answered.completion
    response = ResponseRow(
        response_id=content_id(
            "response", str(answered.subject_id), turn, str(answered.teacher_id), ROLLOUT
        ),
        prompt_id=answered.subject_id,
        turn=turn,
        rollout=ROLLOUT,
        teacher_id=answered.teacher_id,
        body=completion.text.replace("\x00", "\ufffd"),
        reasoning=completion.reasoning.replace("\x00", "\ufffd"),
        provenance=dict(completion.provenance),
        teacher_call_id=answered.teacher_call_id,
        stage_run_id=answered.stage_run_id,
    )
    return Use(outcome="answered", records=(response,))
