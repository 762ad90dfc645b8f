"""Following a run: it ends when the run does, or when nobody but a person can go on."""

from collections.abc import Mapping, Sequence

import pytest

from codeio_ops.errors import DecisionNeeded, PipelineFailed, StackError
from codeio_ops.local import pipeline
from codeio_ops.local.airflow_api import AirflowApi, DagRun, DagState, TaskInstance
from codeio_ops.local.pipeline import ROAD, Position, follow

RELEASES = ROAD[-1]


class ScriptedApi(AirflowApi):
    """An Airflow with runs in given states, each with one task in another.

    Args:
        runs: State of each run, and of its only task; of `mine` the last state is kept.
        caused: Runs that follow from the one that is followed.
        most_runs: How many may go on at a time.
        is_paused: Whether the DAG is paused.
    """

    def __init__(
        self,
        runs: Mapping[str, tuple[str, str]],
        *,
        caused: Sequence[str] = (),
        most_runs: int = 1,
        is_paused: bool = False,
        task_id: str = "ask_override",
    ) -> None:
        self._runs, self._caused, self._task_id = runs, caused, task_id
        self._state = DagState(is_paused=is_paused, most_runs=most_runs)

    def run_state(self, dag_id: str, run_id: str) -> str:
        return self._runs[run_id][0]

    def dag_state(self, dag_id: str) -> DagState:
        return self._state

    def list_runs(self, dag_id: str, *, limit: int = 100) -> list[DagRun]:
        return [
            DagRun(
                dag_id=dag_id,
                run_id=run_id,
                state=state,
                run_type="manual",
                start_date=None,
                end_date=None,
            )
            for run_id, (state, _) in self._runs.items()
        ]

    def upstream_runs(self, dag_id: str, run_id: str) -> list[str]:
        return ["mine"] if run_id in self._caused else []

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        task = TaskInstance(
            task_id=self._task_id,
            map_index=-1,
            state=self._runs[run_id][1],
            try_number=1,
            label="",
        )
        return [task]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "HANDOVER_TIMEOUT_S", 0.05)
    monkeypatch.setattr(pipeline, "POLL_S", 0.01)


def _follow(api: ScriptedApi, road: Sequence[str] = (RELEASES,)) -> tuple[str, list[Position]]:
    """Follow the run `mine` of the first DAG of a road."""
    shown: list[Position] = []
    return follow(api, "mine", show=shown.append, road=road), shown


WAITING = ("running", "awaiting_input")


def test_following_ends_where_a_person_must_decide() -> None:
    with pytest.raises(DecisionNeeded, match=r"waits for a person in ask_override \(run mine\)"):
        _follow(ScriptedApi({"mine": WAITING}))


def test_following_ends_with_the_run() -> None:
    assert _follow(ScriptedApi({"mine": ("success", "success")})) == ("mine", [])


def test_a_run_queued_behind_one_that_waits_for_a_person_is_not_waited_for() -> None:
    api = ScriptedApi({"mine": ("queued", ""), "earlier": WAITING})
    with pytest.raises(DecisionNeeded, match=r"\(run earlier\)") as needed:
        _follow(api)
    assert (needed.value.dag_id, needed.value.run_id) == (RELEASES, "earlier")


def test_the_next_run_goes_on_while_an_earlier_one_waits_for_a_person() -> None:
    runs = {"mine": ("success", ""), "next": ("success", ""), "earlier": WAITING}
    api = ScriptedApi(runs, caused=["next"], most_runs=2)
    assert _follow(api, ROAD[-2:])[0] == "next"


def test_where_all_runs_wait_for_people_the_oldest_is_named_at_once() -> None:
    api = ScriptedApi({"mine": ("success", ""), "later": WAITING, "earlier": WAITING}, most_runs=2)
    with pytest.raises(DecisionNeeded, match=r"\(run earlier\)"):
        _follow(api, ROAD[-2:])


def test_while_one_of_them_still_works_its_end_is_waited_for() -> None:
    runs = {"mine": ("success", ""), "working": ("running", "running"), "earlier": WAITING}
    with pytest.raises(StackError, match="did not start"):
        _follow(ScriptedApi(runs, most_runs=2), ROAD[-2:])


def test_a_run_that_failed_in_part_is_told_and_what_follows_from_it_is_followed() -> None:
    runs = {"mine": ("failed", "success"), "next": ("success", "success")}
    missed: list[PipelineFailed] = []
    api = ScriptedApi(runs, caused=["next"], task_id="announce")
    end = follow(api, "mine", show=lambda _: None, missed=missed.append, road=ROAD[:2])
    assert end == "next"
    assert [(failed.dag_id, failed.run_id) for failed in missed] == [(ROAD[0], "mine")]


@pytest.mark.parametrize(
    ("task_id", "state"), [("announce", "upstream_failed"), ("ingest", "success")]
)
def test_nothing_follows_from_a_run_that_announced_nothing(task_id: str, state: str) -> None:
    api = ScriptedApi({"mine": ("failed", state)}, caused=["mine"], task_id=task_id)
    with pytest.raises(PipelineFailed):
        follow(api, "mine", show=lambda _: None, missed=lambda _: None, road=ROAD[:2])


@pytest.mark.parametrize(("is_paused", "told"), [(True, "is paused"), (False, "did not start")])
def test_a_dag_is_called_paused_only_when_it_is(is_paused: bool, told: str) -> None:
    api = ScriptedApi({"mine": ("success", "")}, is_paused=is_paused)
    with pytest.raises(StackError, match=f"release_dataset {told} after run mine"):
        _follow(api, ROAD[-2:])
