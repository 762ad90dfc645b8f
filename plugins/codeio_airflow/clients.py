"""Gives a task what it works with, opened on first use and closed at its end."""

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from codeio_airflow.connections import settings_of_task
from codeio_ops.config import Settings
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.work import Work

# Parameter of a run -> the setting that it stands for.
_SETTING_OF = {
    "model": "model",
    "budget": "budget_run_usd",
    "transform_scope": "transform_scope",
    "scope": "answer_scope",
    "since": "answer_since",
    "share": "answer_share",
}


def task_work(stage: str) -> Work:
    """Return the work of `stage` that the running task does; the caller closes it."""
    settings = _settings_of_run(settings_of_task())
    return Work(settings, stage, current_task(), partition_key=current_night())


def _settings_of_run(settings: Settings) -> Settings:
    """Return the settings with what the parameters of the run change: those that are not empty.

    Raises:
        SettingsError: a value is not one that the setting may have.
    """
    params = get_current_context()["params"]
    given = {field: params.get(name) for name, field in _SETTING_OF.items()}
    changes = {field: value for field, value in given.items() if value}
    if source := params.get("source"):
        changes["answer_sources"] = (source,)
    return settings.replaced(changes) if changes else settings


def current_task() -> TaskIdentity:
    """Return the try of the task that is running."""
    instance = get_current_context()["ti"]
    return TaskIdentity(
        dag_id=instance.dag_id,
        run_id=instance.run_id,
        task_id=instance.task_id,
        map_index=-1 if instance.map_index is None else instance.map_index,
        try_number=instance.try_number,
    )


def current_night() -> str:
    """Return the night that the run belongs to; of a run by hand, the day it was started.

    Empty for runs that assets start: they take what is pending, of whatever night.
    """
    run = get_current_context()["dag_run"]
    if run.partition_key:
        return str(run.partition_key)
    return "" if run.run_type == "asset_triggered" else run.run_after.strftime("%Y-%m-%d")


def name_mapped_task(name: str) -> None:
    """Set what the UI shows for this mapped task; see `map_index_template`."""
    get_current_context()["shard_name"] = name  # type: ignore[typeddict-unknown-key]


def skip_dry_run() -> None:
    """End a task of a dry run here, as skipped: nothing was done, so no asset is updated.

    Raises:
        AirflowSkipException: this is a dry run.
    """
    if get_current_context()["params"].get("dry_run"):
        raise AirflowSkipException("a dry run updates nothing")
