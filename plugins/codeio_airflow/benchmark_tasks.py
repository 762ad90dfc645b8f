"""Calls the benchmark functions of `codeio_ops` with the work of a task."""

from codeio_ops.quality.leakage.registry import index_benchmark
from codeio_ops.work import Work


def index_one(name: str, location: str, work: Work) -> dict[str, int]:
    """Index one benchmark, and return its counts."""
    indexed = index_benchmark(name, location, work)
    return {
        "items": indexed.items,
        "unscannable": indexed.unscannable,
        "grams": indexed.grams,
    }
