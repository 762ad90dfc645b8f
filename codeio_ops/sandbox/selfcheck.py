"""Prove that a new container is confined before a program runs in it: fail closed.

Two witnesses: the supervisor's hello frame (what PID 1 sees) and a canary job (what a
program sees). Flags given to an engine prove nothing: an engine may ignore them.
"""

from collections.abc import Iterator

from codeio_ops.errors import SandboxUnsafe
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Program, RunResult, Verdict
from codeio_ops.sandbox.container import (
    PIDS,
    SCRATCH_BYTES,
    SCRATCH_INODES,
)
from codeio_ops.sandbox.protocol import PROTOCOL_VERSION, Hello

# CAP_KILL, CAP_SETGID, CAP_SETUID: bits 5, 6, 7.
_ALLOWED_CAPABILITIES = 0xE0
_FILTERED = "2"

CANARY = Program(
    entry_point="look_around",
    code="""
import os, resource, socket, threading

def attempt(action):
    try:
        action()
    except OSError:
        return "denied"
    return "possible"

def status(*names):
    rows = (line.split() for line in open("/proc/self/status"))
    found = {row[0].rstrip(":"): row[1] for row in rows if len(row) > 1}
    return {name: found.get(name) for name in names}

def open_files():
    return [fd for fd in range(256) if attempt(lambda: os.fstat(fd)) == "possible"]

def look_around():
    return {
        "pid": os.getpid(),
        "uid_is_root": 0 in os.getresuid() + os.getresgid(),
        "groups": os.getgroups(),
        "status": status("CapEff", "CapPrm", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp"),
        "filters": int(status("Seccomp_filters")["Seccomp_filters"] or 0),
        "open_files": open_files(),
        "stdio": [os.fstat(fd).st_rdev == os.stat("/dev/null").st_rdev for fd in (0, 1, 2)],
        "threads": threading.active_count(),
        "fork": attempt(os.fork),
        "exec": attempt(lambda: os.execv("/nowhere", ["x"])),
        "socket": attempt(socket.socket),
        "become_root": attempt(lambda: os.setuid(0)),
        "write_root": attempt(lambda: open("/etc/canary", "w")),
        "write_dev": attempt(lambda: open("/dev/canary", "w")),
        "write_scratch": attempt(lambda: open("/tmp/canary", "w")),
        "read_supervisor": attempt(lambda: open("/proc/1/environ").read()),
        "unlimited": [
            name for name in ("AS", "CPU", "FSIZE", "NPROC", "NOFILE", "CORE")
            if resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1] == -1
        ],
    }
""",
)

_CANARY_MUST_SEE: dict[str, Json] = {
    "uid_is_root": False,
    "groups": [],
    "status": {
        "CapEff": "0" * 16,
        "CapPrm": "0" * 16,
        "CapInh": "0" * 16,
        "CapAmb": "0" * 16,
        "NoNewPrivs": "1",
        "Seccomp": _FILTERED,
    },
    "open_files": [0, 1, 2, 3],
    "stdio": [True, True, True],
    "threads": 1,
    "fork": "denied",
    "exec": "denied",
    "socket": "denied",
    "become_root": "denied",
    "write_root": "denied",
    "write_dev": "denied",
    "write_scratch": "possible",
    "read_supervisor": "denied",
    "unlimited": [],
}


def check_hello(hello: Hello, *, hash_seed: int, memory_bytes: int) -> None:
    """Check what the supervisor sees.

    Raises:
        SandboxUnsafe: a protection is missing; the message names each.
    """
    _refuse([name for name, holds in _hello_rules(hello, hash_seed, memory_bytes) if not holds])


def check_canary(result: RunResult) -> None:
    """Check what a program sees.

    Raises:
        SandboxUnsafe: a protection is missing; the message names each.
    """
    seen = result.value
    if result.verdict is not Verdict.OK or not isinstance(seen, dict):
        raise SandboxUnsafe(
            f"the canary job ended with {result.verdict}: "
            f"{result.error_type} {result.error_message}"
        )
    wrong = [
        f"{name} is {seen.get(name)}"
        for name, wanted in _CANARY_MUST_SEE.items()
        if seen.get(name) != wanted
    ]
    filters = seen.get("filters")
    if not isinstance(filters, int) or filters < 2:
        wrong.append(f"{filters} system-call filters instead of two")
    _refuse(wrong)


def _hello_rules(hello: Hello, hash_seed: int, memory_bytes: int) -> Iterator[tuple[str, bool]]:
    scratch = hello.scratch
    capabilities = {name: int(text or "f" * 16, 16) for name, text in hello.capabilities.items()}
    yield f"protocol {hello.version}", hello.version == PROTOCOL_VERSION
    yield f"PYTHONHASHSEED is {hello.hash_seed}", hello.hash_seed == str(hash_seed)
    yield "the supervisor is not PID 1", hello.pid == 1
    yield "the supervisor cannot change uids", hello.uid == 0
    for name, held in capabilities.items():
        yield f"capabilities {name} {held:x}", held & ~_ALLOWED_CAPABILITIES == 0
    yield "no-new-privileges is off", hello.no_new_privs == "1"
    yield "seccomp is off", hello.seccomp == _FILTERED
    yield "the supervisor has threads, which a fork would cut", hello.threads == 1
    yield f"network interfaces {hello.interfaces}", hello.interfaces in ([], ["lo"])
    yield "the root file system is writable", hello.root_read_only
    yield f"scratch of {scratch.bytes} bytes", scratch.bytes <= SCRATCH_BYTES
    yield f"scratch of {scratch.inodes} inodes", scratch.inodes <= SCRATCH_INODES
    yield "scratch mount flags", scratch.noexec and scratch.nosuid and scratch.nodev
    yield f"memory limit {hello.memory_max}", _at_most(hello.memory_max, memory_bytes)
    yield f"process limit {hello.pids_max}", _at_most(hello.pids_max, PIDS)
    yield "core dumps", hello.core_max == 0


def _at_most(value: int | None, limit: int) -> bool:
    return value is not None and value <= limit


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise SandboxUnsafe(f"the sandbox is not confined: {'; '.join(wrong)}")
