"""Says why a task failed in one line, in its log and on the Overview page, with the cure."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow.sdk import Context
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from codeio_airflow.connections import settings_of_task, settings_of_trigger
from codeio_ops.config import Settings
from codeio_ops.errors import CodeIOError
from codeio_ops.fingerprint import content_id
from codeio_ops.records import TaskFailure

log = logging.getLogger(__name__)

# A night that has not ended by the morning.
DEADLINE = timedelta(hours=10)
UNKNOWN_CURE = (
    "run it again: what was done is kept; if it lasts, report it with the trace in its log"
)


def report_failure(context: Context) -> None:
    """Report a task that failed for good."""
    _report(context, final=True)


def report_retry(context: Context) -> None:
    """Report a try that failed and will be followed by another."""
    _report(context, final=False)


async def report_deadline(context: dict[str, Any]) -> None:
    """Report a DAG run that takes longer than `DEADLINE`; called by the triggerer.

    The triggerer runs all its callbacks in one event loop, so the database is asked in a thread.
    """
    run = context["dag_run"]
    failure = _failure(
        run["dag_id"],
        run["dag_run_id"],
        error="DeadlineMissed",
        cause=f"the run has not ended within {DEADLINE}",
        cure="see which task runs or waits: a full pool, a slow teacher, or a stopped scheduler",
    )
    await asyncio.to_thread(_store, failure, settings_of_trigger)


def deadline(longer: timedelta = timedelta(0)) -> DeadlineAlert:
    """Return the alert for a run that should be done by the morning, or as much later."""
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=DEADLINE + longer,
        callback=AsyncCallback(report_deadline),
        name="night",
    )


def _report(context: Context, *, final: bool) -> None:
    instance, error = context["ti"], context.get("exception")
    cause = (str(error).strip() or "no message").splitlines()[0]
    ours = isinstance(error, CodeIOError)
    cure = error.cure if isinstance(error, CodeIOError) else UNKNOWN_CURE
    name = type(error).__name__ if isinstance(error, BaseException) else "Failed"
    outlook = "failed for good" if final else "will be tried again"
    log.error("%s: %s: %s%s", outlook, name, cause, f" | what to do: {cure}" if cure else "")
    failure = _failure(
        instance.dag_id,
        instance.run_id,
        error=name,
        cause=cause if ours else f"{name}: {cause}",
        cure=cure,
        task_id=instance.task_id,
        map_index=-1 if instance.map_index is None else instance.map_index,
        try_number=instance.try_number,
        final=final,
    )
    _store(failure, settings_of_task)


def _failure(
    dag_id: str,
    run_id: str,
    *,
    error: str,
    cause: str,
    cure: str,
    task_id: str = "",
    map_index: int = -1,
    try_number: int = 1,
    final: bool = True,
) -> TaskFailure:
    return TaskFailure(
        task_failure_id=content_id(
            "task_failure", dag_id, run_id, task_id, map_index, try_number, error, final
        ),
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        map_index=map_index,
        try_number=try_number,
        error=error,
        cause=cause[:2000],
        cure=cure,
        final=final,
    )


def _store(failure: TaskFailure, settings: Callable[[], Settings]) -> None:
    from codeio_ops.storage.engine import Store

    try:
        store = Store.open(settings().database_url.get_secret_value())
        store.insert([failure])
        store.close()
    except CodeIOError as exc:
        # The database may be what failed: then the log alone says so.
        log.warning("the failure is not on the Overview page: %s", exc)
