"""Builds the tasks of a sharded stage: one that plans shards, and one mapped over them."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from airflow.sdk import BaseOperator, TriggerRule, XComArg, chain, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from codeio_airflow.batch_operator import BatchOperator
from codeio_airflow.clients import TaskClients, name_mapped_task, task_clients
from codeio_airflow.connections import configured_settings
from codeio_airflow.defaults import PARALLEL_SHARDS
from codeio_airflow.metrics import counted
from codeio_ops.storage.shards import Rows, Shard, plan_shards
from codeio_ops.teacher.prompting import current_templates
from codeio_ops.verify import VERIFIER_VERSION

_PLAN_DOC = """Cuts what waits for the stage into shards: ranges of ids, planned from the database.
With nothing pending the stage is skipped. See the parameters `limit` and `dry_run`."""
_PLAN_STALE_DOC = """Cuts the stale rows of the stage into shards: ranges of ids.

With no stale row the stage is skipped, and where `because` does not name its cause. See also the
parameters `limit` and `dry_run`."""
_WORK_DOC = """Does the pending rows of one shard, and logs how far it is at most every 10 s.

A row ends with its fact or with a reason in `codeio.drop_record`. Clearing the task is safe: what
is done is not done again. The tab **CODE I/O** of the run shows what it wrote."""

# What makes a row of a stage stale, of which `redo_stale` is asked.
STALE_BECAUSE = {
    "recheck": "image",
    "verify": "image",
    "transform": "template",
    "prompt": "template",
}

# From before the task runs until it has named itself by what it did.
_SHARD_NAME = "{{ shard_name | default(task.op_kwargs['shard']['name']) }}"

StageCall = Callable[[Shard, TaskClients], Counter[str]]


def sharded_stage(
    stage: str, call: StageCall, *, pool: str = "default_pool", task_id: str = ""
) -> tuple[XComArg | BaseOperator, XComArg]:
    """Return (first, work): `work` runs `call` once for each shard that a plan finds pending.

    The first task is the plan. Where the settings say so and the stage asks a teacher, it is
    the task before it, which has the requests answered in batches.

    Args:
        stage: A stage of `sql/queries/pending.sql`.
        call: Does the work of one shard and returns counts.
        pool: Pool of the mapped task.
        task_id: Name of the mapped task; the stage's when empty.
    """
    name = task_id or stage

    @task(task_id=f"plan_{name}", trigger_rule=TriggerRule.NONE_FAILED, doc_md=_PLAN_DOC)
    def plan() -> list[dict[str, str]]:
        return _planned(stage, "pending")

    planned = plan()
    worked = _mapped(planned, stage, call, pool=pool, name=name)
    settings = configured_settings()
    # In mixed mode the files for the model are known only once the offline teacher has refused.
    if not settings.teacher_batch or (stage == "transform" and settings.transform_mode == "mixed"):
        return planned, worked
    match stage:
        case "transform" | "answer" | "revise":
            batch = BatchOperator(
                task_id=f"batch_{name}", purpose=stage, trigger_rule=TriggerRule.NONE_FAILED
            )
            chain(batch, planned)
            return batch, worked
        case _:
            return planned, worked


def _planned(stage: str, rows: Rows) -> list[dict[str, str]]:
    with task_clients(stage) as clients:
        parameters = stage_parameters(stage, clients, rows)
        run = get_current_context()["params"]
        if run["dry_run"]:
            count = clients.store.value(f"{rows}.count_{stage}", **parameters)
            raise AirflowSkipException(f"{count} {rows} rows of {stage}: a dry run takes none")
        shards = plan_shards(
            clients.store,
            stage,
            shard_rows=clients.settings.shard_rows,
            least=PARALLEL_SHARDS,
            limit=run["limit"],
            rows=rows,
            **parameters,
        )
        return [shard.to_json() for shard in shards]


def _mapped(planned: XComArg, stage: str, call: StageCall, *, pool: str, name: str) -> XComArg:
    @task(task_id=name, pool=pool, map_index_template=_SHARD_NAME, doc_md=_WORK_DOC)
    def work(shard: dict[str, str]) -> dict[str, int]:
        name_mapped_task(shard["name"])
        with task_clients(stage) as clients:
            counts = call(Shard.from_json(shard), clients)
            name_mapped_task(f"{shard['name'].partition(',')[0]}: {in_words(counts)}")
            return counted(name, counts)

    return work.expand(shard=planned)


def redone_stage(
    stage: str, call: StageCall, *, pool: str = "default_pool"
) -> tuple[XComArg, XComArg]:
    """Return (plan, work): the same for the stale rows of a stage, where the run asks for them.

    Requests to a teacher are sent one by one, whatever the settings say of batches.

    Args:
        stage: A stage of `sql/queries/stale.sql`.
        call: Does the work of one shard and returns counts.
        pool: Pool of the mapped task.
    """

    @task(task_id=f"plan_{stage}", trigger_rule=TriggerRule.NONE_FAILED, doc_md=_PLAN_STALE_DOC)
    def plan() -> list[dict[str, str]]:
        if STALE_BECAUSE[stage] not in get_current_context()["params"]["because"]:
            raise AirflowSkipException(f"`because` does not name {STALE_BECAUSE[stage]}")
        return _planned(stage, "stale")

    planned = plan()
    return planned, _mapped(planned, stage, call, pool=pool, name=stage)


def in_words(counts: Mapping[str, int]) -> str:
    """Say what a shard came to, such as `45 sampled, 2 constant_output`, most first."""
    said = sorted(((rows, outcome) for outcome, rows in counts.items() if rows), reverse=True)
    return ", ".join(f"{rows} {outcome}" for rows, outcome in said[:4]) or "nothing left to do"


def stage_parameters(stage: str, clients: TaskClients, rows: Rows = "pending") -> dict[str, Any]:
    """Return what the query of a stage needs beside the range."""
    if rows == "stale" and STALE_BECAUSE[stage] == "image":
        return {"image": clients.image_digest}
    match stage:
        case "transform" if rows == "stale":
            return {"templates": current_templates()}
        case "prompt":
            prompted = {"prompted_pairs": clients.settings.prompted_pairs}
            return prompted | ({"templates": current_templates()} if rows == "stale" else {})
        case "verify":
            return {"verifier_version": VERIFIER_VERSION}
        case "revise":
            return {"revision_turns": clients.settings.most_revisions}
        case _:
            return {}
