"""### release_dataset: from verified answers to a published release, through gates

**Reads** every finished conversation.

**Writes** `sample`, `release`, `release_sample`, `gate_result`, and the files of the release in
S3; updates the asset `releases`.

**Idempotent by** (recipe, content): the same facts give the same release, which is made once.

**On failure** of a gate the release stays `rejected` with its evidence, and nothing is
published: see `codeio release show NAME VERSION`. Clearing the run judges it again.

**Backfill**: none is needed; a release holds every finished conversation.

Example configuration: `{"recipe": {"name": "codeio", "turns": 1}}`
"""

from airflow.sdk import Param, dag, get_current_context, task

from codeio_airflow.assets import ANSWERS, RELEASES
from codeio_airflow.clients import name_mapped_task, task_clients
from codeio_airflow.defaults import DAG_DEFAULTS, SANDBOX_POOL
from codeio_airflow.release_tasks import assemble_candidate, judge_candidate, publish_candidate
from codeio_ops.quality.gate_names import GATE_NAMES

RECIPE = Param(
    {"name": "codeio_pp", "turns": 2},
    type="object",
    description="Settings of the release: name, turns, separator, validation_percent.",
)


@dag(schedule=[ANSWERS], doc_md=__doc__, params={"recipe": RECIPE}, **DAG_DEFAULTS)
def release_dataset() -> None:
    """Assemble a candidate, judge it by every gate, publish it."""

    @task
    def assemble() -> str:
        with task_clients("promote") as clients:
            return assemble_candidate(get_current_context()["params"]["recipe"], clients)

    @task(pool=SANDBOX_POOL, map_index_template="{{ shard_name }}")
    def gate(name: str, release_id: str) -> bool:
        name_mapped_task(name)
        with task_clients("gate") as clients:
            return judge_candidate(name, release_id, clients)

    @task(outlets=[RELEASES])
    def publish(release_id: str) -> str:
        with task_clients("promote") as clients:
            uri, extra = publish_candidate(release_id, clients)
            get_current_context()["outlet_events"][RELEASES].extra = extra
            return uri

    candidate = assemble()
    gate.partial(release_id=candidate).expand(name=list(GATE_NAMES)) >> publish(candidate)


release_dataset()
