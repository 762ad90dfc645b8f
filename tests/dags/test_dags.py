"""Every DAG parses without a database, quickly, and is what the others rely on."""

import ast
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from codeio_ops.config import Settings
from codeio_ops.local.nights import NIGHTLY
from codeio_ops.local.pipeline import ROAD
from codeio_ops.local.stack import POOLS
from codeio_ops.pipeline import QUEUES
from codeio_ops.quality.gates import GATES, SANDBOX_GATES

REPOSITORY = Path(__file__).parents[2]
FILES = sorted(path.stem for path in (REPOSITORY / "dags").glob("*.py"))
# Importing one of these takes longer than parsing all DAGs should.
HEAVY = {
    "boto3", "docker", "great_expectations", "numba", "numpy", "openai", "pandas", "pyarrow",
    "pypi_simple",
}  # fmt: skip

Dags = dict[str, Any]


def _tasks(dags: Dags) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{dag_id}.{task_id}", task)
        for dag_id, dag in dags.items()
        for task_id, task in dag["tasks"].items()
    ]


def test_all_parse_without_a_database(parsed: dict[str, Any]) -> None:
    assert parsed["import_errors"] == {}


def test_each_file_holds_the_dag_of_its_name(dags: Dags) -> None:
    assert sorted(dags) == FILES
    assert {Path(dag["file"]).stem: dag_id for dag_id, dag in dags.items()} == {
        name: name for name in FILES
    }


def test_parsing_imports_nothing_heavy(parsed: dict[str, Any]) -> None:
    assert "codeio_ops" in parsed["modules"]
    assert HEAVY.isdisjoint(parsed["modules"])


def test_the_plugin_that_airflow_loads_imports_nothing_heavy(
    fresh_python: Callable[..., str],
) -> None:
    output = fresh_python(
        "-c",
        "import sys, json, airflow.plugins_manager; before = set(sys.modules);"
        "import codeio_airflow.plugin;"
        "print('\\n' + json.dumps(sorted(set(sys.modules) - before)))",
    )
    added = json.loads(output.strip().splitlines()[-1])
    assert "codeio_airflow.plugin" in added
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in added)


def test_each_is_documented_as_operators_need_it(dags: Dags) -> None:
    for dag_id, dag in dags.items():
        assert dag["doc"].startswith(f"### {dag_id}: ")
        for heading in ("**Reads**", "**Writes**", "**Idempotent by**", "**On failure**"):
            assert heading in dag["doc"], f"{dag_id} does not say what it {heading}"


def test_each_has_the_tag_and_an_owner(dags: Dags) -> None:
    assert all("codeio" in dag["tags"] for dag in dags.values())
    assert {task["owner"] for _, task in _tasks(dags)} == {"codeio"}


def test_one_run_at_a_time_and_none_for_the_past(dags: Dags) -> None:
    # A release that waits for a person holds no other up.
    several = {dag_id for dag_id, dag in dags.items() if dag["max_active_runs"] != 1}
    assert several == {"release_dataset"}
    assert {dag["catchup"] for dag in dags.values()} == {False}


def test_what_must_run_by_night_begins_unpaused(dags: Dags) -> None:
    running = {dag_id for dag_id, dag in dags.items() if dag["begins_paused"] is False}
    assert running == set(NIGHTLY)


def test_every_task_retries_by_the_class_of_error(dags: Dags) -> None:
    assert [name for name, task in _tasks(dags) if not task["policy_is_shared"]] == []
    assert [name for name, task in _tasks(dags) if task["retries"] < 1] == []


def test_no_task_hangs_for_ever_but_one_that_waits_for_a_person(dags: Dags) -> None:
    unbounded = {name for name, task in _tasks(dags) if task["timeout_s"] is None}
    assert {name.rpartition(".")[2] for name in unbounded} == {"ask_override"}
    bounds = {task["timeout_s"] for _, task in _tasks(dags)} - {None}
    assert bounds == {Settings.model_fields["task_timeout_s"].default}


def test_only_what_may_pass_is_tried_again(parsed: dict[str, Any]) -> None:
    import codeio_ops.errors as errors

    decisions = parsed["decisions"]
    for name, action in decisions.items():
        kind = getattr(errors, name, None)
        if kind is not None and issubclass(kind, errors.TerminalError):
            assert action == "fail", name
        elif kind is not None and issubclass(kind, errors.TransientError):
            assert action == "retry", name
    assert decisions["ValueError"] == "default"
    assert {decisions["TeacherUnavailable"], decisions["GateFailed"]} == {"retry", "fail"}


def test_the_stacks_create_every_pool_that_a_task_names(dags: Dags) -> None:
    named = {task["pool"] for _, task in _tasks(dags)} - {"default_pool"}
    assert named == set(POOLS)
    compose = (REPOSITORY / "docker-compose.yml").read_text()
    assert set(re.findall(r"pools set (\w+)", compose)) == named


@pytest.mark.parametrize(
    ("dag_id", "task_id", "pool"),
    [
        ("build_programs", "transform", "llm"),
        ("build_programs", "sample", "sandbox"),
        ("answer_prompts", "answer", "llm"),
        ("answer_prompts", "revise", "llm"),
        ("answer_prompts", "verify", "sandbox"),
        ("answer_prompts", "verify_revisions", "sandbox"),
        ("release_dataset", "gate", "default_pool"),
        ("release_dataset", "sandbox_gate", "sandbox"),
    ],
)
def test_work_that_costs_is_capped_by_its_pool(
    dags: Dags, dag_id: str, task_id: str, pool: str
) -> None:
    assert dags[dag_id]["tasks"][task_id]["pool"] == pool


def test_work_goes_to_a_worker_that_has_what_it_needs(dags: Dags) -> None:
    for name, task in _tasks(dags):
        if task["pool"] != "default_pool":
            assert task["queue"] == task["pool"], name
    # It removes containers of its own engine, and caps nothing.
    assert dags["maintenance"]["tasks"]["remove_orphaned_sandboxes"]["queue"] == "sandbox"
    assert {task["queue"] for _, task in _tasks(dags)} == set(QUEUES)


def test_assets_join_the_dags_into_one_road(dags: Dags) -> None:
    outlets = {
        dag_id: [name for task in dag["tasks"].values() for name in task["outlets"]]
        for dag_id, dag in dags.items()
    }
    for dag_id, following in pairwise(ROAD):
        assert outlets[dag_id] == dags[following]["inlets"] != []
    assert dags[ROAD[0]]["inlets"] == []
    assert outlets[ROAD[-1]] == ["releases"]


def test_an_asset_is_updated_by_the_last_task_alone(dags: Dags) -> None:
    for dag_id in ROAD:
        writers = [task for task in dags[dag_id]["tasks"].values() if task["outlets"]]
        assert [task["downstream"] for task in writers] == [[]]


def test_the_stages_follow_each_other(dags: Dags) -> None:
    assert list(dags["answer_prompts"]["tasks"]) == [
        "plan_prompt", "prompt", "plan_answer", "answer", "plan_verify", "verify", "plan_revise",
        "revise", "plan_verify_revisions", "verify_revisions", "announce",
    ]  # fmt: skip
    assert list(dags["build_programs"]["tasks"]) == [
        "plan_screen", "screen", "plan_transform", "transform", "deduplicate", "plan_sample",
        "sample", "announce",
    ]  # fmt: skip


def test_every_gate_judges_before_anything_is_published(dags: Dags) -> None:
    tasks = dags["release_dataset"]["tasks"]
    names = [*tasks["gate"]["names"], *tasks["sandbox_gate"]["names"]]
    assert sorted(names) == sorted(GATES)
    assert tasks["sandbox_gate"]["names"] == list(SANDBOX_GATES)
    assert tasks["gate"]["downstream"] == tasks["sandbox_gate"]["downstream"] == ["decide"]
    assert tasks["decide"]["downstream"] == ["ask_override", "publish"]
    assert tasks["ask_override"]["downstream"] == ["record_override"]
    assert tasks["record_override"]["downstream"] == ["publish"]


def test_no_recipe_of_a_night_waits_for_another(dags: Dags) -> None:
    tasks = dags["release_dataset"]["tasks"]
    assert tasks["other_recipes"]["downstream"] == ["start_others"]
    assert tasks["start_others"]["downstream"] == []


def _statements(task: ast.FunctionDef) -> int:
    """Count the statements of a body, those inside a `with` too; a late import is none."""
    inside = (node for statement in task.body for node in ast.walk(statement))
    imports = (ast.Import, ast.ImportFrom)
    return sum(isinstance(node, ast.stmt) and not isinstance(node, imports) for node in inside)


@pytest.mark.parametrize("name", FILES)
def test_a_dag_file_is_wiring_alone(name: str) -> None:
    tree = ast.parse((REPOSITORY / "dags" / f"{name}.py").read_text())
    logic = (ast.For, ast.While, ast.Try)
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    tasks = [node for node in bodies if any("task" in ast.dump(d) for d in node.decorator_list)]
    assert len((REPOSITORY / "dags" / f"{name}.py").read_text().splitlines()) <= 150
    assert [n.name for n in bodies for part in ast.walk(n) if isinstance(part, logic)] == []
    assert {task.name: _statements(task) for task in tasks if _statements(task) > 5} == {}
    imported = {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    # The SDK has no operator that asks a person, and none that starts a run.
    operators = "airflow.providers.standard.operators"
    allowed = {"airflow.sdk", f"{operators}.hitl", f"{operators}.trigger_dagrun"}
    assert {module for module in imported if module.startswith("airflow")} <= allowed
