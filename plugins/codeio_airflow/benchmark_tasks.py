"""Calls the benchmark functions of `codeio_ops` with the clients of a task."""

from codeio_airflow.clients import TaskClients
from codeio_ops.quality.leakage.registry import index_benchmark


def index_one(name: str, location: str, clients: TaskClients) -> dict[str, int]:
    """Index one benchmark, and return its counts."""
    indexed = index_benchmark(
        name,
        location,
        objects=clients.objects,
        writer=clients.writer,
        settings=clients.settings,
    )
    return {
        "items": indexed.items,
        "unscannable": indexed.unscannable,
        "grams": indexed.grams,
    }
