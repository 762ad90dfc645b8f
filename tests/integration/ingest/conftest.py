"""A database, a bucket and short ways to ingest into them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from codeio_ops.config import Settings
from codeio_ops.dedup.stage import deduplicate_files
from codeio_ops.ingest.sources import add_source, find_source, parse_source
from codeio_ops.ingest.stage import read_source
from codeio_ops.records import Source
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.work import Parts, Work

FUNCTION = '''"""Say {name}."""


def {name}(values, limit):
    """Return what {name} says of `values`."""
    total = {start}
    for position, value in enumerate(values):
        if value > limit and position % {step} == 0:
            total += value * {factor} - position
        elif value == {start}:
            total -= {factor}
    result = [total, limit, {start}, len(values)]
    return sorted(result, key=lambda item: item % {modulus}), "{name}"
'''


CONTENT = """
SELECT 'raw_file', raw_file_id::text, blob_sha256 FROM codeio.raw_file
UNION ALL SELECT 'origin', origin_id::text, path FROM codeio.raw_file_origin
UNION ALL SELECT 'blob', sha256, size_bytes::text FROM codeio.blob
UNION ALL SELECT 'drop', subject_id::text, reason FROM codeio.drop_record
UNION ALL SELECT 'dedup', subject_id::text, cluster_id::text FROM codeio.dedup_result
ORDER BY 1, 2, 3
"""


def program(number: int) -> str:
    """Return a small module; no two are near-duplicates of each other."""
    body = FUNCTION.format(
        name=f"measure_{number}", start=number, step=number + 2, factor=number * 3 + 1,
        modulus=number + 7,
    )  # fmt: skip
    calls = "".join(
        f"print(measure_{number}([{number * k}, {k}], {k + number}) or 'case {number} {k}')\n"
        for k in range(1, 9)
    )
    return body + calls


def files(count: int) -> dict[str, str]:
    """Return modules by name: some are copies of others, and one is too small."""
    copies = {f"copy_{n}": f"# a copy\n{program(n)}" for n in range(1, 4)}
    return {f"module_{n}": program(n) for n in range(1, count)} | copies | {"tiny": "x = 1\n"}


@dataclass(frozen=True, slots=True)
class Platform:
    """What a test ingests into."""

    settings: Settings
    store: Store
    objects: ObjectStore
    blobs: BlobStore
    runs: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def work(self, stage: str, night: str = "") -> Work:
        """Return what another task works with."""
        task = TaskIdentity(dag_id="test", run_id=f"run-{next(self.runs)}", task_id=stage)
        parts: Parts = {"store": self.store, "objects": self.objects, "blobs": self.blobs}
        return Work(self.settings, stage, task, partition_key=night, **parts)

    def add(self, locator: str, *, licence: str = "", **settings: Any) -> Source:
        """Add a source, and return it."""
        source = parse_source(locator, licence=licence, settings=settings)
        add_source(self.store, source, self.settings)
        return source

    def ingest(self, source: Source, *, night: str = "") -> Counter[str]:
        """Read a source once."""
        current = find_source(self.store, source.source_id)
        return read_source(current, self.work("ingest", night=night))

    def deduplicate(self) -> Counter[str]:
        """Compare what is new."""
        return deduplicate_files(self.work("dedup"))

    def sql(self, statement: str, *, url: str = "") -> list[tuple[Any, ...]]:
        """Run a statement as the owner, or as the role of `url`."""
        engine = create_engine(url or self.settings.owner_database_url.get_secret_value())
        try:
            with engine.begin() as link:
                result = link.execute(text(statement))
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()


def open_platform(settings: Settings) -> Platform:
    """Open the clients of `settings`."""
    objects = ObjectStore.open(settings)
    store = Store.open(settings.database_url.get_secret_value())
    return Platform(settings=settings, store=store, objects=objects, blobs=BlobStore(objects))


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    """Return an empty platform."""
    opened = open_platform(settings)
    yield opened
    opened.store.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes files below a directory and returns the directory."""

    def write_files(directory: str, **files: str) -> Path:
        root = tmp_path / directory
        for name, content in files.items():
            path = root / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return root

    return write_files


@pytest.fixture(scope="module")
def module_platform(module_settings: Settings) -> Iterator[Platform]:
    """Return a platform that the tests of a module share and none of them changes."""
    opened = open_platform(module_settings)
    yield opened
    opened.store.close()
