"""What tests ingest into: a database, a bucket, and short ways through the first stages."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, text

from codeio_ops.config import Settings
from codeio_ops.dedup.corpus import Code, RawFiles
from codeio_ops.dedup.stage import deduplicate_files, deduplicate_programs
from codeio_ops.ingest.sources import add_source, find_source, parse_source
from codeio_ops.ingest.stage import read_source
from codeio_ops.records import RawFile, Source
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.work import Parts, Work
from support.facts import FactBuilder

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


def corrected(content: str) -> str:
    """Return a module with one line more: a near-duplicate."""
    return content.replace("    total = ", "    values = list(values)\n    total = ", 1)


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

    def pay(self) -> list[str]:
        """Have programs made of what waits for a teacher, and return the texts that were sent."""
        waiting = [row[0] for row in self.sql("SELECT raw_file_id FROM codeio.pending_transform")]
        work, codes = self.work("transform"), self._codes(waiting)
        facts = FactBuilder(work.writer.run.stage_run_id)
        for code in codes:
            file = RawFile(
                raw_file_id=code.subject_id, blob_sha256="", language=code.language,
                size_bytes=0, stage_run_id=facts.run_id,
            )  # fmt: skip
            facts.program(file, code.content.decode())
        work.writer.write(facts.records)
        return [code.content.decode() for code in codes]

    def draw(self) -> list[UUID]:
        """Compare programs, draw a pair of each that waits for one, and return which they were."""
        deduplicate_programs(self.work("dedup"))
        waiting = [row[0] for row in self.sql("SELECT program_id FROM codeio.pending_sample")]
        work = self.work("sample")
        facts = FactBuilder(work.writer.run.stage_run_id)
        for program_id in waiting:
            facts.pair(program_id, {"x": 1}, 2)
        work.writer.write(facts.records)
        return waiting

    def in_force(self) -> set[str]:
        """Return the texts of the files in force."""
        found = [row[0] for row in self.sql("SELECT raw_file_id FROM codeio.file_in_force")]
        return {code.content.decode() for code in self._codes(found)}

    def _codes(self, raw_file_ids: list[UUID]) -> list[Code]:
        return list(RawFiles(self.store, self.blobs).read(raw_file_ids))

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
