"""Two workers of Celery: one is killed in the middle of a shard, and the release is the same."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from codeio_ops.config import Settings
from codeio_ops.local import environment, health, pipeline, ports, postgres, processes, stack
from codeio_ops.local.pipeline import ROAD
from codeio_ops.local.state import remember
from codeio_ops.release.recipe import load_recipe
from codeio_ops.sandbox.pool import DockerSandbox
from support.embedded import Shell
from support.liveness import lives
from support.road import CORPUS, Road
from support.storage import create_template, fresh_settings, quiet
from support.workers import needs_workers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    needs_workers,
]

VARIABLES = {
    # A killed worker is found out sooner; how long it takes is no matter of these tests.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    # A shard takes seconds, however fast the machine: it has a middle.
    "CODEIO_TEACHER_REQUESTS_PER_MINUTE": "1200",
}
BEFORE_RELEASE = ROAD[:-1]
BEGIN_TIMEOUT_S = 600.0
# Shards of which replies are stored.
BEGUN = """
SELECT DISTINCT stage_run.run_id, stage_run.map_index
FROM codeio.stage_run INNER JOIN codeio.teacher_call USING (stage_run_id)
WHERE stage_run.task_id = 'answer'
"""
TRIES_THAT_STORED = """
SELECT stage_run.map_index, array_agg(DISTINCT stage_run.try_number)
FROM codeio.stage_run INNER JOIN codeio.teacher_call USING (stage_run_id)
WHERE stage_run.task_id = 'answer' GROUP BY stage_run.map_index
"""
PAID_TWICE = """
SELECT purpose, subject_id FROM codeio.teacher_call
GROUP BY purpose, subject_id, teacher_id HAVING count(*) > 1
"""
TASKS = """
SELECT dag_id, run_id, task_id, map_index, try_number, state, hostname FROM task_instance
"""


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """A shell beside a stack with two workers; the stack is stopped whatever happens."""
    with tempfile.TemporaryDirectory(prefix="codeio-e2e-", dir="/tmp") as directory:
        programs = Path(sys.executable).parent
        shell = Shell(directory=Path(directory), programs=programs, variables=VARIABLES)
        shell.home.create()
        remember(shell.home, running=(), preferred=ports.ANY)
        shell.run("engine")
        try:
            shell.run("up", "--workers", "2")
            yield shell
        finally:
            stack.down(shell.home, say=quiet)


@pytest.fixture(scope="module")
def killed(shell: Shell) -> str:
    """The worker that was killed while the pipeline ran, which then came to its end."""
    shell.run("source", "add", f"directory:{CORPUS}", "--licence", "MIT")
    # Nothing starts the worker anew: the other has to end what it began.
    supervisor = int((shell.home.run / "supervisor.pid").read_text())
    os.kill(supervisor, signal.SIGKILL)
    with health.open_api(shell.state) as api:
        run_id = pipeline.start(api, BEFORE_RELEASE)
        victim = _kill_in_the_middle(shell)
        pipeline.follow(api, run_id, show=lambda _: None, road=BEFORE_RELEASE)
    return victim


def test_the_other_worker_ends_the_shard_of_the_killed_one(shell: Shell, killed: str) -> None:
    tasks = _tasks(shell)
    assert {task["state"] for task in tasks} <= {"success", "skipped", "removed"}
    again = [task for task in tasks if task["try_number"] > 1]
    assert {task["hostname"] for task in again} == {"worker-1", "worker-2"} - {killed}
    stored = {index: sorted(tries) for index, tries in shell.ask(TRIES_THAT_STORED)}
    in_the_middle = {task["map_index"] for task in again if task["task_id"] == "answer"}
    assert in_the_middle and all(stored[index] == [1, 2] for index in in_the_middle)


def test_nothing_is_paid_twice(shell: Shell, killed: str) -> None:
    assert shell.ask(PAID_TWICE) == []


def test_what_is_released_is_what_one_process_makes_without_workers(
    shell: Shell, killed: str, tmp_path: Path
) -> None:
    settings = Settings.load(shell.home.root)
    recipe = load_recipe("codeio_pp")
    create_template(shell.state)
    with (
        DockerSandbox.open(settings.sandbox_image, workers=2) as sandbox,
        DockerSandbox.open(settings.sandbox_image, workers=2, hash_seed=1) as confirming,
        fresh_settings(shell.state, tmp_path) as fresh,
    ):
        made = Road.open(settings, sandbox=sandbox, confirming=confirming)
        same_teacher = fresh.replaced({"teacher_url": settings.teacher_url})
        alone = Road.open(same_teacher, sandbox=sandbox, confirming=confirming)
        alone.add(f"directory:{CORPUS}")
        for task in alone.tasks().values():
            task()
        assert made.assemble(recipe).content_sha256 == alone.assemble(recipe).content_sha256
        alone.store.close()
        made.store.close()


def test_the_logs_of_both_workers_are_read_in_airflow(shell: Shell, killed: str) -> None:
    of_worker = {
        task["hostname"]: task
        for task in _tasks(shell)
        # What does nothing, and has nothing to say, is left out.
        if task["state"] == "success" and task["task_id"] != "all_sources_read"
    }
    assert of_worker.keys() == {"worker-1", "worker-2"}
    for task in of_worker.values():
        assert "settings: Connections" in _log(shell, task)
    # The API server has no file of a task: each worker wrote to its own directory, then to S3.
    assert list((shell.home.airflow / "logs").glob("dag_id=*")) == []


def test_workers_are_named_by_doctor_and_leave_with_the_stack(shell: Shell, killed: str) -> None:
    shell.run("up")
    found = {one["name"]: one["ok"] for one in shell.json("doctor")}
    assert found["worker-1"] and found["worker-2"] and found["redis"] and found["pgbouncer"]
    records = processes.records(shell.home).values()
    family = [process for record in records for process in processes.family(record)]
    shell.run("down")
    assert [process for process in family if lives(process)] == []


def _kill_in_the_middle(shell: Shell) -> str:
    """Kill the worker of a shard that asks the teacher and has stored replies; return its name."""
    at_work: list[str] = []

    def is_begun() -> bool:
        begun = {tuple(row) for row in shell.ask(BEGUN)}
        at_work[:] = [
            task["hostname"]
            for task in _tasks(shell)
            if (task["task_id"], task["state"]) == ("answer", "running")
            and (task["run_id"], task["map_index"]) in begun
        ]
        return bool(at_work)

    assert processes.wait_until(is_begun, BEGIN_TIMEOUT_S, every_s=0.05)
    for process in processes.family(processes.records(shell.home)[at_work[0]]):
        _kill(process)
    return at_work[0]


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _tasks(shell: Shell) -> list[dict[str, Any]]:
    """Return the task instances of the road as Airflow's database has them."""
    with (
        postgres.connect(
            shell.state, role=postgres.AIRFLOW, database=postgres.AIRFLOW_DATABASE
        ) as link,
        link.cursor() as cursor,
    ):
        cursor.execute(f"{TASKS} WHERE dag_id = ANY(%s)", (list(ROAD),))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _log(shell: Shell, task: dict[str, Any]) -> str:
    login = {
        "username": environment.AIRFLOW_USER,
        "password": shell.state.secrets.airflow_admin_password,
    }
    path = (
        f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['run_id']}/taskInstances/{task['task_id']}"
        f"/logs/{task['try_number']}"
    )
    address = environment.airflow_url(shell.state)
    with httpx.Client(base_url=address, trust_env=False, timeout=60) as http:
        token = http.post("/auth/token", json=login).json()["access_token"]
        answer = http.get(
            path,
            params={"map_index": task["map_index"]},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert answer.status_code == 200
    return answer.text
