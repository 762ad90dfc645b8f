"""The revise stage: wrong answers go back to the teacher, where the policy finds it worth it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from codeio_ops.asking.answer import use_answer
from codeio_ops.asking.calls import CallRecorder
from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord
from codeio_ops.storage.shards import Rows, Shard
from codeio_ops.teacher.messages import Request
from codeio_ops.teacher.prompting import revision_messages, template_fingerprint
from codeio_ops.work import Work

# Revisions of one kind that are made before their gain is believed.
LEARNED_FROM = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRevision:
    """A conversation whose last answer is wrong, and what such revisions were worth so far.

    Attributes:
        prompt_id: The prompt.
        prompt_body: Its text.
        turn: The last turn.
        turns: Each answer with the feedback on it, oldest first.
        revised: Revisions in the history of this teacher, direction, kind of feedback and turn.
        expected_gain: Share of them expected to be right; None without a history.
        mean_cost_usd: Mean price of one; None where no price is known.
    """

    prompt_id: UUID
    prompt_body: str
    turn: int
    turns: list[tuple[str, str]]
    revised: int
    expected_gain: Decimal | None
    mean_cost_usd: Decimal | None

    @property
    def request(self) -> Request:
        """The whole conversation, for the teacher to continue."""
        turns = [(body, feedback) for body, feedback in self.turns]
        messages = revision_messages(self.prompt_body, *turns)
        return Request(key=str(self.prompt_id), messages=tuple(messages))


def parameters(work: Work, rows: Rows) -> dict[str, object]:
    """Return what the query of the stage needs: a conversation goes on with who began it."""
    asked = work.settings.answer_scope != "none"
    return {
        "teacher_id": work.teacher.identity.teacher_id,
        "revision_turns": work.settings.most_revisions if asked else 0,
        "weighs_gain": _weighs_gain(work.settings),
    }


def revise_answers(shard: Shard, work: Work) -> Counter[str]:
    """Collect one revision of each wrong answer of the shard that the policy has revised.

    The others get a drop record that says why, so that their conversations are finished.

    Raises:
        TeacherUnavailable: some prompts stay pending.
        TeacherRefused: the endpoint refuses key or model.
        BudgetExceeded: the next call could cost more than is left.
        SettingsError: the policy needs a price that is not known.
    """
    chosen: list[PendingRevision] = []
    denied: list[DropRecord] = []
    for item in _pending(shard, work):
        drop = denial(item, work.settings)
        if drop is None:
            chosen.append(item)
        else:
            denied.append(_denied(item, drop, work))
    work.writer.write(denied)
    turns = {item.prompt_id: item.turn + 1 for item in chosen}
    template_sha256 = template_fingerprint("revise")
    recorder = CallRecorder(work.teacher, work, template_of=lambda _: template_sha256)
    counts = recorder.run(
        (item.request for item in chosen),
        lambda answered: use_answer(answered, turn=turns[answered.subject_id]),
        total=len(chosen),
    )
    return counts + Counter(record.reason for record in denied)


def _denied(item: PendingRevision, drop: Drop, work: Work) -> DropRecord:
    return DropRecord.new(
        drop,
        stage="revise",
        subject_id=item.prompt_id,
        stage_run_id=work.writer.run.stage_run_id,
        teacher_id=work.teacher.identity.teacher_id,
        decided_by=drop.decided_by(work.settings),
    )


def revision_requests(shard: Shard, work: Work) -> Iterator[Request]:
    """Give the request of each wrong answer of the shard that the policy has revised."""
    for item in _pending(shard, work):
        if denial(item, work.settings) is None:
            yield item.request


def _pending(shard: Shard, work: Work) -> list[PendingRevision]:
    """Return the wrong answers of the shard that may be revised once more."""
    return work.rows(shard, PendingRevision, **parameters(work, shard.rows))


def _weighs_gain(settings: Settings) -> bool:
    """Say whether what revisions were worth decides: it is counted over all of them."""
    return settings.revision_policy == "by_expected_gain" and settings.revision_min_gain_per_usd > 0


def denial(item: PendingRevision, settings: Settings) -> Drop | None:
    """Say why the policy does not have an answer revised, or None.

    Raises:
        SettingsError: the gain per dollar is asked for, and the price is not known.
    """
    if settings.revision_policy == "none":
        return Drop(reason=DropReason.POLICY_NONE, detail="CODEIO_REVISION_POLICY is none")
    least = settings.revision_min_gain_per_usd
    if not _weighs_gain(settings):
        return None
    if item.expected_gain is None or item.revised < LEARNED_FROM:
        return None
    if item.mean_cost_usd is None:
        raise SettingsError(
            "the gain per dollar of a revision needs a price",
            cure="Set CODEIO_PRICE_INPUT_USD and CODEIO_PRICE_OUTPUT_USD, or "
            "CODEIO_REVISION_POLICY=one_turn.",
        )
    if item.mean_cost_usd == 0:
        return None
    gain = float(item.expected_gain / item.mean_cost_usd)
    if gain >= least:
        return None
    detail = f"{gain:.1f} repaired answers a dollar are expected, {least:g} are asked for"
    return Drop(reason=DropReason.LOW_EXPECTED_GAIN, detail=detail)
