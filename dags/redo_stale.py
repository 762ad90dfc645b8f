"""### redo_stale: does again what was done with another sandbox image or prompt template

**Reads** the stale rows of `codeio.stale_rows`: pairs and predicted inputs that another image ran,
programs and prompts that another template made.

**Writes** `pair_check`, `verdict`, `program`, `teacher_call`, `prompt`, `drop_record`; updates the
asset `raw_files`, so that `build_programs` and those after it go on with what is new. No row is
changed: a redone one is a new fact, and the views that say what is in force prefer it.

**Idempotent by** what is stale: a row that was redone is stale no more.

**On failure** run it again; what was redone stays, and a pair, program or prompt that was not is
in force as before.

**Backfill**: none is needed; a run takes whatever is stale, from any night.

Verdicts of an older verifier need no run of this: `answer_prompts` gives new ones by itself.

Example configuration: `{"because": ["image"]}`; to see how much would be done again:
`{"dry_run": true}`
"""

from airflow.sdk import Param, TriggerRule, chain, dag, get_current_context, task

from codeio_airflow.assets import RAW_FILES
from codeio_airflow.clients import skip_dry_run, task_work
from codeio_airflow.defaults import DAG_DEFAULTS, LIMITS
from codeio_airflow.shard_tasks import redone
from codeio_ops.pipeline import CAUSES

BECAUSE = Param(
    list(CAUSES),
    type="array",
    items={"enum": list(CAUSES)},
    title="What changed",
    description="Redo what another sandbox image ran, what another prompt template made, or both.",
)


@dag(schedule=None, doc_md=__doc__, params={"because": BECAUSE, **LIMITS}, **DAG_DEFAULTS)
def redo_stale() -> None:
    """Recheck pairs and predicted inputs, transform and prompt again."""

    @task(outlets=[RAW_FILES], trigger_rule=TriggerRule.NONE_FAILED)
    def announce() -> None:
        skip_dry_run()
        with task_work("recheck") as work:
            count = work.store.value("funnel.raw_files")
            get_current_context()["outlet_events"][RAW_FILES].extra = {"row_count": count}

    _, done_again = redone()
    chain(done_again, announce())


redo_stale()
