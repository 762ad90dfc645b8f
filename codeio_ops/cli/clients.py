"""The clients of a command, from the settings of the shell it runs in."""

from typing import TYPE_CHECKING
from uuid import uuid4

from codeio_ops.config import Settings
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity
from codeio_ops.work import Work

if TYPE_CHECKING:
    from codeio_ops.local.state import StackState


def load_settings() -> Settings:
    """Return the settings."""
    return Settings.load()


def open_store() -> Store:
    """Open the database as the role that writes facts."""
    return Store.open(load_settings().database_url.get_secret_value())


def open_objects() -> ObjectStore:
    """Open the bucket."""
    return ObjectStore.open(load_settings())


def shell_work(stage: str, command: str, settings: Settings | None = None) -> Work:
    """Return the work of a shell command, as its facts will say."""
    task = TaskIdentity(dag_id="cli", run_id=f"cli__{uuid4()}", task_id=command)
    return Work(settings or load_settings(), stage, task, store=open_store())


def shell_writer(stage: str, command: str) -> FactWriter:
    """Return a writer whose facts say that they came from a shell command."""
    return shell_work(stage, command).writer


def stack_state() -> "StackState":
    """Return ports and secrets of the embedded stack.

    Raises:
        StackError: it was never started here.
    """
    from codeio_ops.config import home_directory
    from codeio_ops.errors import StackError
    from codeio_ops.local.beginning import unfinished
    from codeio_ops.local.home import Home
    from codeio_ops.local.state import StackState

    home = Home(home_directory())
    state = StackState.load(home)
    if state is None:
        raise StackError(f"there is no stack in {home.root}", cure="run `codeio up`")
    # A run in half a stack would wait for ever.
    if told := unfinished(home):
        raise StackError(told, cure="Run `codeio up`.")
    return state
