"""The road of a row, from a source to a release: the table that the DAGs read, without Airflow."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from codeio_ops.config import Settings
from codeio_ops.ingest.sources import active_sources, add_source, parse_source
from codeio_ops.local.pipeline import ROAD
from codeio_ops.pipeline import STAGES, Cut, steps_of
from codeio_ops.quality.gates import GATES, run_gate
from codeio_ops.quality.leakage.quarantine import screen_samples
from codeio_ops.quality.leakage.registry import stored_indexes
from codeio_ops.quality.measurement import GateInputs
from codeio_ops.quality.refusals import release_of
from codeio_ops.quality.secrets import screen_private
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.release.judgement import settle
from codeio_ops.release.publish import publish
from codeio_ops.release.recipe import Recipe
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.storage.shards import Rows
from codeio_ops.work import Work
from support.planted_benchmark import put_in_use

FACTS = (
    "source", "blob", "raw_file", "raw_file_origin", "teacher", "teacher_call", "program",
    "io_pair", "prompt", "response", "verdict", "drop_record", "sample", "release",
    "release_sample", "gate_result", "gate_override", "benchmark_index", "leak_scan", "leak_hit",
    "stage_run",
)  # fmt: skip
CORPUS = Path(__file__).parents[1] / "data" / "corpus"
UNASKED = (
    "Which of the three mountain lakes that eleven hungry travellers passed on the second day of "
    "their journey holds more water than the reservoir above the abandoned copper mine?"
)
# A program that is not among them.
LATE = '''"""Rain between walls."""


def trapped_water(heights: list[int]) -> int:
    """Return how many units of rain stay between walls of these heights.

    >>> trapped_water([3, 0, 2, 0, 4])
    7
    """
    water = 0
    for place, height in enumerate(heights):
        left = max(heights[: place + 1])
        right = max(heights[place:])
        level = min(left, right)
        if level > height:
            water += level - height
    return water
'''


@dataclass(frozen=True, kw_only=True)
class Road:
    """The stages on one database and bucket, from the table that the DAGs read.

    Attributes:
        settings: Database, bucket, teacher and limits.
        store: The database, as the role that writes facts.
        sandbox: Draws pairs and judges answers.
        confirming: Runs pairs again, under another hash seed.
        run_id: Names the run in `stage_run`.
        wrapped: Parts of each `Work` by name, with what a test wraps them in.
    """

    settings: Settings
    store: Store
    sandbox: Sandbox
    confirming: Sandbox
    run_id: str = "test"
    wrapped: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def with_parts(self, **parts: Any) -> "Road":
        """Return the same road with other parts."""
        return replace(self, **parts)

    @classmethod
    def open(cls, settings: Settings, *, sandbox: Sandbox, confirming: Sandbox) -> "Road":
        """Open the road that `settings` name; a benchmark is in use on it."""
        store = Store.open(settings.database_url.get_secret_value())
        road = cls(settings=settings, store=store, sandbox=sandbox, confirming=confirming)
        if not stored_indexes(store):
            put_in_use(road.bucket, road.work("gate").writer, question=UNASKED, name="unasked")
        return road

    @property
    def bucket(self) -> ObjectStore:
        """The bucket, as it is."""
        return ObjectStore.open(self.settings)

    def work(self, stage: str, task_id: str = "") -> Work:
        """Return what a task of this run works with."""
        task = TaskIdentity(dag_id="tests", run_id=self.run_id, task_id=task_id or stage)
        work = Work(
            self.settings,
            stage,
            task,
            store=self.store,
            sandbox=self.sandbox,
            confirming_sandbox=self.confirming,
            auditing_sandbox=self.confirming,
            image_digest=self.sandbox.image_digest,
        )
        for part, wrap in self.wrapped.items():
            setattr(work, part, wrap(getattr(work, part)))
        return work

    def tasks(self) -> dict[str, Callable[[], Counter[str]]]:
        """Return the tasks up to the finished conversations, in their order, by DAG and id."""
        return {"ingest_code.ingest": self.ingest} | {
            f"{dag_id}.{step.task_id}": partial(self.do, step.stage, step.task_id)
            for dag_id in ROAD[:-1]
            for step in steps_of(dag_id, self.settings)
        }

    def do(self, name: str, task_id: str = "", rows: Rows = "pending") -> Counter[str]:
        """Do a stage as a DAG does: in shards that are planned, or in one task."""
        stage = STAGES[name]
        if stage.cut is Cut.WHOLE:
            return stage.do(self.work(stage.run_as, task_id))
        shards = stage.plan(self.work(stage.run_as, task_id), least=2, rows=rows)
        return sum((stage.do(self.work(name, task_id), shard) for shard in shards), Counter())

    def run(self, recipe: Recipe | None = None) -> Release:
        """Walk from the sources to a published release."""
        for task in self.tasks().values():
            task()
        return self.release(recipe or Recipe())

    def add(self, source: str, *, licence: str = "MIT") -> None:
        """Add a source."""
        add_source(self.store, parse_source(source, licence=licence))

    def ingest(self) -> Counter[str]:
        """Ingest every source that is not paused."""
        read = partial(STAGES["ingest"].do, self.work("ingest"))
        return sum(map(read, active_sources(self.store)), Counter())

    def redo(self, stage: str) -> Counter[str]:
        """Do the stale rows of a stage again."""
        return self.do(stage, rows="stale")

    def assemble(self, recipe: Recipe) -> Release:
        """Screen what is finished, and assemble a candidate."""
        screen_samples(self.work("screen"))
        screen_private(self.work("screen"))
        return release_of(recipe, self.work("promote"))

    def judge(self, release: Release) -> dict[str, bool]:
        """Run every gate and return which of them passed."""
        work = self.work("gate")
        inputs = GateInputs(
            release_id=release.release_id,
            store=work.store,
            objects=work.objects,
            settings=work.settings,
            open_sandbox=lambda: work.sandbox,
            open_auditing_sandbox=lambda: work.auditing_sandbox,
            writer=work.sandbox_writer,
        )
        return {name: run_gate(name, release, inputs) for name in GATES}

    def promote(self, release: Release) -> Release:
        """Decide about a candidate, and publish it."""
        passed = settle(self.found(release), store=self.store)
        return publish(passed, store=self.store, objects=self.work("promote").objects)

    def release(self, recipe: Recipe) -> Release:
        """Assemble, judge and publish."""
        candidate = self.assemble(recipe)
        self.judge(candidate)
        return self.promote(candidate)

    def releases(self) -> list[Release]:
        """Return all releases."""
        found = self.ask("SELECT release_id FROM codeio.release ORDER BY name, version")
        return [find_release(self.store, release_id) for (release_id,) in found]

    def found(self, release: Release) -> Release:
        """Return a release as it is now."""
        return find_release(self.store, release.release_id)

    def rows(self, table: str) -> int:
        """Count the rows of a table."""
        return int(self.ask(f'SELECT count(*) FROM codeio."{table}"')[0][0])

    def ask(self, question: str, *, auditor: bool = False, **parameters: object) -> list[Any]:
        """Run SQL of a test and return its rows."""
        from sqlalchemy import create_engine, text
        from sqlalchemy.pool import NullPool

        settings = self.settings
        url = settings.auditor_database_url if auditor else settings.owner_database_url
        engine = create_engine(url.get_secret_value(), poolclass=NullPool)
        with engine.begin() as connection:
            found = connection.execute(text(question), parameters)
            return list(found.all()) if found.returns_rows else []


class Rebuilt:
    """A sandbox as it is after its image was built from other inputs."""

    image_digest = "sha256:rebuilt"

    def __init__(self, sandbox: Any) -> None:
        self._sandbox = sandbox

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sandbox, name)


class Killed(BaseException):
    """Ends a stage where a test wants it: no handler of the platform may know it."""


class Fuse:
    """Lets a number of calls pass and raises at every later one, as if the task were killed."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def burn(self) -> None:
        """Count a call.

        Raises:
            Killed: it is one too many.
        """
        if self._left == 0:
            raise Killed
        self._left -= 1

    def on_calls(self, part: Any, method: str) -> Any:
        """Return `part`, whose method counts its calls."""
        return _Fused(part, method, self._call)

    def on_results(self, part: Any, method: str) -> Any:
        """Return `part`, whose method yields results that are counted."""
        return _Fused(part, method, self._results)

    def _call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.burn()
        return method(*args, **kwargs)

    def _results(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
        for result in method(*args, **kwargs):
            self.burn()
            yield result


class _Fused:
    def __init__(self, part: Any, method: str, through: Callable[..., Any]) -> None:
        self._part, self._method, self._through = part, method, through

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return partial(self._through, found) if name == self._method else found
