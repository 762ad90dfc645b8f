"""The requests that wait for a teacher, stage by stage: for batches, previews and estimates."""

from collections.abc import Iterator
from typing import Literal

from codeio_ops.asking.answer import answer_requests
from codeio_ops.asking.program import transform_requests
from codeio_ops.asking.revise import denial, pending_revisions
from codeio_ops.config import Settings
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.shards import whole_range
from codeio_ops.teacher.messages import Request

Purpose = Literal["transform", "answer", "revise"]


def waiting_requests(
    purpose: Purpose, *, store: Store, blobs: BlobStore, settings: Settings
) -> Iterator[Request]:
    """Give every request that a stage would send now, one by one."""
    everything = whole_range()
    match purpose:
        case "transform":
            yield from transform_requests(everything, store=store, blobs=blobs)
        case "answer":
            yield from answer_requests(everything, store=store)
        case "revise":
            for item in pending_revisions(everything, store, settings):
                if denial(item, settings) is None:
                    yield item.request
