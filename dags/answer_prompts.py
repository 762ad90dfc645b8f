"""### answer_prompts: from pairs to verified answers, wrong ones revised

**Reads** pairs without prompts, prompts without answers, responses without verdicts, and wrong
first answers without a revision.

**Writes** `prompt`, `response`, `verdict`, `teacher_call`, `drop_record`; updates the asset
`answers`.

**Idempotent by** content ids: (pair, direction, template), (prompt, turn, teacher, rollout),
(response, verifier version). A cleared task never pays for an answer twice. Every teacher has
answers of its own: none hides another's, and a conversation is revised by who began it.

**On failure** a teacher or sandbox that is down is retried; answers that arrived are stored, and
the rest stays pending for the next run.

**Backfill**: none is needed; a run takes whatever is pending, from any night.

Example configuration, to try a new model on a few rows for half a dollar at most:
`{"limit": 20, "model": "deepseek-chat", "budget": 0.5}`; to see what is pending:
`{"dry_run": true}`; to let it answer what others have answered, of one source:
`{"model": "deepseek-chat", "scope": "unanswered", "source": "directory:/data/tools"}`. How often a
wrong answer is revised is a setting of the installation (`CODEIO_REVISION_POLICY`), as is whether
requests go out in batches (`CODEIO_TEACHER_BATCH`, at half price for a wait of up to a day).
"""

from airflow.sdk import TriggerRule, chain, dag, get_current_context, task

from codeio_airflow.assets import ANSWERS, PROGRAMS
from codeio_airflow.clients import skip_dry_run, task_work
from codeio_airflow.defaults import ANSWER_SCOPE, DAG_DEFAULTS, LIMITS
from codeio_airflow.shard_tasks import staged


@dag(schedule=[PROGRAMS], doc_md=__doc__, params=LIMITS | ANSWER_SCOPE, **DAG_DEFAULTS)
def answer_prompts() -> None:
    """Ask, answer, verify, revise, verify again."""

    @task(outlets=[ANSWERS], trigger_rule=TriggerRule.NONE_FAILED)
    def announce() -> None:
        skip_dry_run()
        with task_work("verify") as work:
            count = work.store.value("funnel.verdicts")
            get_current_context()["outlet_events"][ANSWERS].extra = {"row_count": count}

    _, judged = staged("answer_prompts")
    chain(judged, announce())


answer_prompts()
