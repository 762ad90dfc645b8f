"""What the supervisor can see of its own confinement; the host decides what that is worth.

Limits are read where the kernel publishes them: cgroup v2 first, then v1. A file that is
not there gives None, which the host treats as "no limit".
"""

import ctypes
import errno
import os
import resource
import sys
import time
from typing import Any

from runner.channel import PROTOCOL_VERSION
from runner.child import RUNNERS

_CGROUP = "/sys/fs/cgroup"
_TRIED_FILE = "/.canary"
_PR_GET_NO_NEW_PRIVS = 39
_OOM_FILES = (f"{_CGROUP}/memory.events", f"{_CGROUP}/memory/memory.oom_control")


def hello(*, guarded_bytes: int | None) -> dict[str, Any]:
    """Return the facts of the first frame."""
    status = _fields("/proc/self/status")
    return {
        "kind": "hello",
        "version": PROTOCOL_VERSION,
        "languages": sorted(RUNNERS),
        "kernel": f"{os.uname().release} {os.uname().version}",
        "python": sys.version.split()[0],
        "hash_seed": os.environ.get("PYTHONHASHSEED"),
        "clock": time.time(),
        "pid": os.getpid(),
        "uid": os.getuid(),
        "capabilities": {
            name: status.get(f"Cap{name}") for name in ("Eff", "Prm", "Inh", "Bnd", "Amb")
        },
        "no_new_privs": ctypes.CDLL(None).prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
        "seccomp": status.get("Seccomp"),
        "threads": len(os.listdir("/proc/self/task")),
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "root_read_only": _root_is_read_only(),
        "scratch": scratch("/tmp"),
        "memory_max": memory_max(),
        "guarded_bytes": guarded_bytes,
        "pids_max": _limit("pids.max", "pids/pids.max"),
        "core_max": resource.getrlimit(resource.RLIMIT_CORE)[1],
    }


def scratch(path: str) -> dict[str, Any]:
    """Return size, inodes and mount flags of the one place where jobs may write."""
    stat, options = os.statvfs(path), _mount_options(path)
    flags = {name: name in options for name in ("noexec", "nosuid", "nodev")}
    return {"bytes": stat.f_blocks * stat.f_frsize, "inodes": stat.f_files, **flags}


def memory_max() -> int | None:
    """Return the memory limit that this container's cgroup states."""
    return _limit("memory.max", "memory/memory.limit_in_bytes")


def oom_kills() -> int:
    """Return how many processes of this container the kernel killed for memory so far."""
    for path in _OOM_FILES:
        count = _fields(path).get("oom_kill")
        if count is not None:
            return int(count)
    return 0


def mapped_bytes() -> int:
    """Return the address space of this process, which every job inherits."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _root_is_read_only() -> bool:
    """Try to write there; gVisor's `statvfs` does not tell."""
    try:
        os.close(os.open(_TRIED_FILE, os.O_CREAT | os.O_WRONLY))
    except OSError as exc:
        return exc.errno == errno.EROFS
    os.unlink(_TRIED_FILE)
    return False


def _mount_options(path: str) -> list[str]:
    with open("/proc/self/mounts") as file:
        rows = [line.split() for line in file]
    return next((row[3].split(",") for row in reversed(rows) if row[1] == path), [])


def _fields(path: str) -> dict[str, str]:
    try:
        with open(path) as file:
            lines = file.read().splitlines()
    except OSError:
        return {}
    words = (line.split() for line in lines)
    return {pair[0].rstrip(":"): pair[1] for pair in words if len(pair) > 1}


def _limit(*names: str) -> int | None:
    for name in names:
        try:
            with open(os.path.join(_CGROUP, name)) as file:
                text = file.read().strip()
        except OSError:
            continue
        return int(text) if text.isdigit() else None
    return None
