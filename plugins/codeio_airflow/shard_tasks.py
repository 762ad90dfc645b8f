"""Builds the tasks of the stages of a DAG from the table `codeio_ops.pipeline`."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TypeAlias

from airflow.sdk import BaseOperator, TriggerRule, XComArg, chain, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from codeio_airflow.batch_operator import BatchOperator
from codeio_airflow.clients import name_mapped_task, skip_dry_run, task_work
from codeio_airflow.connections import configured_settings
from codeio_airflow.defaults import PARALLEL_SHARDS
from codeio_airflow.metrics import counted
from codeio_ops.config import Settings
from codeio_ops.pipeline import STAGES, Cut, Stage, stages_redone, steps_of
from codeio_ops.storage.shards import Rows, Shard

_PLAN_DOC = """Cuts what waits for the stage into shards: ranges of ids, planned from the database.
With nothing pending the stage is skipped. See the parameters `limit` and `dry_run`."""
_PLAN_STALE_DOC = """Cuts the stale rows of the stage into shards: ranges of ids.

With no stale row the stage is skipped, and where `because` does not name its cause. See also the
parameters `limit` and `dry_run`."""
_WORK_DOC = """Does the pending rows of one shard, and logs how far it is at most every 10 s.

A row ends with its fact or with a reason in `codeio.drop_record`. Clearing the task is safe: what
is done is not done again. The tab **CODE I/O** of the run shows what it wrote."""

# From before the task runs until it has named itself by what it did.
_SHARD_NAME = "{{ shard_name | default(task.op_kwargs['shard']['name']) }}"

Node: TypeAlias = BaseOperator | XComArg
# The first and the last task of what is built.
Span: TypeAlias = tuple[Node, Node]


def staged(dag_id: str, *, rule: TriggerRule = TriggerRule.NONE_FAILED) -> Span:
    """Build the tasks of the stages of a DAG, one stage after the other.

    Args:
        dag_id: The DAG, as the table names it.
        rule: When the stages that are not cut into shards run.
    """
    settings = configured_settings()
    return _in_a_row(
        whole_stage(STAGES[step.stage], step.task_id, rule)
        if STAGES[step.stage].cut is Cut.WHOLE
        else sharded_stage(STAGES[step.stage], step.task_id, settings)
        for step in steps_of(dag_id, settings)
    )


def redone() -> Span:
    """Build the tasks that do the stale rows of every stage again, where the run asks for them."""
    return _in_a_row(map(redone_stage, stages_redone()))


def _in_a_row(spans: Iterable[Span]) -> Span:
    built = list(spans)
    for (_, last), (first, _) in pairwise(built):
        chain(last, first)
    return built[0][0], built[-1][1]


def whole_stage(stage: Stage, task_id: str, rule: TriggerRule) -> Span:
    """Return the task of a stage that takes everything at once, twice."""

    @task(task_id=task_id, trigger_rule=rule)
    def whole() -> dict[str, int]:
        skip_dry_run()
        with task_work(stage.run_as) as work:
            return counted(task_id, stage.do(work))

    done = whole()
    return done, done


def sharded_stage(stage: Stage, task_id: str, settings: Settings) -> Span:
    """Return the plan of a stage and the task that is mapped over its shards.

    The first task is the plan. Where the settings say so and the stage asks a teacher, it is
    the task before it, which has the requests answered in batches.
    """

    @task(task_id=f"plan_{task_id}", trigger_rule=TriggerRule.NONE_FAILED, doc_md=_PLAN_DOC)
    def plan() -> list[dict[str, str]]:
        return _planned(stage, "pending")

    planned = plan()
    worked = _mapped(planned, stage, task_id)
    if not stage.is_batched(settings):
        return planned, worked
    batch = BatchOperator(
        task_id=f"batch_{task_id}",
        stage=stage.name,
        trigger_rule=TriggerRule.NONE_FAILED,
        # It would count while a batch is open, which may be for a day.
        execution_timeout=None,
    )
    chain(batch, planned)
    return batch, worked


def redone_stage(stage: Stage) -> Span:
    """Return the same for the stale rows of a stage, where the run asks for them.

    Requests to a teacher are sent one by one, whatever the settings say of batches.
    """

    @task(
        task_id=f"plan_{stage.name}", trigger_rule=TriggerRule.NONE_FAILED, doc_md=_PLAN_STALE_DOC
    )
    def plan() -> list[dict[str, str]]:
        if stage.stale_because not in get_current_context()["params"]["because"]:
            raise AirflowSkipException(f"`because` does not name {stage.stale_because}")
        return _planned(stage, "stale")

    planned = plan()
    return planned, _mapped(planned, stage, stage.name)


def _planned(stage: Stage, rows: Rows) -> list[dict[str, str]]:
    run = get_current_context()["params"]
    with task_work(stage.run_as) as work:
        if run["dry_run"]:
            count = stage.count(work, rows)
            raise AirflowSkipException(f"{count} {rows} rows of {stage.name}: a dry run takes none")
        shards = stage.plan(work, least=PARALLEL_SHARDS, limit=run["limit"], rows=rows)
        return [shard.to_json() for shard in shards]


def _mapped(planned: XComArg, stage: Stage, task_id: str) -> XComArg:
    @task(
        task_id=task_id,
        pool=stage.pool,
        queue=stage.queue,
        map_index_template=_SHARD_NAME,
        doc_md=_WORK_DOC,
    )
    def work_shard(shard: dict[str, str]) -> dict[str, int]:
        name_mapped_task(shard["name"])
        with task_work(stage.run_as) as work:
            counts = stage.do(work, Shard.from_json(shard))
            name_mapped_task(f"{shard['name'].partition(',')[0]}: {in_words(counts)}")
            return counted(task_id, counts)

    return work_shard.expand(shard=planned)


def in_words(counts: Mapping[str, int]) -> str:
    """Say what a shard came to, such as `45 sampled, 2 constant_output`, most first."""
    said = sorted(((rows, outcome) for outcome, rows in counts.items() if rows), reverse=True)
    return ", ".join(f"{rows} {outcome}" for rows, outcome in said[:4]) or "nothing left to do"
