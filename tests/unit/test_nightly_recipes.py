"""Which recipes each night publishes is a setting, and each has a run of its own."""

import re
from pathlib import Path

import pytest

from codeio_airflow.release_tasks import recipe_of_run, runs_of_others
from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError
from codeio_ops.jsonvalue import Json
from codeio_ops.local import stack
from codeio_ops.local.home import Home
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.work import Work
from support.storage import quiet

PARAMS: dict[str, Json] = {"recipe": "", "model": "m", "current": [], "new_recipe": False}
# As Airflow has it, `[core] allowed_run_id_pattern`.
RUN_ID = re.compile(r"^[A-Za-z0-9_.~:+-]+$")


def _work(recipes: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> Work:
    monkeypatch.setenv("CODEIO_RECIPES_NIGHTLY", recipes)
    task = TaskIdentity(dag_id="release_dataset", run_id="asset__2026+00:00", task_id="t")
    return Work(Settings.load(home), "promote", task)


def test_a_run_of_the_night_starts_one_for_each_further_recipe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    work = _work('["codeio_pp", "drop_wrong", "/my own/x.yaml"]', monkeypatch, tmp_path)
    runs = runs_of_others(PARAMS, work)
    assert [run["conf"] for run in runs] == [
        {**PARAMS, "recipe": "drop_wrong"}, {**PARAMS, "recipe": "/my own/x.yaml"},
    ]  # fmt: skip
    ids = [str(run["trigger_run_id"]) for run in runs]
    assert len(set(ids)) == 2 and all(map(RUN_ID.match, ids))
    assert runs_of_others(PARAMS, work) == runs  # so that a retry starts none again


def test_a_run_of_one_recipe_starts_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    work = _work('["codeio_pp", "drop_wrong"]', monkeypatch, tmp_path)
    assert runs_of_others({**PARAMS, "recipe": "half"}, work) == []
    assert runs_of_others({**PARAMS, "recipe": {"name": "x"}}, work) == []


def test_a_run_that_names_no_recipe_takes_the_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    work = _work('["drop_wrong", "codeio"]', monkeypatch, tmp_path)
    assert recipe_of_run("", work).name == "drop_wrong"
    assert recipe_of_run("half", work).name == "half"
    assert recipe_of_run({"name": "mine", "turns": 1}, work).name == "mine"


def test_by_default_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CODEIO_RECIPES_NIGHTLY", raising=False)
    assert Settings.load(tmp_path).recipes_nightly == ("codeio_pp",)


@pytest.mark.parametrize("value", ["[]", '["./x.yaml"]', '["codeio_pp", "x.yml"]', "codeio_pp"])
def test_a_setting_that_could_mean_anything_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.setenv("CODEIO_RECIPES_NIGHTLY", value)
    with pytest.raises(SettingsError, match=r"(?i)recipes_nightly"):
        Settings.load(tmp_path)


@pytest.mark.parametrize("value", ['["codeio_ppp"]', '["codeio_pp", "/nowhere/x.yaml"]'])
def test_a_start_refuses_a_recipe_that_no_night_could_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.delenv("CODEIO_RECIPES_NIGHTLY", raising=False)
    with pytest.raises(SettingsError, match="recipe"):
        stack.up(
            Home(tmp_path / "home"), parts=frozenset(), say=quiet,
            user={"CODEIO_RECIPES_NIGHTLY": value},
        )  # fmt: skip
