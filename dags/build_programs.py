"""### build_programs: from raw files to programs with input/output pairs

**Reads** raw files without a program, then programs without pairs.

**Writes** `program`, `teacher_call`, `dedup_result`, `io_pair`, `drop_record`; updates the asset
`programs`.

**Idempotent by** content ids: a shard takes what is still pending in its range, so clearing a
task never pays the teacher twice for a file.

**On failure** a teacher or sandbox that is down is retried; what was finished is stored, and the
rest stays pending for the next run.

**Backfill**: none is needed; a run takes whatever is pending, from any night.

Example configuration, to try a new model on a few rows for half a dollar at most:
`{"limit": 20, "model": "deepseek-chat", "budget": 0.5}`; to see what is pending:
`{"dry_run": true}`
"""

from airflow.sdk import TriggerRule, chain, dag, get_current_context, task

from codeio_airflow import stages
from codeio_airflow.assets import PROGRAMS, RAW_FILES
from codeio_airflow.clients import skip_dry_run, task_clients
from codeio_airflow.defaults import DAG_DEFAULTS, LIMITS, SANDBOX_POOL, TEACHER_POOL
from codeio_airflow.metrics import counted
from codeio_airflow.shard_tasks import sharded_stage


@dag(schedule=[RAW_FILES], doc_md=__doc__, params=LIMITS, **DAG_DEFAULTS)
def build_programs() -> None:
    """Screen, transform, drop programs that repeat another, then sample."""

    @task(outlets=[PROGRAMS], trigger_rule=TriggerRule.NONE_FAILED)
    def announce() -> None:
        skip_dry_run()
        with task_clients("sample") as clients:
            count = clients.store.value("funnel.sampled_programs")
            get_current_context()["outlet_events"][PROGRAMS].extra = {"row_count": count}

    @task(trigger_rule=TriggerRule.NONE_FAILED)
    def deduplicate() -> dict[str, int]:
        with task_clients("dedup") as clients:
            return counted("deduplicate", stages.deduplicate_programs(clients))

    _, screened = sharded_stage("screen", stages.screen)
    plan_transform, transformed = sharded_stage("transform", stages.transform, pool=TEACHER_POOL)
    plan_sample, sampled = sharded_stage("sample", stages.sample, pool=SANDBOX_POOL)
    chain(screened, plan_transform)
    chain(transformed, deduplicate(), plan_sample)
    chain(sampled, announce())


build_programs()
