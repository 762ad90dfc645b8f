"""What the pages take from Airflow itself: the login, and which tasks are running.

The only module of the pages that imports Airflow; it runs in the API server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow.api_fastapi.auth.managers.models.resource_details import (
    AccessView,
    DagAccessEntity,
)
from airflow.api_fastapi.core_api.security import (
    requires_access_connection,
    requires_access_dag,
    requires_access_view,
)
from airflow.models.dag import DagTag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy import ColumnElement, func, select

ACTIVE_TASKS = 200
TAG = "codeio"

# Anonymous requests get 401, users who may not see plugins get 403.
logged_in = requires_access_view(AccessView.PLUGINS)

# The least right that opens the pages with texts, by the value of CODEIO_PAGES_READERS.
READERS: Mapping[str, Callable[..., object]] = {
    "viewer": logged_in,
    "user": requires_access_dag("POST", DagAccessEntity.RUN, "release_dataset"),
    "op": requires_access_connection("GET"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """A task of a run: its mapped shards by state, and since when the first of them runs."""

    dag_id: str
    run_id: str
    task_id: str
    done: int
    running: int
    waiting: int
    failed: int
    started_at: datetime | None

    @property
    def shards(self) -> int:
        """All of them."""
        return self.done + self.running + self.waiting + self.failed

    def eta_s(self, now: datetime) -> float | None:
        """Seconds until the last shard ends, at the rate so far; None before the first ended."""
        if not self.done or self.started_at is None:
            return None
        return (now - self.started_at).total_seconds() / self.done * (self.running + self.waiting)


def active_tasks() -> list[TaskProgress]:
    """Return the tasks of our DAGs that have a shard running or queued now, oldest first."""
    state = TaskInstance.state

    def shards(*states: TaskInstanceState) -> ColumnElement[int]:
        return func.count().filter(state.in_(states))

    question = (
        select(
            TaskInstance.dag_id,
            TaskInstance.run_id,
            TaskInstance.task_id,
            shards(TaskInstanceState.SUCCESS, TaskInstanceState.SKIPPED).label("done"),
            shards(TaskInstanceState.RUNNING).label("running"),
            shards(
                TaskInstanceState.QUEUED,
                TaskInstanceState.SCHEDULED,
                TaskInstanceState.UP_FOR_RETRY,
                TaskInstanceState.DEFERRED,
            ).label("waiting"),
            shards(TaskInstanceState.FAILED, TaskInstanceState.UPSTREAM_FAILED).label("failed"),
            func.min(TaskInstance.start_date).label("started_at"),
        )
        .join(
            DagRun, (DagRun.dag_id == TaskInstance.dag_id) & (DagRun.run_id == TaskInstance.run_id)
        )
        .where(
            DagRun.state == DagRunState.RUNNING,
            DagRun.dag_id.in_(select(DagTag.dag_id).where(DagTag.name == TAG)),
        )
        .group_by(TaskInstance.dag_id, TaskInstance.run_id, TaskInstance.task_id)
        .having(func.count().filter(state == TaskInstanceState.RUNNING) > 0)
        .order_by(func.min(TaskInstance.start_date))
        .limit(ACTIVE_TASKS)
    )
    with create_session() as session:
        return [TaskProgress(**row) for row in session.execute(question).mappings()]
