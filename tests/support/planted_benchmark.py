"""A benchmark of one question, for tests that need one in use."""

import json

from codeio_ops.quality.leakage.build import build_index
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.registry import store_index
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter

QUESTION = (
    "A train leaves the old harbour station before sunrise carrying seventeen wagons of coal "
    "while another one waits for its driver at the northern junction until noon."
)


def benchmark_line() -> str:
    """Return the question as a file of a benchmark has it."""
    return json.dumps({"id": "q/1", "q": [QUESTION], "a": ["none"]}) + "\n"


def put_in_use(
    objects: ObjectStore, writer: FactWriter, *, question: str = QUESTION, name: str = "planted"
) -> None:
    """Index the question as the only one of a benchmark."""
    index = build_index(name, [BenchmarkItem(item="q/1", segments=(question,))])
    store_index(index, origin="a test", objects=objects, writer=writer)
