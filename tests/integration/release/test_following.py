"""`codeio run` ends with what it made, and says what it leaves running."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from codeio_ops.config import Settings
from codeio_ops.local import environment
from codeio_ops.local.home import Home
from codeio_ops.local.pipeline import ROAD
from codeio_ops.local.ports import ANY
from codeio_ops.local.state import Secrets, StackState
from codeio_ops.pipeline import OTHER_RECIPE
from codeio_ops.records import TaskFailure
from codeio_ops.release.assemble import Release
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import TaskIdentity, stage_run
from support.airflow import FakeAirflow

from .conftest import Facts

REPOSITORY = Path(__file__).parents[3]
LAST = ROAD[-1]
# A shell keeps what it starts in the background from being interrupted.
_INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from codeio_ops.cli import main"
)


@pytest.fixture
def airflow(tmp_path: Path) -> Iterator[FakeAirflow]:
    """An Airflow that the stack of this home names, in which every run has ended well."""
    home = Home(tmp_path)
    with FakeAirflow() as running:
        ports = {**ANY, "airflow": urlsplit(running.base_url).port or 0}
        StackState(ports=ports, secrets=Secrets.generate()).save(home)
        running.states = {(dag_id, "started"): "success" for dag_id in ROAD}
        yield running


@pytest.fixture
def releases(facts: Facts, objects: ObjectStore, airflow: FakeAirflow) -> list[Release]:
    """Two published releases: the run that follows is to come to the first of them."""
    made = [facts.publish(facts.assemble(name), objects) for name in ("codeio_pp", "drop_wrong")]
    airflow.releases["started"] = f'"{made[0].release_id}"'
    return made


def start(settings: Settings, home: Path, *arguments: str) -> "subprocess.Popen[str]":
    started_with = {
        "CODEIO_DATABASE_URL": settings.database_url.get_secret_value(),
        "CODEIO_RECIPES_NIGHTLY": '["codeio_pp", "drop_wrong"]',
    }
    environment.write(Home(home), started_with)
    return subprocess.Popen(
        (sys.executable, "-c", f"{_INTERRUPTIBLE}; main()", "run", *arguments),
        env={"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "CODEIO_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(settings: Settings, home: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(settings, home, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_a_run_ends_with_each_release_that_it_came_to(
    facts: Facts, objects: ObjectStore, airflow: FakeAirflow, releases: list[Release],
    settings: Settings, tmp_path: Path,
) -> None:  # fmt: skip
    other = f"started{OTHER_RECIPE}2"
    task = TaskIdentity(dag_id=LAST, run_id=other, task_id="publish")
    facts.store.insert([stage_run("promote", task, settings)])
    made = facts.publish(facts.assemble("codeio"), objects)
    airflow.states[LAST, other] = "success"
    airflow.releases[other] = str(made.release_id)
    code, out, err = end(settings, tmp_path)
    assert code == 0, err
    assert "releases by: codeio_pp, drop_wrong" in err
    *_, first, second = out.strip().splitlines()
    assert first.startswith("nothing new: content equals codeio_pp v1, 48 samples (100 % by ")
    assert second.startswith("made: codeio v1, 48 samples (") and second.endswith(made.uri)
    code, out, _ = end(settings, tmp_path, "--attach", "--json")
    assert code == 1  # nothing goes on


def test_one_recipe_that_fails_holds_up_no_other(
    airflow: FakeAirflow, releases: list[Release], settings: Settings, tmp_path: Path
) -> None:
    others = [f"started{OTHER_RECIPE}{number}" for number in (2, 3)]
    airflow.states[LAST, "started"] = "failed"
    for run_id, state in zip(others, ("failed", "success"), strict=True):
        airflow.states[LAST, run_id] = state
    airflow.releases[others[1]] = str(releases[1].release_id)
    code, _, err = end(settings, tmp_path)
    assert code == 1
    told = [line for line in err.splitlines() if line.startswith(("nothing", "error"))]
    assert told[0].startswith("nothing new: content equals drop_wrong v1")
    assert told[1].startswith("error: release_dataset failed in assemble (run started)")
    assert told[2].startswith(f"error: release_dataset failed in assemble (run {others[0]})")


def test_a_source_that_failed_is_told_with_its_cause_and_the_rest_goes_on(
    facts: Facts, airflow: FakeAirflow, releases: list[Release], settings: Settings, tmp_path: Path
) -> None:
    airflow.states["ingest_code", "started"] = "failed"
    airflow.announced.add(("ingest_code", "started"))
    facts.store.insert([empty_source("started")])
    code, _, err = end(settings, tmp_path)
    assert code == 1
    begun, _, rest = err.partition("ingest_code goes on with the rest")
    assert "directory:/gone holds no source file" in begun
    assert "nothing new: content equals codeio_pp v1" in rest
    assert "bring it back" in rest


def empty_source(run_id: str) -> TaskFailure:
    """What the task of a source stored that holds no file."""
    return TaskFailure(
        task_failure_id=uuid4(), dag_id="ingest_code", run_id=run_id, task_id="ingest",
        map_index=0, try_number=1, error="SourceEmpty", final=True,
        cause="directory:/gone holds no source file", cure="bring it back",
    )  # fmt: skip


def test_an_interrupt_says_what_goes_on_and_how_to_follow_and_stop_it(
    airflow: FakeAirflow, releases: list[Release], settings: Settings, tmp_path: Path
) -> None:
    airflow.states["build_programs", "started"] = "running"
    airflow.states[LAST, "older"] = "queued"
    process = start(settings, tmp_path)
    assert airflow.polled.wait(60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on without this command" in err
    assert "codeio run --attach" in err and "codeio run --stop" in err
    assert "Traceback" not in err and airflow.states["build_programs", "started"] == "running"

    code, out, _ = end(settings, tmp_path, "--stop")
    assert (code, out.splitlines()) == (
        0, ["stopped release_dataset (run older)", "stopped build_programs (run started)"],
    )  # fmt: skip
    assert airflow.states["build_programs", "started"] == "failed"
    assert end(settings, tmp_path, "--stop")[1] == "nothing was running\n"


def test_what_goes_on_is_followed_without_starting_anything(
    airflow: FakeAirflow, releases: list[Release], settings: Settings, tmp_path: Path
) -> None:
    airflow.states[LAST, "started"] = "running"
    process = start(settings, tmp_path, "--attach", "--json")
    assert airflow.polled.wait(60)
    airflow.states[LAST, "started"] = "success"
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "releases by" not in err
    (made,) = json.loads(out)["releases"]
    assert (made["name"], made["is_new"]) == ("codeio_pp", False)
