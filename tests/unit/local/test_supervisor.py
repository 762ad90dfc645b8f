"""The supervisor goes on where a disk is full, and starts anew what lives and does not answer."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codeio_ops.local import processes, supervisor
from codeio_ops.local.home import Home
from codeio_ops.local.processes import Component
from codeio_ops.local.watch import UNHEALTHY_S, Watch

# A supervisor in a hurry, for which a component is deaf while a file of its name lies there.
SUPERVISE = """
import logging, sys
from pathlib import Path
from codeio_ops.local import supervisor, watch
from codeio_ops.local.home import Home

home = Home(Path(sys.argv[1]))
watch.EVERY_S = watch.UNHEALTHY_S = supervisor.LONGEST_DELAY_S = 0.1
supervisor.YOUNG_S = 0.0
supervisor.asking = lambda home: lambda name: "deaf" if (home.root / name).exists() else ""
logging.basicConfig(level=logging.INFO)
supervisor.supervise(home)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    env = {"PATH": os.defpath}
    names = ("first", "second")
    sleepers = (Component(name=name, argv=("sleep", "600"), env=env) for name in names)
    supervisor.write_plan(home, tuple(sleepers))
    return home


@pytest.fixture
def begin(home: Home) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []

    def begin() -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen((sys.executable, "-c", SUPERVISE, str(home.root))))
        return started[-1]

    yield begin
    supervisor.write_plan(home, ())
    for process in started:
        assert process.wait(30) == 0


def _pid(home: Home, name: str) -> int:
    record = processes.records(home).get(name)
    return record.pid if record and processes.leader(record) else 0


def _soon(condition: Callable[[], bool]) -> bool:
    return processes.wait_until(condition, 30)


def test_what_cannot_be_written_now_is_written_later(
    home: Home, begin: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    # A file cannot take the place of a directory: writing fails as it does on a full disk.
    in_the_way = processes.record_file(home, "second") / "x"
    in_the_way.mkdir(parents=True)
    process = begin()
    assert _soon(lambda: _pid(home, "first") > 0)
    assert not processes.wait_until(lambda: process.poll() is not None, 1.0)
    in_the_way.rmdir()
    in_the_way.parent.rmdir()
    assert _soon(lambda: _pid(home, "second") > 0)


def test_a_component_that_does_not_answer_is_started_anew_and_no_other(
    home: Home, begin: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    begin()
    assert _soon(lambda: _pid(home, "first") > 0 and _pid(home, "second") > 0)
    before = {name: _pid(home, name) for name in ("first", "second")}
    (home.root / "second").touch()
    assert _soon(lambda: _pid(home, "second") not in (0, before["second"]))
    (home.root / "second").unlink()
    assert _pid(home, "first") == before["first"]


def _seen(*looks: tuple[float, set[str]], young: frozenset[str] = frozenset()) -> str:
    """Return what is overdue after these looks, each at a time at which some are not well."""
    sick: set[str] = set()
    watch = Watch(lambda name: "deaf" if name in sick else "")
    for now, sick in looks:  # noqa: B007 - the lambda above reads it
        watch.look(("postgres", "scheduler"), young=young, now=now)
    return watch.overdue(now=looks[-1][0])


def test_only_what_is_unhealthy_for_a_minute_on_end_is_overdue() -> None:
    assert _seen((0, {"scheduler"}), (UNHEALTHY_S, {"scheduler"})) == "scheduler"
    assert _seen((0, {"scheduler"}), (UNHEALTHY_S - 1, {"scheduler"})) == ""
    assert _seen((0, {"scheduler"}), (30, set()), (UNHEALTHY_S, {"scheduler"})) == ""


def test_of_several_the_first_counts_for_the_others_may_only_lack_it() -> None:
    both = {"postgres", "scheduler"}
    assert _seen((0, both), (UNHEALTHY_S, both)) == "postgres"
    assert _seen((0, {"scheduler"}), (UNHEALTHY_S, both)) == ""


def test_what_was_started_lately_is_left_alone_and_so_is_what_needs_it() -> None:
    both = {"postgres", "scheduler"}
    assert _seen((0, both), (UNHEALTHY_S, both), young=frozenset({"postgres"})) == ""


def test_a_component_is_overdue_once() -> None:
    watch = Watch(lambda name: "deaf")
    watch.look(("s3",), young=frozenset(), now=0.0)
    assert watch.overdue(now=UNHEALTHY_S) == "s3"
    assert watch.overdue(now=UNHEALTHY_S) == ""
