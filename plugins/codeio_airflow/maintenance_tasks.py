"""Calls the maintenance functions of `codeio_ops` with the work of a task."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

from codeio_airflow.connections import settings_of_task
from codeio_ops.ingest import retention
from codeio_ops.storage.requeue import requeue as requeue_drops
from codeio_ops.teacher.journal import settle_replies
from codeio_ops.work import Work


def collect(work: Work) -> dict[str, int]:
    """Delete what nothing refers to, and return counts and bytes."""
    now = datetime.now(UTC)
    return asdict(retention.collect_garbage(work.store, work.objects, now=now))


def settle(work: Work) -> int:
    """Move the replies of teachers that are older than a day to packs; return how many."""
    before = datetime.now(UTC) - retention.GRACE
    return settle_replies(work.store, work.blobs, work.writer, before=before)


def requeue(wanted: Mapping[str, Sequence[str]], work: Work) -> dict[str, int]:
    """Let stages try again; return how many rows by `stage.reason`."""
    return {
        f"{stage}.{reason}": requeue_drops(work.store, stage=stage, reason=reason)
        for stage, reasons in wanted.items()
        for reason in reasons
    }


def sweep() -> int:
    """Remove the sandbox containers of dead processes, and return how many there were.

    Raises:
        EngineUnavailable: no engine answers.
        SandboxFault: the engine failed.
    """
    from codeio_ops.sandbox.address import EngineAddress
    from codeio_ops.sandbox.engine import connect
    from codeio_ops.sandbox.sweep import sweep_orphans

    with closing(connect(EngineAddress.of(settings_of_task()))) as client:
        return len(sweep_orphans(client))


def vacuum(work: Work) -> dict[str, int]:
    """Vacuum, and return the bytes of each table."""
    return {item.relation: item.bytes for item in retention.vacuum(work.store)}
