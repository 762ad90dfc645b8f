"""The pipeline on a small corpus: walked once a run, then copied for each test that needs it.

The finished road is a database and a bucket that all workers of the run share. A test gets a
copy of both, so it may change what it wants.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr

from codeio_ops.config import Settings
from codeio_ops.local.home import exclusive
from codeio_ops.local.state import StackState
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.storage.objects import ObjectStore
from offline_teacher.server import create_app
from support.road import CORPUS, Road
from support.storage import create_storage, fresh_settings, settings_of
from support.town import CountedRequests, TeacherServer, Town

FINISHED = "codeio-finished"
TOKEN = "a-long-random-word"


@pytest.fixture(scope="session")
def teacher_server(sandbox: DockerSandbox, confirming: DockerSandbox) -> Iterator[TeacherServer]:
    """The offline teacher on a free port."""
    app = CountedRequests(create_app(sandbox=sandbox, confirm=confirming, token=TOKEN))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        port = listener.getsockname()[1]
        yield TeacherServer(url=f"http://127.0.0.1:{port}/v1", requests=app)
        server.should_exit = True
        thread.join()


@pytest.fixture
def open_road(
    sandbox: DockerSandbox, confirming: DockerSandbox, teacher_server: TeacherServer
) -> Iterator[Callable[[Settings], Road]]:
    """Return a function that opens the road of some settings, taught by the offline teacher."""
    opened: list[Road] = []

    def open_(settings: Settings) -> Road:
        taught = _taught(settings, teacher_server)
        opened.append(Road.open(taught, sandbox=sandbox, confirming=confirming))
        return opened[-1]

    yield open_
    for road in opened:
        road.store.close()


@pytest.fixture
def empty_road(settings: Settings, open_road: Callable[[Settings], Road]) -> Road:
    """A road on an empty database and bucket."""
    return open_road(settings)


@pytest.fixture
def finished_road(
    finished: str,
    stack_state: StackState,
    tmp_path: Path,
    open_road: Callable[[Settings], Road],
) -> Iterator[Road]:
    """A road that was walked to a published release, this test's own copy."""
    with fresh_settings(stack_state, tmp_path, template=finished) as copy:
        _copy_objects(settings_of(stack_state, finished, tmp_path), copy)
        yield open_road(copy)


@pytest.fixture
def town(empty_road: Road, teacher_server: TeacherServer, tmp_path: Path) -> Town:
    """A town that takes files under MIT."""
    settings = empty_road.settings.replaced({"audited_pairs": 5, "licences": ["MIT"]})
    return Town(empty_road.with_parts(settings=settings), tmp_path / "code", teacher_server)


@pytest.fixture(scope="session")
def finished(
    shared_directory: Path,
    stack_state: StackState,
    sandbox: DockerSandbox,
    confirming: DockerSandbox,
    teacher_server: TeacherServer,
) -> str:
    """Walk the road once for all workers; return the name of its database and bucket."""
    mark = shared_directory / "road-is-finished"
    with exclusive(shared_directory / "road.lock"):
        if not mark.exists():
            create_storage(stack_state, FINISHED)
            settings = settings_of(stack_state, FINISHED, shared_directory)
            road = Road.open(
                _taught(settings, teacher_server), sandbox=sandbox, confirming=confirming
            )
            road.add(f"directory:{CORPUS}")
            road.run()
            road.store.close()
            mark.touch()
    return FINISHED


def _copy_objects(source: Settings, target: Settings) -> None:
    origin, copy = ObjectStore.open(source), ObjectStore.open(target)
    for key in origin.keys(""):
        copy.put(key, origin.get(key))


def _taught(settings: Settings, server: TeacherServer) -> Settings:
    return settings.model_copy(
        update={"teacher_url": server.url, "teacher_key": SecretStr(TOKEN), "shard_rows": 20}
    )
