"""Records who let a release through although a soft gate failed, when and why.

Other candidates are made while one waits: a decision counts only for what its run asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from codeio_ops.errors import DecisionTooLate, OverrideRefused
from codeio_ops.fingerprint import content_id
from codeio_ops.records import GateOverride
from codeio_ops.release.assemble import Release
from codeio_ops.release.judgement import decide
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter

MIN_REASON_CHARS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about all soft gates that failed.

    Attributes:
        decided_by: The person, or `timeout` when nobody answered in time.
        reason: In their own words.
    """

    approved: bool
    decided_by: str
    decided_at: datetime
    reason: str


def answer_question(
    decision: Decision, release: Release, *, store: Store, writer: FactWriter
) -> None:
    """Store what a person answered to the question of the run that writes.

    Raises:
        DecisionTooLate: meanwhile it was published or judged anew, or a newer version was
            published; nothing is stored.
        GateFailed: a hard gate failed, or somebody rejected it.
        OverrideRefused: an approval gives no reason.
    """
    _refuse_late(decision, release, store)
    run, release_id = writer.run, release.release_id
    undecided = [result.gate_result_id for result in decide(release, store=store)]
    with store.transaction() as transaction:
        asked = transaction.column(
            "release.results_of_run", release_id=release_id, dag_id=run.dag_id, run_id=run.run_id
        )
    if not set(undecided) <= set(asked):
        raise DecisionTooLate(
            f"{_named(release)} was judged anew after this question was asked",
            cure="Answer the question of the later run: `codeio status` names it.",
        )
    record_decision(decision, undecided, writer=writer)


def _refuse_late(decision: Decision, release: Release, store: Store) -> None:
    if release.status == "published":
        if decision.approved:
            return
        raise DecisionTooLate(f"{_named(release)} was published before it was rejected")
    newer = store.value("release.newer_published", name=release.name, version=release.version)
    if newer is None or not decision.approved:
        return
    with store.transaction() as transaction:
        transaction.execute("release.set_status", release_id=release.release_id, status="rejected")
    raise DecisionTooLate(
        f"the approval of {_named(release)} comes too late: v{newer} was published while it waited",
        cure=f"Nothing, if v{newer} will do: codeio release show {release.name} {newer}.",
    )


def _named(release: Release) -> str:
    return f"{release.name} v{release.version}"


def record_decision(
    decision: Decision, gate_result_ids: Sequence[UUID], *, writer: FactWriter
) -> None:
    """Store a decision about failures of soft gates.

    The database refuses a decision about a hard gate, whoever writes it.

    Raises:
        OverrideRefused: an approval gives no reason.
    """
    if decision.approved and len(decision.reason.strip()) < MIN_REASON_CHARS:
        raise OverrideRefused(
            f"an override needs a reason of at least {MIN_REASON_CHARS} characters"
        )
    writer.write(
        [
            GateOverride(
                gate_override_id=content_id(
                    "gate_override", str(result_id), str(writer.run.stage_run_id)
                ),
                gate_result_id=result_id,
                approved=decision.approved,
                decided_by=decision.decided_by,
                decided_at=decision.decided_at,
                reason=decision.reason,
                stage_run_id=writer.run.stage_run_id,
            )
            for result_id in gate_result_ids
        ]
    )
