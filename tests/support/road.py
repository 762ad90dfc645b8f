"""The road of a row, from a source to a release, as the DAGs walk it but without Airflow."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from codeio_ops.asking.answer import answer_prompts
from codeio_ops.asking.program import transform_files
from codeio_ops.asking.prompts import build_prompts
from codeio_ops.asking.revise import revise_answers
from codeio_ops.config import Settings
from codeio_ops.dedup.corpus import Corpus, Programs, RawFiles
from codeio_ops.dedup.stage import deduplicate
from codeio_ops.ingest.base import Reader
from codeio_ops.ingest.sources import active_sources, add_source, open_reader, parse_source
from codeio_ops.ingest.stage import ingest_source
from codeio_ops.quality.gates import GATES, run_gate, settle
from codeio_ops.quality.leakage.quarantine import screen_files, screen_samples
from codeio_ops.quality.measurement import GateInputs
from codeio_ops.quality.secrets import screen_private
from codeio_ops.release.assemble import Release, assemble_release, find_release
from codeio_ops.release.publish import publish
from codeio_ops.release.recipe import Recipe
from codeio_ops.sample.pairs import sample_programs
from codeio_ops.sample.recheck import recheck_pairs
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.storage.shards import Shard, plan_shards, whole_range
from codeio_ops.teacher.client import Teacher
from codeio_ops.verify import VERIFIER_VERSION
from codeio_ops.verify.answers import verify_responses

FACTS = (
    "source", "blob", "raw_file", "raw_file_origin", "teacher", "teacher_call", "program",
    "io_pair", "prompt", "response", "verdict", "drop_record", "sample", "release",
    "release_sample", "gate_result", "gate_override", "benchmark_index", "leak_scan", "leak_hit",
    "stage_run",
)  # fmt: skip
CORPUS = Path(__file__).parents[1] / "data" / "corpus"
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


def _as_it_is(part: Any) -> Any:
    return part


@dataclass(frozen=True, kw_only=True)
class Road:
    """The stages on one database and bucket; each test may replace a part by a failing one.

    Attributes:
        settings: Database, bucket, teacher and limits.
        store: The database, as the role that writes facts.
        sandbox: Draws pairs and judges answers.
        confirming: Runs pairs again, under another hash seed.
        run_id: Names the run in `stage_run`.
        teacher: Wraps the teacher of `settings`.
        writer: Wraps the writer of each stage.
        objects: Wraps the bucket.
        reader: Wraps the reader of each source.
    """

    settings: Settings
    store: Store
    sandbox: Sandbox
    confirming: Sandbox
    run_id: str = "test"
    teacher: Callable[[Any], Any] = _as_it_is
    writer: Callable[[Any], Any] = _as_it_is
    objects: Callable[[Any], Any] = _as_it_is
    reader: Callable[[Reader], Reader] = _as_it_is

    def with_parts(self, **parts: Any) -> "Road":
        """Return the same road with other parts."""
        return replace(self, **parts)

    @classmethod
    def open(cls, settings: Settings, *, sandbox: Sandbox, confirming: Sandbox) -> "Road":
        """Open the road that `settings` name."""
        store = Store.open(settings.database_url.get_secret_value())
        return cls(settings=settings, store=store, sandbox=sandbox, confirming=confirming)

    @property
    def bucket(self) -> ObjectStore:
        """The bucket, as it is."""
        return ObjectStore.open(self.settings)

    def stages(self) -> dict[str, Callable[[], Counter[str]]]:
        """Return the stages up to the finished conversations, in their order."""
        return {
            "ingest": self.ingest,
            "dedup": lambda: self._dedup(RawFiles(self.store, self._blobs())),
            "screen": lambda: self._sharded("screen", self._screen),
            "transform": lambda: self._sharded("transform", self._transform),
            "dedup programs": lambda: self._dedup(Programs(self.store)),
            "sample": lambda: self._sharded("sample", self._sample),
            "prompt": lambda: self._sharded(
                "prompt", self._prompt, prompted_pairs=self.settings.prompted_pairs
            ),
            "answer": lambda: self._sharded("answer", self._answer),
            "verify": self.verify,
            "revise": lambda: self._sharded(
                "revise", self._revise, revision_turns=self.settings.most_revisions
            ),
            "verify again": self.verify,
        }

    def run(self, recipe: Recipe | None = None) -> Release:
        """Walk from the sources to a published release."""
        for stage in self.stages().values():
            stage()
        return self.release(recipe or Recipe())

    def add(self, source: str, *, licence: str = "MIT") -> None:
        """Add a source."""
        add_source(self.store, parse_source(source, licence=licence))

    def ingest(self) -> Counter[str]:
        """Ingest every source that is not paused."""
        counts: Counter[str] = Counter()
        for source in active_sources(self.store):
            counts += ingest_source(
                source,
                self.reader(open_reader(source)),
                store=self.store,
                blobs=self._blobs(),
                writer=self.stage_writer("ingest"),
                settings=self.settings,
            )
        return counts

    def verify(self) -> Counter[str]:
        """Judge what this version of the verifier has not judged."""
        return self._sharded("verify", self._verify, verifier_version=VERIFIER_VERSION)

    def redo(self, stage: str) -> Counter[str]:
        """Do the stale rows of a stage again."""
        calls = {
            "recheck": self._recheck,
            "verify": self._verify,
            "transform": self._transform,
            "prompt": self._prompt,
        }
        return calls[stage](whole_range("stale"))

    def assemble(self, recipe: Recipe) -> Release:
        """Screen what is finished, and assemble a candidate."""
        screen_samples(
            store=self.store,
            objects=self.bucket,
            writer=self.stage_writer("screen"),
            settings=self.settings,
        )
        screen_private(store=self.store, writer=self.stage_writer("screen"), settings=self.settings)
        return assemble_release(recipe, store=self.store, writer=self.stage_writer("promote"))

    def judge(self, release: Release) -> dict[str, bool]:
        """Run every gate and return which of them passed."""
        inputs = GateInputs(
            release_id=release.release_id,
            store=self.store,
            objects=self.bucket,
            settings=self.settings,
            open_sandbox=lambda: self.sandbox,
            open_auditing_sandbox=lambda: self.confirming,
        )
        writer = self.stage_writer("gate", image=True)
        return {name: run_gate(name, release, inputs, writer=writer) for name in GATES}

    def promote(self, release: Release) -> Release:
        """Decide about a candidate, and publish it."""
        settle(release, store=self.store)
        publish(self.found(release), store=self.store, objects=self.objects(self.bucket))
        return self.found(release)

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
            return list(connection.execute(text(question), parameters).all())

    def stage_writer(self, stage: str, *, image: bool = False) -> FactWriter:
        """Return the writer of one stage of this run."""
        task = TaskIdentity(dag_id="tests", run_id=self.run_id, task_id=stage)
        digest = self.sandbox.image_digest if image else None
        run = stage_run(stage, task, self.settings, image_digest=digest)
        return self.writer(FactWriter(self.store, run))

    def _sharded(
        self, stage: str, call: Callable[[Shard], Counter[str]], **parameters: object
    ) -> Counter[str]:
        shards = plan_shards(
            self.store, stage, shard_rows=self.settings.shard_rows, least=2, **parameters
        )
        return sum(map(call, shards), Counter())

    def _blobs(self) -> BlobStore:
        return BlobStore(self.objects(self.bucket))

    def _dedup(self, corpus: Corpus) -> Counter[str]:
        return deduplicate(
            corpus,
            store=self.store,
            objects=self.objects(self.bucket),
            writer=self.stage_writer("dedup"),
        )

    def _open_teacher(self) -> Any:
        return self.teacher(Teacher.open(self.settings))

    def _screen(self, shard: Shard) -> Counter[str]:
        return screen_files(
            shard,
            store=self.store,
            objects=self.objects(self.bucket),
            writer=self.stage_writer("screen"),
            settings=self.settings,
        )

    def _transform(self, shard: Shard) -> Counter[str]:
        return transform_files(
            shard,
            store=self.store,
            blobs=self._blobs(),
            teacher=self._open_teacher(),
            writer=self.stage_writer("transform"),
            settings=self.settings,
        )

    def _sample(self, shard: Shard) -> Counter[str]:
        return sample_programs(
            shard,
            store=self.store,
            sandbox=self.sandbox,
            confirming=self.confirming,
            writer=self.stage_writer("sample", image=True),
            settings=self.settings,
        )

    def _prompt(self, shard: Shard) -> Counter[str]:
        return build_prompts(
            shard, store=self.store, writer=self.stage_writer("prompt"), settings=self.settings
        )

    def _answer(self, shard: Shard) -> Counter[str]:
        return answer_prompts(
            shard,
            store=self.store,
            teacher=self._open_teacher(),
            writer=self.stage_writer("answer"),
            settings=self.settings,
        )

    def _verify(self, shard: Shard) -> Counter[str]:
        return verify_responses(
            shard,
            store=self.store,
            sandbox=self.sandbox,
            writer=self.stage_writer("verify", image=True),
            settings=self.settings,
        )

    def _recheck(self, shard: Shard) -> Counter[str]:
        return recheck_pairs(
            shard,
            store=self.store,
            sandbox=self.sandbox,
            writer=self.stage_writer("recheck", image=True),
            settings=self.settings,
        )

    def _revise(self, shard: Shard) -> Counter[str]:
        return revise_answers(
            shard,
            store=self.store,
            teacher=self._open_teacher(),
            writer=self.stage_writer("revise"),
            settings=self.settings,
        )


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
