"""The Connections of this provider, as Airflow's pages and command line can test them."""

from contextlib import closing
from typing import ClassVar

from airflow.sdk import BaseHook

from codeio_airflow.connections import DOCKER, POSTGRES, READERS, S3, TEACHER, configured_settings
from codeio_ops.config import Settings
from codeio_ops.errors import CodeIOError


class CodeIOHook(BaseHook):
    """A Connection, and the settings that it makes."""

    conn_name_attr = "conn_id"
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]

    def __init__(self, conn_id: str = "") -> None:
        super().__init__()
        self.conn_id = conn_id or self.conn_type

    def settings(self) -> Settings:
        """Return the configured settings with what the Connection says."""
        configured = configured_settings()
        said = READERS[self.conn_type](self.get_connection(self.conn_id), configured)
        return configured.replaced(said)

    def test_connection(self) -> tuple[bool, str]:
        """Say whether what the Connection names can be used."""
        try:
            return True, self._test(self.settings())
        except CodeIOError as exc:
            return False, f"{exc}; {exc.cure}"

    def _test(self, settings: Settings) -> str:
        raise NotImplementedError


class PostgresHook(CodeIOHook):
    """The project's database."""

    conn_type = POSTGRES
    hook_name = "CODE I/O: Postgres"

    def _test(self, settings: Settings) -> str:
        from codeio_ops.storage.engine import Store

        with closing(Store.open(settings.database_url.get_secret_value())) as store:
            releases = store.fetch_json("release.lines")
        return f"{len(releases)} releases in the database"


class S3Hook(CodeIOHook):
    """The bucket."""

    conn_type = S3
    hook_name = "CODE I/O: S3"

    def _test(self, settings: Settings) -> str:
        from codeio_ops.storage.objects import ObjectStore

        objects = ObjectStore.open(settings)
        first = next(objects.listing(""), None)
        return f"bucket {objects.bucket} {'is empty' if first is None else 'can be read'}"


class TeacherHook(CodeIOHook):
    """The teacher's endpoint; it is not called, because a call costs money."""

    conn_type = TEACHER
    hook_name = "CODE I/O: teacher"

    def _test(self, settings: Settings) -> str:
        from codeio_ops.teacher.endpoint import Endpoint

        endpoint = Endpoint.chosen(settings)
        return f"{endpoint.model} at {endpoint.base_url}; `codeio teacher check` sends requests"


class DockerHook(CodeIOHook):
    """The engine that runs the sandbox."""

    conn_type = DOCKER
    hook_name = "CODE I/O: Docker"

    def _test(self, settings: Settings) -> str:
        from codeio_ops.sandbox.address import EngineAddress
        from codeio_ops.sandbox.engine import connect
        from codeio_ops.sandbox.image import image_facts

        with closing(connect(EngineAddress.of(settings))) as client:
            facts = image_facts(client, settings.sandbox_image)
        return f"the engine has {settings.sandbox_image} on {facts.base}"
