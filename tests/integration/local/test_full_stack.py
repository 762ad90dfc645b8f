"""The stack with Airflow: one start, everything asked of it, one stop."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from codeio_ops.local import health, ports, processes, stack
from codeio_ops.local.components import Part
from codeio_ops.local.home import Home
from codeio_ops.local.stack import Started
from support.liveness import lives
from support.storage import quiet

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

PARTS = frozenset({Part.POSTGRES, Part.S3, Part.AIRFLOW})
DAG = """
import time
from airflow.sdk import dag, task

@dag(schedule=None)
def sleepy():
    @task
    def nap():
        with open("{log}", "a") as log:
            log.write("start\\n")
        time.sleep(6)
        with open("{log}", "a") as log:
            log.write("end\\n")
    nap()

sleepy()
"""


@pytest.fixture(scope="module")
def dags() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="codeio-dags-", dir="/tmp") as directory:
        path = Path(directory)
        (path / "sleepy.py").write_text(DAG.format(log=path / "log"))
        yield path


@pytest.fixture(scope="module")
def home(dags: Path) -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="codeio-test-", dir="/tmp") as directory:
        home = Home(Path(directory))
        yield home
        stack.down(home, say=quiet)


@pytest.fixture(scope="module")
def started(home: Home, dags: Path) -> Started:
    user = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    return stack.up(home, parts=PARTS, say=quiet, user=user, preferred=ports.ANY)


def test_every_component_is_healthy_and_on_loopback(home: Home, started: Started) -> None:
    records = processes.records(home)
    assert {health.problem_of(home, started.state, name) for name in records} == {""}
    family = [process for record in records.values() for process in processes.family(record)]
    listening = {
        connection.laddr.ip
        for process in family
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {ports.LOOPBACK}


def test_a_task_of_a_killed_scheduler_runs_again_and_never_twice_at_once(
    home: Home, started: Started, dags: Path
) -> None:
    log = dags / "log"
    with health.open_api(started.state) as api:
        assert processes.wait_until(lambda: "sleepy" in api.dag_ids(), 60, every_s=1)
        api.unpause_dag("sleepy")
        run_id = api.trigger("sleepy", {})
        assert processes.wait_until(log.exists, 60)
        os.kill(processes.records(home)["airflow-scheduler"].pid, signal.SIGKILL)

        def is_done() -> bool:
            return api.run_state("sleepy", run_id) in {"success", "failed"}

        assert processes.wait_until(is_done, 180, every_s=1)
        assert api.run_state("sleepy", run_id) == "success"
        assert [run.run_id for run in api.list_runs("sleepy")] == [run_id]
        assert [task.state for task in api.task_instances("sleepy", run_id)] == ["success"]
    assert log.read_text().split() == ["start", "start", "end"]


def test_down_leaves_no_process(home: Home, started: Started) -> None:
    records = processes.records(home).values()
    family = [process for record in records for process in processes.family(record)]
    assert len(family) > 8
    stack.down(home, say=quiet)
    assert [process for process in family if lives(process)] == []
    assert all(ports.is_free(port) for port in started.state.ports.values())
