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
`{"dry_run": true}`; to give a model the files that the offline teacher had:
`{"model": "deepseek-chat", "transform_scope": "stand_in"}`
"""

from airflow.sdk import TriggerRule, chain, dag, get_current_context, task

from codeio_airflow.assets import PROGRAMS, RAW_FILES
from codeio_airflow.clients import skip_dry_run, task_work
from codeio_airflow.defaults import DAG_DEFAULTS, LIMITS, TRANSFORM_SCOPE
from codeio_airflow.shard_tasks import staged


@dag(schedule=[RAW_FILES], doc_md=__doc__, params=LIMITS | TRANSFORM_SCOPE, **DAG_DEFAULTS)
def build_programs() -> None:
    """Screen, transform, drop programs that repeat another, then sample."""

    @task(outlets=[PROGRAMS], trigger_rule=TriggerRule.NONE_FAILED)
    def announce() -> None:
        skip_dry_run()
        with task_work("sample") as work:
            count = work.store.value("funnel.sampled_programs")
            get_current_context()["outlet_events"][PROGRAMS].extra = {"row_count": count}

    _, sampled = staged("build_programs")
    chain(sampled, announce())


build_programs()
