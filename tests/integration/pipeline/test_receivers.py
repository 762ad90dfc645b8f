"""A real run of a DAG tells a StatsD daemon and an OpenLineage catalogue what it did."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from codeio_ops.config import Settings
from codeio_ops.ingest.sources import add_source, parse_source
from codeio_ops.local.environment import base_environment
from codeio_ops.storage.engine import Store
from support.road import CORPUS

REPOSITORY = Path(__file__).parents[3]
SCRIPT = """
import sys
from airflow.dag_processing.dagbag import DagBag
dag = DagBag(sys.argv[1]).dags["ingest_code"]
dag.deadline = None  # `test` cannot store one
run = dag.test()
assert run.state == "success", run.state
"""
TIMEOUT_S = 10.0

Events = list[dict[str, Any]]


@pytest.fixture
def catalogue() -> Iterator[tuple[str, Events]]:
    """The address of an HTTP receiver, and the events it was sent."""
    events: Events = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", events
        server.shutdown()


@pytest.fixture
def metrics() -> Iterator[socket.socket]:
    """A UDP socket on which a StatsD daemon would listen."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.settimeout(TIMEOUT_S)
        yield receiver


def _documented(option: str) -> dict[str, str]:
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    return dict(re.findall(rf"(AIRFLOW__{option}\w+)=(\S+)", page))


def _environment(settings: Settings, home: Path, port: int, url: str) -> dict[str, str]:
    secret = {
        "CODEIO_DATABASE_URL": settings.database_url,
        "CODEIO_S3_ACCESS_KEY": settings.s3_access_key,
        "CODEIO_S3_SECRET_KEY": settings.s3_secret_key,
    }
    return {
        **base_environment(),
        **_documented("METRICS__STATSD"),
        **{name: value.get_secret_value() for name, value in secret.items()},
        "AIRFLOW__METRICS__STATSD_PORT": str(port),
        "AIRFLOW__OPENLINEAGE__EXTRACTORS": "codeio_airflow.table_lineage.TableExtractor",
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "codeio",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps({"type": "http", "url": url}),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_HOME": str(home),
        "CODEIO_HOME": str(home),
        "CODEIO_S3_ENDPOINT_URL": settings.s3_endpoint_url,
        "CODEIO_S3_BUCKET": settings.s3_bucket,
        "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "plugins"))),
    }


def _run(environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        (sys.executable, *command), env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_a_run_is_told_to_the_receivers(
    settings: Settings,
    tmp_path: Path,
    catalogue: tuple[str, Events],
    metrics: socket.socket,
) -> None:
    url, events = catalogue
    store = Store.open(settings.database_url.get_secret_value())
    add_source(store, parse_source(f"directory:{CORPUS}"))
    environment = _environment(settings, tmp_path, metrics.getsockname()[1], url)
    _run(environment, "-m", "airflow", "db", "migrate")
    _run(environment, "-c", SCRIPT, str(REPOSITORY / "dags"))
    stored = store.value("funnel.raw_files")
    store.close()

    (told,) = [
        event
        for event in events
        if event["eventType"] == "COMPLETE" and event["job"]["name"] == "ingest_code.ingest"
    ]
    assert told["job"]["namespace"] == "codeio"
    assert [(i["namespace"], i["name"]) for i in told["inputs"]] == [("directory", str(CORPUS))]
    (table,) = told["outputs"]
    assert table["name"] == f"{settings.s3_bucket}.codeio.raw_file"
    assert table["namespace"].startswith("postgres://127.0.0.1:")
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == stored > 0
    columns = [column["name"] for column in table["facets"]["schema"]["fields"]]
    assert {"raw_file_id", "blob_sha256", "language"} <= set(columns)
    password = settings.database_url.get_secret_value().partition("@")[0].rpartition(":")[2]
    assert password not in json.dumps(events)

    missing = {f"codeio.rows.ingest.new:{stored}|c"}
    while missing:
        missing.discard(metrics.recv(65536).decode())
