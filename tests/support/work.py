"""What a test gives a stage to work with: some parts of its own, and the rest as in a task."""

from typing import Unpack

from codeio_ops.config import Settings
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity
from codeio_ops.work import Parts, Work


def work_of(
    settings: Settings, store: Store, writer: FactWriter, /, **parts: Unpack[Parts]
) -> Work:
    """Return the work of the stage that `writer` writes for."""
    run = writer.run
    task = TaskIdentity(dag_id=run.dag_id, run_id=run.run_id, task_id=run.task_id)
    given: Parts = {"store": store, "writer": writer, "sandbox_writer": writer, **parts}
    return Work(settings, run.stage, task, **given)
