"""### maintenance: garbage, dead letters, orphaned containers and table statistics

**Reads** `blob`, `dedup_segment` and the objects of the bucket; `teacher_reply`; `drop_record`.

**Writes** `blob`, for the replies of teachers older than a day, whose bodies it moves to packs;
nothing else that is new: deletes blobs that nothing refers to, packs in which no blob is left, and
dedup segments that no row names, each only when older than a day; moves drops of the reasons
in `requeue` to `requeued_drop`, so that their stage tries again, as `codeio requeue` does;
vacuums and analyses; removes sandbox containers whose process is dead, which a crashed engine or
machine may leave.

**Idempotent by** what is left to do: a second run finds nothing.

**On failure** run it again; what it deleted was not referred to.

Example configuration: `{"requeue": {"sample": ["timeout"], "transform": ["truncated"]}}`
"""

from airflow.sdk import Param, chain, dag, get_current_context, task

from codeio_airflow.clients import task_work
from codeio_airflow.defaults import DAG_DEFAULTS
from codeio_ops.pipeline import SANDBOX_POOL

REQUEUE = Param({}, type="object", description="Stage -> reasons whose drops are tried again.")


@dag(
    schedule="30 4 * * 0",
    params={"requeue": REQUEUE},
    doc_md=__doc__,
    is_paused_upon_creation=False,
    **DAG_DEFAULTS,
)
def maintenance() -> None:
    """Collect garbage, settle replies, re-queue dead letters, remove orphans, report growth."""

    @task
    def collect_garbage() -> dict[str, int]:
        from codeio_airflow import maintenance_tasks

        with task_work("maintenance") as work:
            return maintenance_tasks.collect(work)

    @task
    def settle_replies() -> int:
        from codeio_airflow import maintenance_tasks

        with task_work("maintenance") as work:
            return maintenance_tasks.settle(work)

    @task
    def requeue_dead_letters() -> dict[str, int]:
        from codeio_airflow import maintenance_tasks

        with task_work("maintenance") as work:
            wanted = get_current_context()["params"]["requeue"]
            return maintenance_tasks.requeue(wanted, work)

    @task(queue=SANDBOX_POOL)
    def remove_orphaned_sandboxes() -> int:
        from codeio_airflow import maintenance_tasks

        return maintenance_tasks.sweep()

    @task
    def report_growth() -> dict[str, int]:
        from codeio_airflow import maintenance_tasks

        with task_work("maintenance") as work:
            return maintenance_tasks.vacuum(work)

    remove_orphaned_sandboxes()
    chain(collect_garbage(), settle_replies(), requeue_dead_letters(), report_growth())


maintenance()
