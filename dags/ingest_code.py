"""### ingest_code: new raw files from every source, night by night

**Reads** the sources of `codeio.source` that are not paused, each since its cursor.

**Writes** `raw_file`, `raw_file_origin`, `tree_change`, `blob` (packs in S3), `drop_record`,
`dedup_result` (band keys in S3; what no longer holds moves to `former_dedup_result`); updates the
asset `raw_files`.

**Idempotent by** (source, version, path, sha256), and dedup by (file, signature spec): only what
is new is stored, so a night run twice changes nothing. What a source shows now is present; what
it no longer shows is out of force (docs/nights.md).

**On failure** nothing of the failed source is lost: its cursor has not moved, so clearing the
task reads it again. The other sources go on and their files move on; `all_sources_read` marks
the run as failed.

Every run belongs to a night, its `partition_key` (`2026-01-31`), and every row names it through
its `stage_run`. A night that was missed is made up with
`airflow backfill create --dag-id ingest_code --from-date 2026-01-31 --to-date 2026-01-31`.

**Backfill**: none is needed; a run reads each source from its cursor on, however many nights
were missed.

Sources are added with `codeio source add pypi:algorithms==1.0.1`. The run takes no
configuration.
"""

from datetime import timedelta

from airflow.sdk import CronPartitionTimetable, TriggerRule, chain, dag, get_current_context, task

from codeio_airflow.assets import RAW_FILES
from codeio_airflow.clients import name_mapped_task, task_work
from codeio_airflow.defaults import DAG_DEFAULTS
from codeio_airflow.metrics import counted
from codeio_airflow.shard_tasks import staged
from codeio_ops.ingest.sources import active_sources, find_source
from codeio_ops.pipeline import STAGES

NIGHTLY = CronPartitionTimetable(
    "0 0 * * *",
    timezone="UTC",
    key_format="%Y-%m-%d",
    # By default a stack first started within 2.4 hours after midnight would run the night at once.
    run_immediately=timedelta(0),
)


@dag(schedule=NIGHTLY, doc_md=__doc__, **DAG_DEFAULTS)
def ingest_code() -> None:
    """Ingest every active source, one mapped task each; then compare what is new."""

    @task
    def list_sources() -> list[str]:
        with task_work("ingest") as work:
            return [str(source.source_id) for source in active_sources(work.store)]

    @task(map_index_template="{{ shard_name }}")
    def ingest(source_id: str) -> dict[str, int]:
        with task_work("ingest") as work:
            source = find_source(work.store, source_id)
            name_mapped_task(f"{source.kind}:{source.locator}")
            return counted("ingest", STAGES["ingest"].do(work, source))

    @task(outlets=[RAW_FILES])
    def announce() -> None:
        with task_work("ingest") as work:
            count = work.store.value("funnel.raw_files")
            get_current_context()["outlet_events"][RAW_FILES].extra = {"row_count": count}

    @task(trigger_rule=TriggerRule.NONE_FAILED)
    def all_sources_read() -> None:
        """Fail with the sources: the tasks after them run whether they failed or not."""

    ingested = ingest.expand(source_id=list_sources())
    first, last = staged("ingest_code", rule=TriggerRule.ALL_DONE)
    chain(ingested, first)
    chain(last, announce())
    ingested >> all_sources_read()


ingest_code()
