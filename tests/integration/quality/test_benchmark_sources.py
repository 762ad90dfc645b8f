"""A benchmark in S3 is indexed as the DAG `index_benchmarks` does it."""

import gzip
from typing import Any

import pytest

from codeio_airflow.benchmark_tasks import index_one
from codeio_ops.errors import BlobStoreRefused, CodeIOError, SourceNotFound
from codeio_ops.quality.leakage.registry import load_index, stored_indexes
from support.candidate import Plot
from support.planted_benchmark import benchmark_line


def test_a_benchmark_in_s3_is_indexed(plot: Plot) -> None:
    plot.objects.put("held/items.jsonl.gz", gzip.compress(benchmark_line().encode()))
    location = f"s3://{plot.objects.bucket}/held/items.jsonl.gz"
    clients: Any = plot
    counts = index_one("trains", location, clients)
    assert (counts["items"], counts["unscannable"]) == (1, 0)
    (stored,) = stored_indexes(plot.store)
    assert load_index(stored, objects=plot.objects).item_ids == ("q/1",)


@pytest.mark.parametrize(
    ("bucket", "error"), [("", SourceNotFound), ("no-such-bucket", BlobStoreRefused)]
)
def test_a_benchmark_that_is_not_in_s3_is_one_line_with_a_cure(
    bucket: str, error: type[CodeIOError], plot: Plot
) -> None:
    clients: Any = plot
    location = f"s3://{bucket or plot.objects.bucket}/none.jsonl"
    with pytest.raises(error, match=bucket or location) as caught:
        index_one("trains", location, clients)
    assert caught.value.cure
    assert stored_indexes(plot.store) == []
