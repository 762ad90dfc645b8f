"""Calls the benchmark functions of `codeio_ops` with the work of a task."""

from codeio_ops.quality.leakage.benchmarks import index_benchmark
from codeio_ops.work import Work


def index_one(name: str, location: str, work: Work, *, meant: bool = False) -> dict[str, int]:
    """Index one benchmark, and return its counts."""
    indexed = index_benchmark(name, location, work, meant=meant)
    return {
        "items": indexed.items,
        "unscannable": indexed.unscannable,
        "grams": indexed.grams,
    }
