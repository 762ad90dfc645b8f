"""Retention: what the platform may forget, and how it grows."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from codeio_ops.dedup.band_index import PREFIX as SEGMENT_PREFIX
from codeio_ops.storage.blobs import PACK_LOCK, PACK_PREFIX
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore

log = logging.getLogger(__name__)

# A task that died may be run again within this time, and finds its packs still there.
GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What garbage collection deleted.

    Attributes:
        blobs: Rows of `blob` that nothing referred to.
        packs: Packs in S3 of which no blob is left.
        segments: Dedup segments in S3 that no row names.
        freed_bytes: Length of the deleted objects.
        dead_bytes: Frames inside kept packs that no blob names any more.
    """

    blobs: int
    packs: int
    segments: int
    freed_bytes: int
    dead_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How large a table is."""

    relation: str
    rows: int
    bytes: int


def collect_garbage(
    store: Store, objects: ObjectStore, *, now: datetime, grace: timedelta = GRACE
) -> Collected:
    """Delete blobs and objects that nothing refers to and that are older than `grace`.

    A pack goes only when no blob lies in it. Writers share a lock from storing a pack to
    committing its blobs, and this takes it alone, so a pack is never deleted between the two.
    The rows go first: a run that dies leaves objects, which the next run deletes.
    """
    before = (now - grace).isoformat()
    with store.locked(PACK_LOCK):
        with store.transaction() as transaction:
            blobs = transaction.value("maintenance.delete_unreferenced_blobs", before=before)
            live = dict(transaction.pairs("maintenance.live_packs"))
            segments = set(transaction.column("maintenance.live_segments"))
        packs = _delete(objects, PACK_PREFIX, set(live), before)
        stale = _delete(objects, SEGMENT_PREFIX, segments, before)
        dead = sum(
            item.size_bytes - live[item.key]
            for item in objects.listing(PACK_PREFIX)
            if item.key in live
        )
    result = Collected(
        blobs=int(blobs or 0),
        packs=len(packs),
        segments=len(stale),
        freed_bytes=sum(packs) + sum(stale),
        dead_bytes=dead,
    )
    log.info("collected garbage: %s", result, extra={"action": "maintenance"})
    return result


def _delete(objects: ObjectStore, prefix: str, live: set[str], before: str) -> list[int]:
    """Delete what is not live, and return the sizes."""
    garbage = [
        item for item in objects.listing(prefix) if item.key not in live and item.modified < before
    ]
    for item in garbage:
        objects.delete(item.key)
    return [item.size_bytes for item in garbage]


def vacuum(store: Store) -> list[Growth]:
    """Vacuum and analyse the tables, and return their sizes, the largest first."""
    store.run_alone("maintenance.vacuum")
    return store.fetch("maintenance.growth", Growth)
