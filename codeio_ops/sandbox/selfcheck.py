"""Prove that a new container is confined before a program runs in it: fail closed.

Two witnesses: the supervisor's hello frame (what PID 1 sees) and a canary job (what a
program sees). Flags given to an engine prove nothing: an engine may ignore them. Where the
kernel inside cannot tell, the engine's own description is the third: see `runtimes`.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from codeio_ops.errors import SandboxFault, SandboxUnsafe
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Program, RunResult, Verdict
from codeio_ops.sandbox.container import (
    PIDS,
    SCRATCH_BYTES,
    SCRATCH_INODES,
    ContainerSpec,
)
from codeio_ops.sandbox.inspection import complaints
from codeio_ops.sandbox.protocol import PROTOCOL_VERSION, Hello
from codeio_ops.sandbox.runtimes import Runtime, Witness, runtime_named

# CAP_KILL, CAP_SETGID, CAP_SETUID: bits 5, 6, 7.
_ALLOWED_CAPABILITIES = 0xE0
_FILTERED = "2"
_UNSTATED = -1
_DAY_S = 86_400
# What gVisor answers to `uname`, whatever its version and the host's.
_GVISOR = "4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016"

CANARY = Program(
    entry_point="look_around",
    code="""
import ctypes, mmap, os, resource, socket, threading

def attempt(action):
    try:
        action()
    except (OSError, RuntimeError):
        return "denied"
    return "possible"

def status(*names):
    rows = (line.split() for line in open("/proc/self/status"))
    found = {row[0].rstrip(":"): row[1] for row in rows if len(row) > 1}
    return {name: found.get(name) for name in names}

def open_files():
    return [fd for fd in range(256) if attempt(lambda: os.fstat(fd)) == "possible"]

def start_threads():
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(40)]
    try:
        for thread in threads: thread.start()
    finally:
        done.set()
        for thread in threads: thread.ident and thread.join()

def opened_of_supervisor():
    null = os.stat("/dev/null").st_rdev
    found = []
    for fd in range(64):
        try:
            mine = os.open(f"/proc/1/fd/{fd}", os.O_RDWR | os.O_NONBLOCK)
        except OSError:
            continue
        found += [fd] if os.fstat(mine).st_rdev != null else []
        os.close(mine)
    return found

def look_around():
    return {
        "pid": os.getpid(),
        "uid_is_root": 0 in os.getresuid() + os.getresgid(),
        "groups": os.getgroups(),
        "status": status("CapEff", "CapPrm", "CapInh", "Seccomp"),
        "ambient": int(status("CapAmb")["CapAmb"] or "-1", 16),
        "no_new_privs": ctypes.CDLL(None).prctl(39, 0, 0, 0, 0),
        "filters": int(status("Seccomp_filters")["Seccomp_filters"] or 0),
        "open_files": open_files(),
        "stdio": [os.fstat(fd).st_rdev == os.stat("/dev/null").st_rdev for fd in (0, 1, 2)],
        "threads": threading.active_count(),
        "many_threads": attempt(start_threads),
        "large_mapping": attempt(lambda: mmap.mmap(-1, 1 << 32)),
        "fork": attempt(os.fork),
        "exec": attempt(lambda: os.execv("/nowhere", ["x"])),
        "socket": attempt(socket.socket),
        "become_root": attempt(lambda: os.setuid(0)),
        "write_root": attempt(lambda: open("/etc/canary", "w")),
        "write_dev": attempt(lambda: open("/dev/canary", "w")),
        "write_scratch": attempt(lambda: open("/tmp/canary", "w")),
        "devices": [
            path for path in ("/dev/ptmx", "/dev/fuse", "/dev/net/tun")
            if attempt(lambda: os.open(path, os.O_RDWR | os.O_NOCTTY)) == "possible"
        ],
        "read_supervisor": attempt(lambda: open("/proc/1/mem", "rb")),
        "supervisor_files": opened_of_supervisor(),
        "read_environment": attempt(lambda: open("/proc/1/environ").read()),
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
        "Seccomp": _FILTERED,
    },
    "no_new_privs": 1,
    "open_files": [0, 1, 2, 3],
    "stdio": [True, True, True],
    "threads": 1,
    "many_threads": "denied",
    "large_mapping": "denied",
    "fork": "denied",
    "exec": "denied",
    "socket": "denied",
    "become_root": "denied",
    "write_root": "denied",
    "write_dev": "denied",
    "write_scratch": "possible",
    "devices": [],
    "read_supervisor": "denied",
    "supervisor_files": [],
    "unlimited": [],
}


def check_hello(hello: Hello, *, spec: ContainerSpec) -> None:
    """Check what the supervisor sees.

    Raises:
        SandboxUnsafe: a protection is missing; the message names each.
    """
    runtime = runtime_named(spec.runtime)
    rules = (
        *_process_rules(hello, spec),
        *_right_rules(hello, runtime),
        *_scratch_rules(hello, runtime),
        *_limit_rules(hello, runtime, spec.memory_bytes),
    )
    _refuse([name for name, holds in rules if not holds])


def check_inspection(inspected: Mapping[str, Any], *, spec: ContainerSpec) -> None:
    """Check what the engine says of the container.

    Raises:
        SandboxUnsafe: a protection is missing; the message names each.
    """
    _refuse(complaints(inspected, runtime=spec.runtime))


def check_canary(result: RunResult, *, runtime: Runtime) -> None:
    """Check what a program sees.

    Raises:
        SandboxUnsafe: a protection is missing; the message names each.
        SandboxFault: it saw nothing in its time, as happens on a machine whose cores are taken.
    """
    if result.verdict is Verdict.TIMEOUT:
        raise SandboxFault("the canary job did not end in its time")
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
    if runtime.environment is Witness.KERNEL and seen.get("read_environment") != "denied":
        wrong.append("the supervisor's environment can be read")
    if seen.get("ambient") not in _ambient_allowed(runtime):
        wrong.append(f"ambient capabilities {seen.get('ambient')}")
    filters = seen.get("filters")
    least = 2 if runtime.container_filter is Witness.KERNEL else 0
    if not isinstance(filters, int) or filters < least:
        wrong.append(f"{filters} system-call filters instead of two")
    _refuse(wrong)


def _ambient_allowed(runtime: Runtime) -> tuple[int, ...]:
    return (0,) if runtime.ambient_capabilities is Witness.KERNEL else (0, _UNSTATED)


def _process_rules(hello: Hello, spec: ContainerSpec) -> Iterator[tuple[str, bool]]:
    yield f"protocol {hello.version}", hello.version == PROTOCOL_VERSION
    yield f"PYTHONHASHSEED is {hello.hash_seed}", hello.hash_seed == str(spec.hash_seed)
    yield "the clock is the host's", _clock_is_moved(hello) or not spec.surroundings.elsewhere
    yield "the supervisor is not PID 1", hello.pid == 1
    yield "the supervisor cannot change uids", hello.uid == 0
    yield "the supervisor has threads, which a fork would cut", hello.threads == 1
    yield f"network interfaces {hello.interfaces}", hello.interfaces in ([], ["lo"])
    yield "the root file system is writable", hello.root_read_only


def _right_rules(hello: Hello, runtime: Runtime) -> Iterator[tuple[str, bool]]:
    yield (
        f"the kernel {hello.kernel} under {runtime.name}",
        runtime.own_kernel is (hello.kernel == _GVISOR),
    )
    for name, text in hello.capabilities.items():
        unstated = text is None and name == "Amb" and _UNSTATED in _ambient_allowed(runtime)
        held = 0 if unstated else int(text or "f" * 16, 16)
        yield f"capabilities {name} {held:x}", held & ~_ALLOWED_CAPABILITIES == 0
    yield "no-new-privileges is off", hello.no_new_privs
    filtered = runtime.container_filter is Witness.SENTRY or hello.seccomp == _FILTERED
    yield "seccomp is off", filtered


def _scratch_rules(hello: Hello, runtime: Runtime) -> Iterator[tuple[str, bool]]:
    scratch = hello.scratch
    counted = runtime.scratch_inodes is Witness.NOBODY or scratch.inodes <= SCRATCH_INODES
    flags = runtime.scratch_flags is Witness.ENGINE or (scratch.nosuid and scratch.nodev)
    yield f"scratch of {scratch.bytes} bytes", scratch.bytes <= SCRATCH_BYTES
    yield f"scratch of {scratch.inodes} inodes", counted
    yield "scratch mount flags", scratch.noexec and flags


def _limit_rules(hello: Hello, runtime: Runtime, memory_bytes: int) -> Iterator[tuple[str, bool]]:
    guarded = hello.guarded_bytes if runtime.memory is Witness.SUPERVISOR else None
    memory = hello.memory_max or guarded
    yield f"memory limit {memory}", _at_most(memory, memory_bytes)
    # Where no cgroup counts processes, the canary could not start more threads than it may.
    counted = runtime.processes is Witness.SUPERVISOR or _at_most(hello.pids_max, PIDS)
    yield f"process limit {hello.pids_max}", counted
    yield "core dumps", hello.core_max == 0


def _clock_is_moved(hello: Hello) -> bool:
    """Say whether the library that moves it is at work: the loader starts all without one."""
    return abs(hello.clock - time.time()) > _DAY_S


def _at_most(value: int | None, limit: int) -> bool:
    return value is not None and value <= limit


def _refuse(wrong: list[str]) -> None:
    if wrong:
        raise SandboxUnsafe(f"the sandbox is not confined: {'; '.join(wrong)}")
