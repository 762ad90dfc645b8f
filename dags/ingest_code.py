"""### ingest_code: new raw files from every source

**Reads** the sources of `codeio.source` that are not paused.

**Writes** `raw_file`, `raw_file_origin`, `blob` (packs in S3), `drop_record`; updates the asset
`raw_files`.

**Idempotent by** (source, version, path, sha256): only what is new is stored.

**On failure** nothing of the failed source is lost: its cursor has not moved, so clearing the
task reads it again. Other sources go on.

**Backfill**: none is needed; a run reads each source from its cursor on, however many nights
were missed.

Sources are added with `codeio source add pypi:algorithms==1.0.1`. The run takes no
configuration.
"""

from airflow.sdk import TriggerRule, dag, get_current_context, task

from codeio_airflow.assets import RAW_FILES
from codeio_airflow.clients import name_mapped_task, task_clients
from codeio_airflow.defaults import DAG_DEFAULTS
from codeio_ops.ingest.sources import active_sources, find_source, open_reader
from codeio_ops.ingest.stage import ingest_source


@dag(schedule="@daily", doc_md=__doc__, **DAG_DEFAULTS)
def ingest_code() -> None:
    """Ingest every active source, one mapped task each."""

    @task
    def list_sources() -> list[str]:
        with task_clients("ingest") as clients:
            return [str(source.source_id) for source in active_sources(clients.store)]

    @task(map_index_template="{{ shard_name }}")
    def ingest(source_id: str) -> dict[str, int]:
        with task_clients("ingest") as c:
            source = find_source(c.store, source_id)
            name_mapped_task(f"{source.kind}:{source.locator}")
            clients = {"store": c.store, "blobs": c.blobs, "writer": c.writer}
            return dict(ingest_source(source, open_reader(source), settings=c.settings, **clients))

    @task(outlets=[RAW_FILES], trigger_rule=TriggerRule.NONE_FAILED)
    def announce() -> None:
        with task_clients("ingest") as clients:
            count = clients.store.value("funnel.raw_files")
            get_current_context()["outlet_events"][RAW_FILES].extra = {"row_count": count}

    ingest.expand(source_id=list_sources()) >> announce()


ingest_code()
