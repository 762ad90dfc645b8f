"""TCP ports on loopback: the preferred one when it is free, else any free one."""

import socket
from collections.abc import Container, Mapping

LOOPBACK = "127.0.0.1"

PREFERRED: Mapping[str, int] = {
    "postgres": 15432,
    "s3": 8333,
    "teacher": 8900,
    "airflow": 8080,
    # With workers only.
    "pgbouncer": 16432,
    "redis": 16379,
    # SeaweedFS opens these for itself; nothing else speaks to them.
    "s3_grpc": 0,
    "master": 0,
    "master_grpc": 0,
    "volume": 0,
    "volume_grpc": 0,
    "filer": 0,
    "filer_grpc": 0,
    "admin": 0,
    "admin_grpc": 0,
}
"""Port wanted for each listener; 0 means any."""

ANY: Mapping[str, int] = dict.fromkeys(PREFERRED, 0)
"""No preference at all, for stacks that live beside others (tests)."""

USERS: Mapping[str, tuple[str, ...]] = {
    "postgres": ("postgres",),
    "teacher": ("teacher",),
    "airflow-api-server": ("airflow",),
    "pgbouncer": ("pgbouncer",),
    "redis": ("redis",),
    "s3": ("s3", *(name for name, port in PREFERRED.items() if not port)),
}
"""Component that listens on each port."""


def is_free(port: int) -> bool:
    """Return whether nothing listens on `port` of loopback, nor on all interfaces."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(wanted: int, *, taken: Container[int]) -> int:
    """Return `wanted` when it is free and not in `taken`, else a free port of the kernel."""
    if wanted and wanted not in taken and is_free(wanted):
        return wanted
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def assign(wanted: Mapping[str, int], *, running: Container[str]) -> dict[str, int]:
    """Return one port per listener.

    Args:
        wanted: The remembered or preferred port of each listener.
        running: Components that run now: they hold their ports, which therefore stay.
    """
    kept = {
        name: wanted[name] for user, names in USERS.items() if user in running for name in names
    }
    ports: dict[str, int] = {}
    for name in PREFERRED:
        others = {*kept.values(), *ports.values()}
        ports[name] = kept.get(name) or choose(wanted.get(name, 0), taken=others)
    return ports
