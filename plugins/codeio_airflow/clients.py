"""Gives a task what it works with, opened on first use and closed at its end."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowSkipException

from codeio_airflow.connections import settings_of_task
from codeio_ops.config import Settings
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run

if TYPE_CHECKING:
    from codeio_ops.sandbox.pool import DockerSandbox
    from codeio_ops.teacher.client import Teacher

# The sandbox that confirms pairs must not share the hash seed of the one that drew them.
_CONFIRMING_HASH_SEED = 1
_AUDITING_HASH_SEED = 2


class TaskClients:
    """The clients of one task; nothing is opened that the task does not touch."""

    def __init__(self, stage: str, stack: ExitStack) -> None:
        self.settings = _settings_of_run(settings_of_task())
        self._stage = stage
        self._stack = stack
        self._task = current_task()

    @cached_property
    def store(self) -> Store:
        """The database, as the role that writes facts."""
        store = Store.open(self.settings.database_url.get_secret_value())
        self._stack.callback(store.close)
        return store

    @cached_property
    def objects(self) -> ObjectStore:
        """The bucket."""
        return ObjectStore.open(self.settings)

    @cached_property
    def blobs(self) -> BlobStore:
        """The texts in the bucket."""
        return BlobStore(self.objects)

    @cached_property
    def teacher(self) -> "Teacher":
        """The teacher that the settings name."""
        from codeio_ops.teacher.client import Teacher
        from codeio_ops.teacher.endpoint import Endpoint

        endpoint = Endpoint.chosen(self.settings)
        return Teacher.shared(self.settings, endpoint, store=self.store, writer=self.writer)

    @cached_property
    def first_teacher(self) -> "Teacher | None":
        """The offline teacher, where it is asked before the one in use (mixed mode)."""
        from codeio_ops.teacher.client import Teacher
        from codeio_ops.teacher.endpoint import Endpoint

        if self.settings.transform_mode != "mixed" or self.settings.uses_offline_teacher:
            return None
        endpoint = Endpoint.embedded(self.settings)
        return Teacher.shared(self.settings, endpoint, store=self.store, writer=self.writer)

    @cached_property
    def sandbox(self) -> Sandbox:
        """A sandbox with one container: pool slots decide how many tasks run.

        Raises:
            SandboxUnsafe: the nightly attack on its image found a hole.
        """
        from codeio_ops.sandbox.approval import require_contained

        sandbox = self._open_sandbox(hash_seed=0)
        require_contained(self.store, sandbox.image_digest)
        return sandbox

    @cached_property
    def image_digest(self) -> str:
        """Digest of the sandbox image in use; no container is started."""
        from codeio_ops.sandbox.engine import EngineAddress, connect
        from codeio_ops.sandbox.image import image_facts

        with closing(connect(EngineAddress.of(self.settings))) as client:
            return image_facts(client, self.settings.sandbox_image).inputs_digest

    @cached_property
    def confirming_sandbox(self) -> Sandbox:
        """Another container, whose programs hash strings in another order."""
        return self._open_sandbox(hash_seed=_CONFIRMING_HASH_SEED)

    @cached_property
    def auditing_sandbox(self) -> Sandbox:
        """A fresh container under a hash seed that no other stage uses."""
        return self._open_sandbox(hash_seed=_AUDITING_HASH_SEED)

    @cached_property
    def attacked_sandbox(self) -> "DockerSandbox":
        """A sandbox for hostile programs; it opens whatever they did before."""
        return self._open_sandbox(hash_seed=0)

    @cached_property
    def writer(self) -> FactWriter:
        """Writes facts under this try of this task."""
        run = stage_run(self._stage, self._task, self.settings, partition_key=current_night())
        return FactWriter(self.store, run)

    @cached_property
    def sandbox_writer(self) -> FactWriter:
        """The same for a task that runs programs: its facts name the image."""
        return self._writer_of(self.sandbox.image_digest)

    @cached_property
    def canary_writer(self) -> FactWriter:
        """The same for the task that attacks the sandbox."""
        return self._writer_of(self.attacked_sandbox.image_digest)

    def _writer_of(self, image_digest: str) -> FactWriter:
        run = stage_run(self._stage, self._task, self.settings, image_digest=image_digest)
        return FactWriter(self.store, run)

    def _open_sandbox(self, *, hash_seed: int) -> "DockerSandbox":
        from codeio_ops.sandbox.engine import EngineAddress
        from codeio_ops.sandbox.pool import DockerSandbox

        sandbox = DockerSandbox.open(
            self.settings.sandbox_image,
            workers=1,
            hash_seed=hash_seed,
            runtime=self.settings.sandbox_runtime,
            engine=EngineAddress.of(self.settings),
            labels={
                "codeio.dag": self._task.dag_id,
                "codeio.run": self._task.run_id,
                "codeio.task": self._task.task_id,
            },
        )
        self._stack.callback(sandbox.close)
        return sandbox


@contextmanager
def task_clients(stage: str) -> Iterator[TaskClients]:
    """Open the clients of the running task, which does work of `stage`."""
    with ExitStack() as stack:
        yield TaskClients(stage, stack)


def _settings_of_run(settings: Settings) -> Settings:
    """Return the settings with what the parameters of the run change."""
    given = get_current_context()["params"]
    changes = {
        "model": given.get("model"),
        "budget_run_usd": Decimal(str(given["budget"])) if given.get("budget") else None,
    }
    return settings.model_copy(update={name: new for name, new in changes.items() if new})


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
    if get_current_context()["params"]["dry_run"]:
        raise AirflowSkipException("a dry run updates nothing")
