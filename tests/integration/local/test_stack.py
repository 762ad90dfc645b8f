"""The embedded stack on real processes: start, stop, survive, refuse."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from codeio_ops.errors import StackError, StoreRefused, StoreUnavailable
from codeio_ops.local import health, ports, postgres, processes, stack, supervisor
from codeio_ops.local.components import Part
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState
from codeio_ops.local.status import status
from support.storage import quiet

STORAGE = frozenset({Part.POSTGRES, Part.S3})
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def home() -> Iterator[Home]:
    # Not below pytest's directories: Postgres may run as a user who cannot enter them.
    with tempfile.TemporaryDirectory(prefix="codeio-test-", dir="/tmp") as directory:
        home = Home(Path(directory))
        yield home
        stack.down(home, say=quiet)


def _up(home: Home, parts: frozenset[Part] = STORAGE) -> StackState:
    started = stack.up(home, parts=parts, say=quiet, user={}, preferred=ports.ANY)
    return started.state


def _pids(home: Home) -> dict[str, int]:
    return {name: record.pid for name, record in processes.records(home).items()}


def _processes_of(home: Home) -> list[str]:
    """Return the command line of every process that has to do with a home."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = " ".join(process.info["cmdline"] or ())
        if str(home.root) in command and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(command)
    return found


def _returns(home: Home, state: StackState, name: str, old_pid: int) -> bool:
    def is_back() -> bool:
        pid = _pids(home).get(name, old_pid)
        return pid != old_pid and not health.problem_of(home, state, name)

    return processes.wait_until(is_back, 60)


def test_down_leaves_no_process_and_up_keeps_the_data(home: Home) -> None:
    state = _up(home)
    with postgres.connect(state, role=postgres.OWNER, database="codeio") as link:
        link.cursor().execute("CREATE TABLE kept AS SELECT 7 AS x")
    assert set(stack.down(home, say=quiet)) == {"postgres", "s3"}
    assert _processes_of(home) == []
    assert all(ports.is_free(port) for port in state.ports.values())
    again = _up(home)
    assert again == state
    with postgres.connect(again, role=postgres.OWNER, database="codeio") as link:
        cursor = link.cursor()
        cursor.execute("SELECT x FROM kept")
        assert cursor.fetchall() == [(7,)]


def test_up_twice_starts_nothing_again(home: Home) -> None:
    _up(home)
    before = _pids(home)
    _up(home)
    assert _pids(home) == before


def test_two_ups_at_once_take_turns(home: Home) -> None:
    states: list[StackState] = []
    threads = [threading.Thread(target=lambda: states.append(_up(home))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(states) == 2
    assert states[0] == states[1]
    assert {record.starts for record in processes.records(home).values()} == {1}


@pytest.mark.parametrize("name", ["postgres", "s3"])
def test_a_killed_component_comes_back(home: Home, name: str) -> None:
    state = _up(home)
    pid = _pids(home)[name]
    os.kill(pid, signal.SIGKILL)
    assert _returns(home, state, name, pid)


def test_a_killed_supervisor_is_replaced_and_the_components_adopted(home: Home) -> None:
    state = _up(home)
    before = _pids(home)
    os.kill(int((home.run / "supervisor.pid").read_text()), signal.SIGKILL)
    assert processes.wait_until(lambda: not supervisor.is_alive(home), 10)
    assert [row.state for row in status(home)] == ["stopped", "healthy", "healthy"]
    _up(home)
    assert _pids(home) == before
    os.kill(before["s3"], signal.SIGKILL)
    assert _returns(home, state, "s3", before["s3"])


def test_down_works_without_the_supervisor(home: Home) -> None:
    _up(home)
    os.kill(int((home.run / "supervisor.pid").read_text()), signal.SIGKILL)
    stack.down(home, say=quiet)
    assert _processes_of(home) == []


def test_a_taken_port_is_replaced(home: Home) -> None:
    with socket.socket() as squatter:
        squatter.bind((ports.LOOPBACK, 0))
        squatter.listen()
        taken = squatter.getsockname()[1]
        preferred = {**ports.ANY, "postgres": taken}
        only = frozenset({Part.POSTGRES})
        started = stack.up(home, parts=only, say=quiet, user={}, preferred=preferred)
    assert started.state.ports["postgres"] != taken


def test_everything_listens_on_loopback_only(home: Home) -> None:
    _up(home)
    family = [
        process
        for record in processes.records(home).values()
        for process in processes.family(record)
    ]
    listening = {
        connection.laddr.ip
        for process in family
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {ports.LOOPBACK}


def test_a_wrong_password_is_refused_with_the_cure(home: Home) -> None:
    state = _up(home, frozenset({Part.POSTGRES}))
    wrong = replace(state, secrets=replace(state.secrets, postgres_password="wrong"))
    with pytest.raises(StoreRefused, match="password authentication failed") as caught:
        postgres.check(wrong)
    assert caught.value.cure
    assert "wrong" not in caught.value.cure


def test_a_stopped_postgres_is_unavailable_not_refused(home: Home) -> None:
    state = _up(home, frozenset({Part.POSTGRES}))
    stack.down(home, say=quiet)
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        postgres.check(state)


def test_the_roles_reach_only_their_databases(home: Home) -> None:
    state = _up(home, frozenset({Part.POSTGRES}))
    for role in (postgres.OWNER, postgres.APP, postgres.AUDITOR):
        with postgres.connect(state, role=role, database="codeio"):
            pass
        with (
            pytest.raises(StoreRefused, match="permission denied"),
            postgres.connect(state, role=role, database="airflow"),
        ):
            pass


def test_a_component_that_cannot_start_shows_its_log(home: Home) -> None:
    state = _up(home, frozenset({Part.POSTGRES}))
    stack.down(home, say=quiet)
    (home.postgres / "data" / "PG_VERSION").write_text("3\n")
    with pytest.raises(StackError, match="incompatible with server") as caught:
        stack.up(home, parts=frozenset({Part.POSTGRES}), say=quiet, user={})
    assert "postgres.log" in caught.value.cure
    assert state.secrets.postgres_password not in str(caught.value)


def test_secret_files_are_private_and_status_shows_none(home: Home) -> None:
    state = _up(home, frozenset({Part.POSTGRES}))
    secret_files = (home.env_file, home.state_file, home.plan_file)
    assert {path.stat().st_mode & 0o777 for path in secret_files} == {0o600}
    done = subprocess.run(
        (sys.executable, "-m", "codeio_ops.cli", "status", "--json"),
        env={**os.environ, "CODEIO_HOME": str(home.root), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    names = [row["name"] for row in json.loads(done.stdout)["components"]]
    assert names == ["supervisor", "postgres"]
    assert state.secrets.postgres_password not in done.stdout
