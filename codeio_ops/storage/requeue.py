"""Drops that are taken back, so that their stage tries again; what happened stays known.

They move from `drop_record` to `requeued_drop`: a row without a drop is pending, in every view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.config import DECIDING, Settings
from codeio_ops.jsonvalue import compact
from codeio_ops.storage.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    drop_record_id: UUID
    source_id: UUID | None


def requeue(
    store: Store, *, stage: str, reason: str, source_id: UUID | None = None, dry_run: bool = False
) -> int:
    """Let a stage try again what it dropped for a reason; return how many rows.

    Sources whose files ingest dropped are read from the beginning the next time, and judged anew.

    Args:
        store: The database.
        stage: The stage that dropped them.
        reason: Why; `refused` is every refusal of a teacher.
        source_id: Only what was made of this source; None is all.
        dry_run: Whether to count only.
    """
    with store.transaction() as transaction:
        found = transaction.fetch(
            "maintenance.drops_to_take_back",
            _Found,
            stage=stage,
            reason=reason,
            source_id=source_id,
        )
        if found and not dry_run:
            ids = [item.drop_record_id for item in found]
            transaction.value("maintenance.take_back", drop_record_ids=ids, waits=True)
        if stage == "ingest" and not dry_run:
            sources = {item.source_id for item in found if item.source_id}
            transaction.execute("ingest.judge_anew", source_ids=sorted(sources))
    return len(found)


def take_back_outdated(
    store: Store, *, stage: str, settings: Settings, teachers: Sequence[UUID]
) -> int:
    """Take back what a stage dropped under other settings than those of now; return how many rows.

    Args:
        store: The database.
        stage: The stage.
        settings: The settings of now.
        teachers: Whom it asks now: what another failed at is theirs to try.
    """
    values = settings.model_dump(mode="json", include=set(DECIDING))
    with store.transaction() as transaction:
        ids = transaction.column(
            "maintenance.outdated_drops",
            stage=stage,
            settings=compact(values),
            teachers=list(map(str, teachers)),
        )
        if ids:
            transaction.value("maintenance.take_back", drop_record_ids=ids, waits=True)
    return len(ids)
