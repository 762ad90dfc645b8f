"""A catalogue is told over HTTP which tables a task read and wrote, and how many rows."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from codeio_ops.config import Settings
from codeio_ops.ingest.sources import add_source, parse_source
from codeio_ops.ingest.stage import read_source
from codeio_ops.local import environment
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler
from codeio_ops.work import Work
from support.road import CORPUS

REPOSITORY = Path(__file__).parents[3]
TASK = TaskIdentity(dag_id="ingest_code", run_id="night", task_id="ingest", map_index=0)
# What the listener of the provider does when a task has ended.
SCRIPT = """
import json, sys
from types import SimpleNamespace
from uuid import uuid4
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.openlineage.extractors.manager import ExtractorManager
from airflow.providers.openlineage.plugins.adapter import OpenLineageAdapter
from airflow.utils.state import TaskInstanceState

ended = SimpleNamespace(**json.loads(sys.argv[2]))
task = DagBag(sys.argv[1]).dags[ended.dag_id].get_task(ended.task_id)
found = ExtractorManager().extract_metadata(ended, task, TaskInstanceState.SUCCESS, ended)
OpenLineageAdapter().complete_task(
    run_id=str(uuid4()), job_name="ingest_code.ingest", end_time="2026-01-31T00:00:00Z",
    task=found, nominal_start_time=None, nominal_end_time=None, owners=[], tags=[],
    job_description=None, job_description_type=None, run_facets={},
)
"""

Events = list[dict[str, Any]]


@pytest.fixture
def catalogue() -> Iterator[tuple[str, Events]]:
    """The address of an HTTP receiver, and the events it was sent."""
    events: Events = []

    class Receiver(QuietHandler, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.body()))
            self.answer(status=201)

    with LocalEndpoint(Receiver) as server:
        yield server.url, events


def _environment(settings: Settings, home: Path, url: str) -> dict[str, str]:
    return {
        **environment.base_environment(),
        "AIRFLOW__OPENLINEAGE__EXTRACTORS": "codeio_airflow.table_lineage.TableExtractor",
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "codeio",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "http", "url": url}),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_HOME": str(home),
        "CODEIO_HOME": str(home),
        "CODEIO_DATABASE_URL": settings.database_url.get_secret_value(),
        "CODEIO_S3_BUCKET": settings.s3_bucket,
        "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "plugins"))),
    }


def _ingest(settings: Settings, store: Store) -> Counter[str]:
    source = parse_source(f"directory:{CORPUS}")
    add_source(store, source)
    return read_source(source, Work(settings, "ingest", TASK, store=store))


def test_a_catalogue_is_told_what_a_task_read_and_wrote(
    settings: Settings, tmp_path: Path, catalogue: tuple[str, Events]
) -> None:
    url, events = catalogue
    store = Store.open(settings.database_url.get_secret_value())
    ingested = _ingest(settings, store)
    store.close()
    done = subprocess.run(
        (sys.executable, "-c", SCRIPT, str(REPOSITORY / "dags"), json.dumps(asdict(TASK))),
        env=_environment(settings, tmp_path, url),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr

    (told,) = events
    assert (told["eventType"], told["job"]["namespace"]) == ("COMPLETE", "codeio")
    assert [(i["namespace"], i["name"]) for i in told["inputs"]] == [("directory", str(CORPUS))]
    (table,) = told["outputs"]
    assert table["name"] == f"{settings.s3_bucket}.codeio.raw_file"
    assert table["namespace"].startswith("postgres://127.0.0.1:")
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == ingested["new"] > 0
    columns = [column["name"] for column in table["facets"]["schema"]["fields"]]
    assert {"raw_file_id", "blob_sha256", "language"} <= set(columns)
    password = settings.database_url.get_secret_value().partition("@")[0].rpartition(":")[2]
    assert password not in json.dumps(events)
