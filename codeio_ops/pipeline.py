"""The pipeline: every stage as a value, in the order of the data.

DAGs, command line, pages, lineage events, batches and tests read this table. A stage is added by
an entry here, a module with its function, and its SQL; see `docs/examples/new_stage`.

What a stage calls is named by `module:function`, so that importing the table imports no stage.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Literal

from codeio_ops.storage.requeue import take_back_outdated
from codeio_ops.storage.shards import Rows, Shard, plan_shards, whole_range

if TYPE_CHECKING:
    from codeio_ops.config import Settings
    from codeio_ops.records import Source
    from codeio_ops.teacher.messages import Request
    from codeio_ops.work import Work

Cause = Literal["image", "template"]
Need = Literal["sandbox", "teacher"]
Counted = Literal["passed", "settled"]

# What may make rows stale, in the order in which they are done again.
CAUSES: tuple[Cause, ...] = ("image", "template")
# Stands between the id of a run that releases, and the number of a run for one more recipe.
OTHER_RECIPE = "__recipe_"
# Slots of these pools cap what runs at the same time on the whole installation.
SANDBOX_POOL = "sandbox"
TEACHER_POOL = "llm"
_POOLS: Mapping[Need, str] = {"sandbox": SANDBOX_POOL, "teacher": TEACHER_POOL}
# Queues of Celery: a worker takes those whose needs its machine can meet.
QUEUES = ("default", TEACHER_POOL, SANDBOX_POOL)


class Cut(StrEnum):
    """How the work of a stage is cut into tasks.

    Attributes:
        SHARDS: Ranges of ids of what `sql/queries/pending.sql` says of it.
        WHOLE: One task takes everything.
        OWN: Its DAG has tasks of its own for it.
    """

    SHARDS = "shards"
    WHOLE = "whole"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task of a DAG that does a stage."""

    task_id: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage of the pipeline.

    Attributes:
        name: Its name, by which its queries, facts and counts go.
        unit: What those that come out are called.
        reads: The table whose rows it takes; empty where they are no table of ours.
        writes: The table whose rows it makes; empty where it only drops.
        calls: Does the work: a function of (shard, work); of the work alone where it is WHOLE.
        dag_id: The DAG that does it; empty where it only does again what is stale.
        task_id: Its task there; the name when empty.
        cut: How the work is cut into tasks.
        needs: What it cannot do without, beside database and bucket.
        parameters: Function of (work, "pending" or "stale"), which gives what its queries need
            beside the range.
        stale_because: What makes its rows stale; None where nothing does.
        requests: Function of (shard, work), which gives the requests it would send to a teacher.
        sizes: Function of (shard, work), which gives about the characters of each of them; empty
            where they are made as quickly.
        planned: Function of (work, rows that wait), which notes that they are now to be taken.
        asks_offline_first: Whether the offline teacher is asked before the one in use, in mixed
            mode.
        rounds: The steps that stand for it in its DAG, where they are not one.
        recorded_as: Stage that its facts name, where that is another.
        takes: Stages whose rows come to it, each of which it settles or drops; empty where
            they are not counted.
        takes_wrong: Whether it takes only those of them that were judged wrong.
        filters: Whether what comes out is what came in, less the drops.
        counts: What `unit` counts: rows written, or rows of the stage before that they settle.
    """

    name: str
    unit: str
    reads: str
    writes: str
    calls: str = ""
    dag_id: str = ""
    task_id: str = ""
    cut: Cut = Cut.SHARDS
    needs: Need | None = None
    parameters: str = ""
    stale_because: Cause | None = None
    requests: str = ""
    sizes: str = ""
    planned: str = ""
    asks_offline_first: bool = False
    rounds: "Callable[[Settings], list[Step]] | None" = None
    recorded_as: str = ""
    takes: tuple[str, ...] = ()
    takes_wrong: bool = False
    filters: bool = False
    counts: Counted = "passed"

    @property
    def run_as(self) -> str:
        """Stage that its facts name."""
        return self.recorded_as or self.name

    @property
    def pool(self) -> str:
        """Pool of Airflow that caps it."""
        return _POOLS[self.needs] if self.needs else "default_pool"

    @property
    def queue(self) -> str:
        """Queue from which a worker takes it that has what it needs."""
        return _POOLS[self.needs] if self.needs else "default"

    def is_batched(self, settings: "Settings") -> bool:
        """Say whether its requests go out in batches first.

        In mixed mode those for the model are known only once the offline teacher has refused.
        """
        mixed = self.asks_offline_first and settings.transform_mode == "mixed"
        return bool(self.requests) and settings.teacher_batch and not mixed

    def steps(self, settings: "Settings") -> list[Step]:
        """Return the tasks that do it in its DAG."""
        if self.rounds:
            return self.rounds(settings)
        return [Step(task_id=self.task_id or self.name, stage=self.name)]

    def count(self, work: "Work", rows: Rows = "pending") -> int:
        """Count the rows that it would take, those among them that it dropped under other settings.

        The drops that hold no more are taken back first.
        """
        self._take_back_outdated(work)
        whole = whole_range()
        parameters = self._parameters(work, rows)
        return work.store.count(f"{rows}.{self.name}", low=whole.low, high=whole.high, **parameters)

    def plan(
        self, work: "Work", *, least: int, limit: int = 0, rows: Rows = "pending"
    ) -> list[Shard]:
        """Cut the rows that it would take into shards; see `plan_shards`.

        A limit is for what asks a teacher, and for what is stale: what follows from the answers of
        a run costs nothing, and is done whole. What they will cost is logged, where a teacher that
        is paid is to be asked.
        """
        count = self.count(work, rows)
        limit = limit if self.requests or rows == "stale" else 0
        shards = plan_shards(
            count, shard_rows=work.settings.shard_rows, least=least, limit=limit, rows=rows
        )
        if self.planned:
            resolve_name(self.planned)(work, count)
        if self.requests and shards and not work.settings.uses_offline_teacher:
            resolve_name("codeio_ops.asking.estimate:log_estimate")(
                self.sizes_of(shards, work), work
            )
        return shards

    def do(self, work: "Work", part: "Shard | Source | None" = None) -> Counter[str]:
        """Do it, and return counts by outcome.

        Args:
            work: What it works with.
            part: What to take: a shard, or of ingest a source; None where it is WHOLE.
        """
        call: Callable[..., Counter[str]] = resolve_name(self.calls)
        return call(work) if part is None else call(part, work)

    def waiting_requests(self, work: "Work") -> "Iterator[Request]":
        """Give every request that it would send to a teacher now, one by one."""
        self._take_back_outdated(work)
        return self.requests_of([whole_range()], work)

    def requests_of(self, shards: "Iterable[Shard]", work: "Work") -> "Iterator[Request]":
        """Give the requests that it would send for these shards, one by one."""
        requests: Callable[..., Iterator[Request]] = resolve_name(self.requests)
        return chain.from_iterable(requests(shard, work) for shard in shards)

    def sizes_of(self, shards: "Iterable[Shard]", work: "Work") -> "Iterator[int]":
        """Give about the characters of each request that it would send for these shards."""
        if not self.sizes:
            return (request.characters for request in self.requests_of(shards, work))
        sizes: Callable[..., Iterator[int]] = resolve_name(self.sizes)
        return chain.from_iterable(sizes(shard, work) for shard in shards)

    def _take_back_outdated(self, work: "Work") -> None:
        """Take back what it dropped under other settings, or because another teacher failed."""
        teachers = work.teacher_ids if self.requests else []
        take_back_outdated(work.store, stage=self.name, settings=work.settings, teachers=teachers)

    def _parameters(self, work: "Work", rows: Rows) -> dict[str, Any]:
        if not self.parameters:
            return {}
        found: dict[str, Any] = resolve_name(self.parameters)(work, rows)
        return found


def _revision_rounds(settings: "Settings") -> list[Step]:
    """Revise and judge, as often as the settings allow."""
    return [
        Step(task_id=task_id + (f"_{number}" if number > 1 else ""), stage=stage)
        for number in range(1, settings.most_revisions + 1)
        for task_id, stage in (("revise", "revise"), ("verify_revisions", "verify"))
    ]


_STAGES = (
    Stage(
        name="ingest",
        unit="raw files",
        reads="",
        writes="raw_file",
        calls="codeio_ops.ingest.stage:read_source",
        dag_id="ingest_code",
        cut=Cut.OWN,
    ),
    Stage(
        name="dedup",
        unit="raw files",
        reads="raw_file",
        writes="",
        calls="codeio_ops.dedup.stage:deduplicate_files",
        dag_id="ingest_code",
        task_id="deduplicate",
        cut=Cut.WHOLE,
        takes=("ingest",),
        filters=True,
    ),
    Stage(
        name="screen",
        unit="raw files",
        reads="raw_file",
        writes="",
        calls="codeio_ops.quality.leakage.quarantine:screen_files",
        dag_id="build_programs",
        takes=("dedup",),
        filters=True,
    ),
    Stage(
        name="transform",
        unit="programs",
        reads="raw_file",
        writes="program",
        calls="codeio_ops.asking.program:transform_files",
        dag_id="build_programs",
        needs="teacher",
        parameters="codeio_ops.asking.program:parameters",
        stale_because="template",
        requests="codeio_ops.asking.program:transform_requests",
        sizes="codeio_ops.asking.program:transform_sizes",
        asks_offline_first=True,
        takes=("screen",),
    ),
    Stage(
        name="dedup programs",
        unit="programs",
        reads="program",
        writes="",
        calls="codeio_ops.dedup.stage:deduplicate_programs",
        dag_id="build_programs",
        task_id="deduplicate",
        cut=Cut.WHOLE,
        recorded_as="dedup",
        takes=("transform",),
        filters=True,
    ),
    Stage(
        name="sample",
        unit="programs with pairs",
        reads="program",
        writes="io_pair",
        calls="codeio_ops.sample.pairs:sample_programs",
        dag_id="build_programs",
        needs="sandbox",
        takes=("dedup programs",),
        counts="settled",
    ),
    Stage(
        name="recheck",
        unit="checked pairs",
        reads="io_pair",
        writes="pair_check",
        calls="codeio_ops.sample.recheck:recheck_pairs",
        needs="sandbox",
        parameters="codeio_ops.sample.recheck:parameters",
        stale_because="image",
    ),
    Stage(
        name="prompt",
        unit="prompts",
        reads="io_pair",
        writes="prompt",
        calls="codeio_ops.asking.prompts:build_prompts",
        dag_id="answer_prompts",
        parameters="codeio_ops.asking.prompts:parameters",
        stale_because="template",
    ),
    Stage(
        name="answer",
        unit="first answers",
        reads="prompt",
        writes="response",
        calls="codeio_ops.asking.answer:answer_prompts",
        dag_id="answer_prompts",
        needs="teacher",
        parameters="codeio_ops.asking.answer:parameters",
        requests="codeio_ops.asking.answer:answer_requests",
        planned="codeio_ops.asking.answer:plan_answers",
        takes=("prompt",),
    ),
    Stage(
        name="verify",
        unit="judged answers",
        reads="response",
        writes="verdict",
        calls="codeio_ops.verify.answers:verify_responses",
        dag_id="answer_prompts",
        needs="sandbox",
        parameters="codeio_ops.verify.answers:parameters",
        stale_because="image",
        takes=("answer", "revise"),
    ),
    Stage(
        name="revise",
        unit="revisions",
        reads="verdict",
        writes="response",
        calls="codeio_ops.asking.revise:revise_answers",
        dag_id="answer_prompts",
        needs="teacher",
        parameters="codeio_ops.asking.revise:parameters",
        requests="codeio_ops.asking.revise:revision_requests",
        rounds=_revision_rounds,
        takes=("verify",),
        takes_wrong=True,
    ),
    Stage(
        name="release",
        unit="samples",
        reads="verdict",
        writes="sample",
        dag_id="release_dataset",
        cut=Cut.OWN,
    ),
)

STAGES: Mapping[str, Stage] = {stage.name: stage for stage in _STAGES}


def steps_of(dag_id: str, settings: "Settings") -> list[Step]:
    """Return the tasks of a DAG that do stages, in their order."""
    return [
        step
        for stage in STAGES.values()
        if stage.dag_id == dag_id and stage.cut is not Cut.OWN
        for step in stage.steps(settings)
    ]


def stages_asking() -> list[str]:
    """Return the names of the stages that ask a teacher."""
    return [stage.name for stage in STAGES.values() if stage.requests]


def stages_writing() -> list[str]:
    """Return the names of the stages between source and release that write rows."""
    return [stage.name for stage in STAGES.values() if stage.dag_id and stage.writes]


def stages_redone() -> list[Stage]:
    """Return the stages whose rows may be stale, in the order in which they are done again."""
    return [s for cause in CAUSES for s in STAGES.values() if s.stale_because == cause]
