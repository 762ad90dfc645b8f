"""### sandbox_canary: attacks the sandbox every night

**Reads** the hostile programs that are shipped with `codeio_ops.sandbox`.

**Writes** `sandbox_check`. While the latest check of an image shows an escape, no stage runs a
program in that image.

**Idempotent by** image and task try: a check is a fact of its own, the latest one counts.

**On failure** to run at all it is retried. When a program escapes, the task fails at once and
the sample and verify stages stop, until `codeio sandbox attack --record` shows that all of them
are contained.

The run takes no configuration.
"""

from airflow.sdk import dag, task

from codeio_airflow.clients import task_work
from codeio_airflow.defaults import DAG_DEFAULTS
from codeio_airflow.sandbox_tasks import attack_sandbox
from codeio_ops.pipeline import SANDBOX_POOL


@dag(schedule="@daily", doc_md=__doc__, is_paused_upon_creation=False, **DAG_DEFAULTS)
def sandbox_canary() -> None:
    """Attack, record, and fail when something escaped."""

    @task(pool=SANDBOX_POOL, queue=SANDBOX_POOL)
    def attack() -> int:
        with task_work("canary") as work:
            return attack_sandbox(work)

    attack()


sandbox_canary()
