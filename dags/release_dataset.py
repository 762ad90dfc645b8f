"""### release_dataset: from verified answers to a published release, through gates

**Reads** every finished conversation that the recipe chooses, by default those with the current
teacher, and quarantines the files of those that leak a benchmark
or hold a secret or personal data. What a gate would refuse row by row is left out and counted. A
run that names no recipe, such as that of each night, takes the first of CODEIO_RECIPES_NIGHTLY and
starts a run of its own for each of the others.

**Writes** `leak_hit`, `drop_record`, `sample`, `release`, `release_sample`, `release_left_out`,
`gate_result`, `gate_override`, and the files of the release in S3; updates the asset `releases`.

**Idempotent by** (recipe, content): the same facts give the same release, which is made once.
A name goes on with the recipe of its versions; another takes it with `{"new_recipe": true}` alone.

**On failure** of a hard gate the release stays `rejected` with its evidence, and nothing is
published: see `codeio release show NAME VERSION`. When only soft gates failed, `ask_override`
waits for a person (Browse, Required Actions): *Approve* with a reason publishes all the same,
*Reject* or no answer in time rejects. Clearing the run judges it again. Meanwhile later runs go
on, and number their candidates after it; once a newer version is published, an approval comes too
late and says so.

**Backfill**: none is needed; a release holds every finished conversation.

Example configuration: `{"recipe": "drop_wrong"}`, or with a recipe of one's own
`{"recipe": {"name": "short", "turns": 1, "questions": 2}}`; of the answers of every teacher:
`{"recipe": {"name": "all", "teachers": "any"}}`
"""

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, TriggerRule, dag, get_current_context, task

from codeio_airflow.assets import ANSWERS, RELEASES
from codeio_airflow.clients import task_work
from codeio_airflow.defaults import (
    OVERRIDE_TIMEOUT,
    OVERRIDERS,
    PARALLEL_SHARDS,
    RELEASE_DEFAULTS,
    RELEASED,
)
from codeio_airflow.release_tasks import (
    APPROVE,
    REJECT,
    assemble_candidate,
    judge_candidate,
    open_question,
    publish_candidate,
    record_answer,
    runs_of_others,
    screen_finished,
)
from codeio_ops.pipeline import SANDBOX_POOL
from codeio_ops.quality.gates import GATES, SANDBOX_GATES

REASON = Param(
    "",
    type="string",
    title="Reason",
    description="Why it may be published all the same, in ten characters or more.",
)


@dag(schedule=[ANSWERS], doc_md=__doc__, params=RELEASED, **RELEASE_DEFAULTS)
def release_dataset() -> None:
    """Assemble a candidate, judge it by every gate, publish it."""

    @task
    def other_recipes() -> list[dict[str, object]]:
        with task_work("promote") as work:
            return runs_of_others(get_current_context()["params"], work)

    @task
    def screen() -> dict[str, int]:
        with task_work("screen") as work:
            return screen_finished(work)

    @task
    def assemble() -> str:
        with task_work("promote") as work:
            return assemble_candidate(get_current_context()["params"], work)

    @task(
        map_index_template="{{ task.op_kwargs['name'] }}", max_active_tis_per_dagrun=PARALLEL_SHARDS
    )
    def gate(name: str, release_id: str) -> bool:
        with task_work("gate") as work:
            return judge_candidate(name, release_id, work)

    @task.branch
    def decide(release_id: str) -> str:
        with task_work("gate") as work:
            question = open_question(release_id, work)
            get_current_context()["ti"].xcom_push("question", question)
            return "ask_override" if question else "publish"

    @task
    def record_override(release_id: str, answer: dict[str, object]) -> None:
        with task_work("gate") as work:
            record_answer(release_id, answer, work)

    @task(outlets=[RELEASES], trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    def publish(release_id: str) -> str:
        with task_work("promote") as work:
            uri, extra = publish_candidate(release_id, work)
            get_current_context()["outlet_events"][RELEASES].extra = extra
            return uri

    ask_override = HITLOperator(
        task_id="ask_override",
        subject="Only soft gates failed: publish the release all the same?",
        body="{{ ti.xcom_pull(task_ids='decide', key='question') }}",
        options=[APPROVE, REJECT],
        defaults=REJECT,
        params={"reason": REASON},
        response_timeout=OVERRIDE_TIMEOUT,
        assigned_users=OVERRIDERS,
        execution_timeout=None,
    )
    start_others = TriggerDagRunOperator.partial(
        task_id="start_others",
        trigger_dag_id="release_dataset",
        logical_date=None,
        skip_when_already_exists=True,
    )
    start_others.expand_kwargs(other_recipes())
    candidate = assemble()
    decided, published = decide(candidate), publish(candidate)
    screen() >> candidate
    others = [name for name in GATES if name not in SANDBOX_GATES]
    sandbox_gate = gate.override(task_id="sandbox_gate", pool=SANDBOX_POOL, queue=SANDBOX_POOL)
    gate.partial(release_id=candidate).expand(name=others) >> decided
    sandbox_gate.partial(release_id=candidate).expand(name=list(SANDBOX_GATES)) >> decided
    decided >> [ask_override, published]
    record_override(candidate, ask_override.output) >> published


release_dataset()
