"""Redis from Debian: the queues from which Celery's workers take tasks."""

import os
from urllib.parse import quote

from codeio_ops.errors import StackError
from codeio_ops.local.home import Home, write_private
from codeio_ops.local.ports import LOOPBACK
from codeio_ops.local.processes import Component
from codeio_ops.local.programs import program
from codeio_ops.local.state import StackState

SERVER_OPTIONS = (
    *("--protected-mode", "yes"),
    # A message is a task that Airflow holds for queued: it is on disk before that is said.
    *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
    # Where memory runs short a queue must say so, not forget tasks.
    *("--maxmemory-policy", "noeviction"),
)


def url(state: StackState) -> str:
    """Return the address of the broker, with its password."""
    password = quote(state.secrets.redis_password)
    return f"redis://:{password}@{state.redis_host}:{state.ports['redis']}/0"


def configuration(state: StackState) -> str:
    """Return the configuration file: what no command line may show."""
    return f"requirepass {state.secrets.redis_password}\n"


def prepare(home: Home, state: StackState) -> None:
    """Write the configuration file, and make the directory of the data."""
    home.redis.mkdir(mode=0o700, exist_ok=True)
    write_private(home.redis / "redis.conf", configuration(state))


def component(home: Home, state: StackState) -> Component:
    """Return the server process."""
    return Component(
        name="redis",
        argv=(
            *(program("redis-server"), str(home.redis / "redis.conf")),
            *("--bind", LOOPBACK, "--port", str(state.ports["redis"])),
            *("--dir", str(home.redis), *SERVER_OPTIONS),
        ),
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        cwd=str(home.redis),
    )


def check(state: StackState) -> str:
    """Ask for the server's version.

    Raises:
        StackError: It does not answer, or refuses.
    """
    from redis import Redis, RedisError

    try:
        with Redis.from_url(url(state), socket_timeout=5, socket_connect_timeout=5) as link:
            found = link.info("server")
    except RedisError as exc:
        raise StackError(f"Redis does not answer: {exc}") from exc
    return f"Redis {found['redis_version']}"
