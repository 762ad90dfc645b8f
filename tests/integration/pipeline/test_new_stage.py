"""A stage is an entry of the table, a module and SQL: then it is in DAG, funnel, CLI and pages.

The worked example of `docs/examples/new_stage` is added to a copy of the repository.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from codeio_ops.config import Settings
from codeio_ops.local.environment import base_environment
from codeio_ops.storage.engine import Store
from codeio_ops.storage.migrate import migrate
from support.facts import Chain

REPOSITORY = Path(__file__).parents[3]
EXAMPLE = REPOSITORY / "docs" / "examples" / "new_stage"
TREES = ("codeio_ops", "plugins", "dags", "sql")
PROGRAMS = 3
NEXT_ENTRY = '    Stage(\n        name="sample",'
# What a task does, in shards that are planned, before and after it the number of pending rows; the
# limit of a run holds back nothing of a stage that asks no teacher.
DO = """
import json
from codeio_ops.config import Settings
from codeio_ops.pipeline import STAGES
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.work import Work

stage = STAGES["length"]
task = TaskIdentity(dag_id=stage.dag_id, run_id="run", task_id="length")
with Work(Settings.load(), "length", task) as work:
    before = stage.count(work)
    shards = stage.plan(work, least=2, limit=1)
    done = sum(sum(stage.do(work, shard).values()) for shard in shards)
    print(json.dumps([before, done, stage.count(work)]))
"""
OVERVIEW = """
from fastapi.testclient import TestClient
from codeio_airflow.ui.app import build_app
from codeio_ops.config import Settings

with TestClient(build_app(Settings.load(), logged_in=None, active_tasks=list)) as client:
    print(client.get("/overview").text)
"""


class Copy:
    """A copy of the repository with the stage in it, and a database that knows it."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root = root
        self._settings = settings
        for name in TREES:
            shutil.copytree(
                REPOSITORY / name,
                root / name,
                symlinks=True,
                ignore=shutil.ignore_patterns("__pycache__"),
            )

    def add_stage(self) -> None:
        """Do what the README of the example says."""
        shutil.copy(EXAMPLE / "length.py", self._root / "codeio_ops" / "sample")
        table = self._root / "codeio_ops" / "pipeline.py"
        before, after = table.read_text().split(NEXT_ENTRY)
        table.write_text(before + (EXAMPLE / "entry.py.txt").read_text() + NEXT_ENTRY + after)
        with (self._root / "sql" / "queries" / "pending.sql").open("a") as queries:
            queries.write((EXAMPLE / "pending.sql").read_text())
        number = len(list((self._root / "sql" / "migrations").iterdir())) + 1
        shutil.copy(EXAMPLE / "table.sql", self._root / f"sql/migrations/{number:04}_length.sql")
        shutil.copy(EXAMPLE / "view.sql", self._root / "sql" / "views" / "89_length.sql")
        migrate(self._settings.owner_database_url.get_secret_value(), sql=self._root / "sql")

    def run(self, *arguments: str) -> str:
        """Run Python on the copy, and return what it prints."""
        settings = self._settings
        done = subprocess.run(
            (sys.executable, *arguments),
            env={
                **base_environment(),
                "AIRFLOW_HOME": str(self._root),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "CODEIO_HOME": str(self._root),
                "CODEIO_DATABASE_URL": settings.database_url.get_secret_value(),
                "CODEIO_AUDITOR_DATABASE_URL": settings.auditor_database_url.get_secret_value(),
                "CODEIO_S3_BUCKET": settings.s3_bucket,
                "PYTHONPATH": os.pathsep.join((str(self._root), str(self._root / "plugins"))),
            },
            cwd=self._root,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def copy(settings: Settings, tmp_path: Path) -> Copy:
    """A copy with the stage, over programs that it has not seen."""
    store = Store.open(settings.database_url.get_secret_value())
    for number in range(PROGRAMS):
        Chain(settings=settings, number=number).write(store)
    store.close()
    made = Copy(tmp_path / "copy", settings)
    made.add_stage()
    return made


def _line(copy: Copy) -> dict[str, Any]:
    lines = json.loads(copy.run("-m", "codeio_ops.cli", "funnel", "--json"))["all"]
    (found,) = [line for line in lines if line["stage"] == "length"]
    return dict(found)


def test_an_entry_a_module_and_sql_are_a_stage(copy: Copy) -> None:
    script = REPOSITORY / "tests" / "dags" / "describe.py"
    report = json.loads(copy.run(str(script), str(copy._root / "dags")).splitlines()[-1])
    assert report["import_errors"] == {}
    tasks = list(report["dags"]["build_programs"]["tasks"])
    start = tasks.index("deduplicate")
    assert tasks[start : start + 4] == ["deduplicate", "plan_length", "length", "plan_sample"]

    assert (_line(copy)["passed"], _line(copy)["pending"]) == (0, PROGRAMS)
    assert json.loads(copy.run("-c", DO)) == [PROGRAMS, PROGRAMS, 0]
    assert (_line(copy)["passed"], _line(copy)["pending"]) == (PROGRAMS, 0)
    page = copy.run("-c", OVERVIEW)
    assert "length<small>measured programs</small>" in page
