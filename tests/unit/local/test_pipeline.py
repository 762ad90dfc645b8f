"""Following a run: it ends when the run does, or when nobody but a person can go on."""

import pytest

from codeio_ops.errors import DecisionNeeded
from codeio_ops.local.airflow_api import AirflowApi, DagRun, TaskInstance
from codeio_ops.local.pipeline import ROAD, Position, follow


class ScriptedApi(AirflowApi):
    """An Airflow with one run in a given state, whose only task is in another."""

    def __init__(self, run: str, task: str) -> None:
        self._run, self._task = run, task

    def run_state(self, dag_id: str, run_id: str) -> str:
        return self._run

    def list_runs(self, dag_id: str, *, limit: int = 100) -> list[DagRun]:
        run = DagRun(
            dag_id=dag_id,
            run_id="earlier",
            state="running",
            run_type="manual",
            start_date=None,
            end_date=None,
        )
        return [run]

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        task = TaskInstance(
            task_id="ask_override", map_index=-1, state=self._task, try_number=1, label=""
        )
        return [task]


def _follow(api: ScriptedApi, shown: list[Position]) -> str:
    """Follow a run of the last DAG."""
    return follow(api, "mine", show=shown.append, road=ROAD[-1:])


def test_following_ends_where_a_person_must_decide() -> None:
    shown: list[Position] = []
    with pytest.raises(DecisionNeeded, match=r"waits for a person in ask_override \(run mine\)"):
        _follow(ScriptedApi("queued", "awaiting_input"), shown)
    assert shown == []


def test_following_ends_with_the_run() -> None:
    shown: list[Position] = []
    assert _follow(ScriptedApi("success", "awaiting_input"), shown) == "mine"
    assert shown == []
