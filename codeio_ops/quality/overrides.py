"""Records who let a release through although a soft gate failed, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from codeio_ops.errors import OverrideRefused
from codeio_ops.fingerprint import content_id
from codeio_ops.records import GateOverride
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
