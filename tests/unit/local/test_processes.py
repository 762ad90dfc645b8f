"""Components are recognised by pid and start time, found by session, and stopped whole."""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from codeio_ops.errors import StackError
from codeio_ops.local import processes, supervisor
from codeio_ops.local.home import Home
from codeio_ops.local.processes import Component

PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    home.create()
    yield home
    processes.stop(home, processes.records(home).values())
    processes.reap()


def _component(code: str, **changes: Any) -> Component:
    part = Component(name="part", argv=(sys.executable, "-c", code), env=dict(os.environ))
    return replace(part, **changes)


def _child_pid(home: Home) -> int:
    log = home.logs / "part.log"
    assert processes.wait_until(lambda: log.read_text().strip() != "", 20)
    return int(log.read_text())


def _is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_record_survives_the_disk(home: Home) -> None:
    record = processes.start(home, _component(PARENT), starts=3)
    assert processes.records(home) == {"part": record}


def test_a_reused_pid_is_not_mistaken_for_the_component(home: Home) -> None:
    record = processes.start(home, _component(PARENT), starts=1)
    stranger = replace(record, created=record.created - 3600)
    assert processes.leader(record) is not None
    assert processes.leader(stranger) is None
    assert processes.family(stranger) == []


def test_stopping_takes_the_children_along(home: Home) -> None:
    record = processes.start(home, _component(PARENT), starts=1)
    child = _child_pid(home)
    processes.stop(home, [record])
    assert _is_gone(child)
    assert _is_gone(record.pid)
    assert processes.records(home) == {}


def test_children_of_a_killed_component_are_still_found(home: Home) -> None:
    record = processes.start(home, _component(PARENT), starts=1)
    child = _child_pid(home)
    os.kill(record.pid, signal.SIGKILL)
    os.waitpid(record.pid, 0)
    assert [process.pid for process in processes.family(record)] == [child]
    processes.stop(home, [record])
    assert _is_gone(child)


def test_a_component_that_waits_for_its_start_has_no_family(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The session of a process whose leader is outside the container is 0 there.
    monkeypatch.setattr(os, "getsid", lambda pid: 0)
    record = processes.start(home, _component(PARENT), starts=1)
    assert processes.family(replace(record, pid=0)) == []


def test_a_component_that_ignores_the_signal_is_killed(home: Home) -> None:
    record = processes.start(home, _component(DEAF, grace_s=0.3), starts=1)
    processes.stop(home, [record])
    assert _is_gone(record.pid)


def test_a_missing_program_is_a_clear_error(home: Home) -> None:
    with pytest.raises(StackError, match="part cannot be started"):
        processes.start(home, _component("", argv=("/nowhere/program",)), starts=1)


def test_a_plan_survives_the_disk(home: Home) -> None:
    plan = (_component(PARENT), _component(DEAF, name="other", user="nobody", tier=1))
    supervisor.write_plan(home, plan)
    assert supervisor.read_plan(home) == plan


def test_what_changes_the_process_changes_its_fingerprint() -> None:
    part = _component(PARENT)
    assert part.fingerprint == _component(PARENT).fingerprint
    assert part.fingerprint != replace(part, env={"A": "1"}).fingerprint


def test_another_shell_does_not_change_the_fingerprint() -> None:
    part = _component(PARENT)
    assert part.fingerprint == replace(part, inherited={"OLDPWD": "/elsewhere"}).fingerprint


def test_restarts_back_off_and_recover() -> None:
    restarts = supervisor.Restarts()
    delays = []
    for _ in range(8):
        restarts = restarts.after_death(lived_s=0.0, now=0.0)
        delays.append(restarts.not_before)
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert restarts.after_death(lived_s=3600.0, now=0.0).not_before == 0.5
