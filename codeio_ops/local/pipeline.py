"""Starts the pipeline in Airflow and follows it from DAG to DAG, by the assets that join them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from codeio_ops.errors import DecisionNeeded, PipelineFailed, StackError
from codeio_ops.jsonvalue import Json
from codeio_ops.local.airflow_api import TERMINAL_STATES, AirflowApi, TaskInstance
from codeio_ops.pipeline import OTHER_RECIPE

ROAD = ("ingest_code", "build_programs", "answer_prompts", "release_dataset")

ASKING = "awaiting_input"
# The task of each DAG that updates its asset.
ANNOUNCING = "announce"
POLL_S = 2.0
PARSE_TIMEOUT_S = 120.0
# Airflow creates the run of an asset event within a scheduler loop; a busy machine takes longer.
HANDOVER_TIMEOUT_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a pipeline run is: its DAG, the tasks that run and those that ask a person."""

    dag_id: str
    run_id: str
    running: tuple[str, ...]
    asking: tuple[str, ...] = ()


def start(
    api: AirflowApi, road: Sequence[str] = ROAD, conf: Mapping[str, Json] | None = None
) -> str:
    """Let DAGs run and trigger the first of them.

    Args:
        api: Airflow.
        road: The DAGs, each of which starts the next.
        conf: Parameters of the first; the others have their defaults.

    Returns:
        The id of its run.

    Raises:
        StackError: a DAG is missing or cannot be imported.
    """
    _wait_until_parsed(api)
    for dag_id in reversed(road):
        api.unpause_dag(dag_id)
    return api.trigger(road[0], conf or {})


def follow(
    api: AirflowApi,
    run_id: str,
    *,
    show: Callable[[Position], None],
    missed: Callable[[PipelineFailed], None] | None = None,
    road: Sequence[str] = ROAD,
) -> str:
    """Wait until a run and those that follow from it are done.

    Args:
        api: Airflow.
        run_id: A run of the first DAG.
        show: Is told the position about every `POLL_S` seconds.
        missed: Is told of a run that failed in part, after which the road goes on.
        road: The DAGs to wait for.

    Returns:
        The id of the run of the last DAG.

    Raises:
        PipelineFailed: a run failed; the error names its tasks.
        DecisionNeeded: a run waits for a person; or so many that no further run begins.
        StackError: a DAG does not start after the one before it.
    """
    for dag_id, following in pairwise(road):
        try:
            _wait_until_done(api, dag_id, run_id, show)
        except PipelineFailed as failed:
            if missed is None or not _announced(api, dag_id, run_id):
                raise
            missed(failed)
        run_id = _handover(api, run_id, following, show)
    _wait_until_done(api, road[-1], run_id, show)
    return run_id


def _announced(api: AirflowApi, dag_id: str, run_id: str) -> bool:
    """Say whether a run updated its asset, as it does when one of several sources fails."""
    tasks = api.task_instances(dag_id, run_id)
    return any(task.task_id == ANNOUNCING and task.state == "success" for task in tasks)


def active_runs(api: AirflowApi) -> list[tuple[str, str]]:
    """Return DAG and run of what goes on or is queued, by the order of the road, oldest first."""
    return [
        (dag_id, run.run_id)
        for dag_id in ROAD
        for run in reversed(api.list_runs(dag_id))
        if run.state not in TERMINAL_STATES
    ]


def stop(api: AirflowApi) -> list[tuple[str, str]]:
    """Stop all runs of the road, the last DAGs first, and return them; what was done is kept."""
    stopped = list(reversed(active_runs(api)))
    for dag_id, run_id in stopped:
        api.fail_run(dag_id, run_id)
    return stopped


def runs_of_others(api: AirflowApi, dag_id: str, run_id: str) -> list[str]:
    """Return the runs that a run of the DAG that releases started for further recipes."""
    started = (run.run_id for run in api.list_runs(dag_id))
    return sorted(found for found in started if found.startswith(run_id + OTHER_RECIPE))


def _wait_until_parsed(api: AirflowApi) -> None:
    deadline = time.monotonic() + PARSE_TIMEOUT_S
    while missing := set(ROAD) - set(api.dag_ids()):
        if time.monotonic() > deadline:
            errors = [f"{name}: {_last_line(text)}" for name, text in api.import_errors().items()]
            raise StackError(
                f"Airflow has not parsed {', '.join(sorted(missing))}: {'; '.join(errors)}",
                cure="see the dag-processor log below the home directory",
            )
        time.sleep(POLL_S)


def _wait_until_done(
    api: AirflowApi, dag_id: str, run_id: str, show: Callable[[Position], None]
) -> None:
    while (state := api.run_state(dag_id, run_id)) not in TERMINAL_STATES:
        position = _position(api, dag_id, run_id)
        if position.asking:
            raise _decision_needed(dag_id, run_id, position.asking)
        if state == "queued":
            _refuse_to_wait_for_people(api, dag_id)
        show(position)
        time.sleep(POLL_S)
    if state == "failed":
        failed = sorted(
            f"{task.task_id}[{task.label}]" if task.label else task.task_id
            for task in api.task_instances(dag_id, run_id)
            if task.state == "failed"
        )
        raise PipelineFailed(
            f"{dag_id} failed in {', '.join(failed) or 'no task'} (run {run_id})",
            dag_id=dag_id,
            run_id=run_id,
        )


def _decision_needed(dag_id: str, run_id: str, tasks: Sequence[str]) -> DecisionNeeded:
    return DecisionNeeded(
        f"{dag_id} waits for a person in {', '.join(tasks)} (run {run_id})",
        dag_id=dag_id,
        run_id=run_id,
    )


def _handover(
    api: AirflowApi, run_id: str, following: str, show: Callable[[Position], None]
) -> str:
    deadline = time.monotonic() + HANDOVER_TIMEOUT_S
    while time.monotonic() < deadline:
        for run in api.list_runs(following, limit=10):
            if run_id in api.upstream_runs(following, run.run_id):
                return run.run_id
        _refuse_to_wait_for_people(api, following)
        show(Position(dag_id=following, run_id="", running=()))
        time.sleep(POLL_S)
    paused = api.dag_state(following).is_paused
    raise StackError(
        f"{following} {'is paused' if paused else 'did not start'} after run {run_id}",
        cure="Let it run in the Airflow UI." if paused else "See `codeio status`.",
    )


def _refuse_to_wait_for_people(api: AirflowApi, dag_id: str) -> None:
    """Raise when no run can begin before a person decides about the oldest that is open."""
    active = [run for run in api.list_runs(dag_id) if run.state == "running"]
    most = api.dag_state(dag_id).most_runs
    if not most or len(active) < most:
        return
    asking = [_in_state(api.task_instances(dag_id, run.run_id), ASKING) for run in active]
    if active and all(asking):
        raise _decision_needed(dag_id, active[-1].run_id, asking[-1])


def _position(api: AirflowApi, dag_id: str, run_id: str) -> Position:
    """Say what runs in this DAG; while the run queues behind another, what runs of that one."""
    own = api.task_instances(dag_id, run_id)
    return Position(
        dag_id=dag_id,
        run_id=run_id,
        running=_in_state(own, "running") or _in_state(_active_tasks(api, dag_id), "running"),
        asking=_in_state(own, ASKING),
    )


def _active_tasks(api: AirflowApi, dag_id: str) -> list[TaskInstance]:
    active = [run.run_id for run in api.list_runs(dag_id, limit=10) if run.state == "running"]
    return [task for run_id in active for task in api.task_instances(dag_id, run_id)]


def _in_state(tasks: Sequence[TaskInstance], state: str) -> tuple[str, ...]:
    return tuple(sorted({task.task_id for task in tasks if task.state == state}))


def _last_line(trace: str) -> str:
    return trace.strip().rpartition("\n")[2]
