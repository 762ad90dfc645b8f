"""Facts about the texts of samples: each is written when a sample is first met, and never again."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from codeio_ops.records import Record
from codeio_ops.release.rows import PAGE_ROWS, SampleText, read_texts
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    sample_id: UUID


def write_missing(
    missing: str,
    fact_of: Callable[[SampleText], Record],
    *,
    store: Store,
    writer: FactWriter,
    **parameters: object,
) -> None:
    """Write a fact of each sample that has none, a page of texts in memory at a time.

    Those whose texts cannot be read back, as when a file has no origin, get none.

    Args:
        missing: Name of the query that gives the ids of those samples.
        fact_of: Makes the fact of what a sample says.
        store: Where they are.
        writer: Writes, in transactions of its own.
        parameters: Those of the query.
    """
    with store.transaction() as transaction:
        found = transaction.stream(missing, _Missing, **parameters)
        while page := [row.sample_id for row in islice(found, PAGE_ROWS)]:
            writer.write([fact_of(sample) for sample in read_texts(store, page)])
