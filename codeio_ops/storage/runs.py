"""Who writes: the stage run that every fact names, and the writer that records it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.code_version import code_version
from codeio_ops.config import DECIDING, Settings
from codeio_ops.fingerprint import content_id, value_sha256
from codeio_ops.records import Record, StageRun
from codeio_ops.storage.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskIdentity:
    """The try of a task that is running, in Airflow's terms."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1


def settings_sha256(settings: Settings) -> str:
    """Fingerprint the settings that decide results."""
    return value_sha256(settings.model_dump(mode="json", include=set(DECIDING)))


def stage_run(
    stage: str,
    task: TaskIdentity,
    settings: Settings,
    *,
    image_digest: str | None = None,
    partition_key: str = "",
) -> StageRun:
    """Build the record that the facts of this try will name."""
    return StageRun(
        stage_run_id=content_id(
            "stage_run", stage, task.dag_id, task.run_id, task.task_id, task.map_index,
            task.try_number,
        ),
        stage=stage,
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=task.map_index,
        try_number=task.try_number,
        code_version=code_version(),
        settings_sha256=settings_sha256(settings),
        sandbox_image_digest=image_digest,
        partition_key=partition_key,
    )  # fmt: skip


class FactWriter:
    """Writes the facts of one stage run; a run that writes nothing leaves no trace."""

    def __init__(self, store: Store, run: StageRun) -> None:
        self._store = store
        self.run = run

    def write(self, records: Sequence[Record]) -> int:
        """Insert records in one transaction, and return how many were new.

        A record may refer to an earlier one of the same call.
        """
        return self.rewrite(records, stage="", subjects=())

    def rewrite(self, records: Sequence[Record], *, stage: str, subjects: Sequence[UUID]) -> int:
        """Take back what a stage dropped of these rows and insert records, in one transaction.

        Returns:
            How many records were new.
        """
        if not records and not subjects:
            return 0
        with self._store.transaction() as transaction:
            transaction.insert([self.run])
            taken = 0
            if subjects:
                ids = transaction.column(
                    "maintenance.drops_of", stage=stage, subjects=list(subjects)
                )
                taken = transaction.value("maintenance.take_back", drop_record_ids=ids, waits=False)
            written = transaction.insert(records)
            if not written and not taken:
                transaction.undo()
        return written
