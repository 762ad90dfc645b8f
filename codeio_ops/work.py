"""What a stage works with: settings, clients and a writer, opened on first use.

Built by the tasks of Airflow, by commands of a shell and by tests; a stage is a function of a
`Work` and of what part of its rows it takes.
"""

from contextlib import ExitStack, closing
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack

from codeio_ops.config import Settings
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.storage.shards import Shard

if TYPE_CHECKING:
    from uuid import UUID

    from codeio_ops.sandbox.base import Sandbox
    from codeio_ops.sandbox.pool import DockerSandbox
    from codeio_ops.teacher.client import Teacher
    from codeio_ops.teacher.endpoint import Endpoint

T = TypeVar("T")

# The sandbox that confirms pairs must not share the hash seed of the one that drew them.
_CONFIRMING_HASH_SEED = 1
_AUDITING_HASH_SEED = 2


class Parts(TypedDict, total=False):
    """Parts that a caller gives in place of those that a `Work` would open."""

    store: Store
    objects: ObjectStore
    blobs: BlobStore
    writer: FactWriter
    sandbox_writer: FactWriter
    teacher: "Teacher"
    first_teacher: "Teacher | None"
    image_digest: str
    sandbox: "Sandbox"
    confirming_sandbox: "Sandbox"
    auditing_sandbox: "Sandbox"
    attacked_sandbox: "DockerSandbox"


class Work:
    """The work of one stage in one task; nothing is opened that the stage does not touch.

    A context manager that closes what it opened. Parts that were given are left open.
    """

    def __init__(
        self,
        settings: Settings,
        stage: str,
        task: TaskIdentity,
        *,
        partition_key: str = "",
        **parts: Unpack[Parts],
    ) -> None:
        """Keep what is needed to open the parts.

        Args:
            settings: Addresses, limits and what decides results.
            stage: Whose facts are written.
            task: Who writes them.
            partition_key: The night they belong to.
            parts: What is not to be opened here.
        """
        self.settings = settings
        self.stage = stage
        self.task = task
        self._partition_key = partition_key
        self._stack = ExitStack()
        vars(self).update(parts)

    def __enter__(self) -> "Work":
        """Return the work."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close what was opened."""
        self._stack.close()

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
        from codeio_ops.teacher.endpoint import Endpoint

        return self._teacher_at(Endpoint.chosen(self.settings))

    @cached_property
    def first_teacher(self) -> "Teacher | None":
        """The offline teacher, where it is asked before the one in use (mixed mode)."""
        from codeio_ops.teacher.endpoint import Endpoint

        if self.settings.transform_mode != "mixed" or self.settings.uses_offline_teacher:
            return None
        return self._teacher_at(Endpoint.embedded(self.settings))

    @property
    def teacher_ids(self) -> "list[UUID]":
        """The teachers that are asked for programs: the one in use, after any that is first.

        Raises:
            TeacherUnavailable: the embedded teacher is one, and does not answer.
        """
        asked = filter(None, (self.teacher, self.first_teacher))
        return [teacher.identity.teacher_id for teacher in asked]

    @cached_property
    def image_digest(self) -> str:
        """Digest of the sandbox image in use; no container is started."""
        from codeio_ops.sandbox.address import EngineAddress
        from codeio_ops.sandbox.engine import connect
        from codeio_ops.sandbox.image import image_facts

        with closing(connect(EngineAddress.of(self.settings))) as client:
            return image_facts(client, self.settings.sandbox_image).inputs_digest

    @cached_property
    def sandbox(self) -> "Sandbox":
        """A sandbox with one container: pool slots decide how many tasks run.

        Raises:
            SandboxUnsafe: the nightly attack on its image found a hole.
        """
        from codeio_ops.sandbox.approval import require_contained

        sandbox = self._open_sandbox(hash_seed=0)
        require_contained(self.store, sandbox.image_digest)
        return sandbox

    @cached_property
    def confirming_sandbox(self) -> "Sandbox":
        """Another container, whose programs hash strings in another order."""
        return self._open_sandbox(hash_seed=_CONFIRMING_HASH_SEED)

    @cached_property
    def auditing_sandbox(self) -> "Sandbox":
        """A fresh container under a hash seed that no other stage uses."""
        return self._open_sandbox(hash_seed=_AUDITING_HASH_SEED)

    @cached_property
    def attacked_sandbox(self) -> "DockerSandbox":
        """A sandbox for hostile programs; it opens whatever they did before."""
        return self._open_sandbox(hash_seed=0)

    @cached_property
    def writer(self) -> FactWriter:
        """Writes facts under this try of this task."""
        return self.writer_in(None)

    @cached_property
    def sandbox_writer(self) -> FactWriter:
        """The same for a stage that runs programs: its facts name the image."""
        return self.writer_in(self.sandbox.image_digest)

    def writer_in(self, image_digest: str | None) -> FactWriter:
        """Return a writer whose facts name a sandbox image."""
        run = stage_run(
            self.stage,
            self.task,
            self.settings,
            image_digest=image_digest,
            partition_key=self._partition_key,
        )
        return FactWriter(self.store, run)

    def rows(self, shard: Shard, into: type[T], /, **parameters: object) -> list[T]:
        """Return the rows of a shard of the stage; see `Store.fetch`."""
        name = f"{shard.rows}.{self.stage}"
        return self.store.fetch(name, into, low=shard.low, high=shard.high, **parameters)

    def _teacher_at(self, endpoint: "Endpoint") -> "Teacher":
        from codeio_ops.teacher.client import Teacher

        return Teacher.shared(self.settings, endpoint, store=self.store, writer=self.writer)

    def _open_sandbox(self, *, hash_seed: int) -> "DockerSandbox":
        from codeio_ops.sandbox.address import EngineAddress
        from codeio_ops.sandbox.pool import DockerSandbox

        sandbox = DockerSandbox.open(
            self.settings.sandbox_image,
            workers=1,
            hash_seed=hash_seed,
            runtime=self.settings.sandbox_runtime,
            engine=EngineAddress.of(self.settings),
            labels={
                "codeio.dag": self.task.dag_id,
                "codeio.run": self.task.run_id,
                "codeio.task": self.task.task_id,
            },
        )
        self._stack.callback(sandbox.close)
        return sandbox
