"""What runs in the forked process: give up every right, load the program, call it.

Everything after `SeccompFilter.install` shares its interpreter with the program and can
be changed by it. That is accepted: a program can only spoil its own results.
"""

import ctypes
import json
import os
import random
import resource
import select
import signal
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runner import javascript
from runner.replies import PREFIX, REPLY_FD, Code
from runner.seccomp_filter import SeccompFilter

_MAX_FDS = 256
_MESSAGE_CHARS = 500
_TYPE_CHARS = 100
_SEED_STRIDE = 1_000_003
_MIB = 1 << 20

# Node maps address space that it never touches; RLIMIT_DATA bounds what it may write to.
_EXTRA_ADDRESS_SPACE = {"javascript": 16 << 30}

_FILE_MIB = 8
_PROCESSES = 32
_OPEN_FILES = 64
# The personality under which the kernel calls itself 2.6.
_UNAME26 = 0x20000


@dataclass(frozen=True)
class Job:
    """One request of the host.

    Attributes:
        code: Its text, in the supervisor's mapping of this job, as `inputs`.
        inputs: Serialised inputs; `child` parses each just before its call.
        address_space: Bytes a job may map, above what the supervisor maps.
    """

    id: int
    language: str
    entry_point: str
    code: memoryview
    inputs: list[memoryview]
    seed: int
    cpu_s: float
    wall_s: float
    total_s: float
    address_space: int
    output_bytes: int


@dataclass(frozen=True)
class Cage:
    """What confines every child of this container, and what it sees of the kernel."""

    scratch: str
    null_fd: int
    base_address_space: int
    filter: SeccompFilter
    elsewhere: bool


def run(job: Job, first: int, *, cage: Cage, uid: int, reply_fd: int) -> None:
    """Confine this process, then answer the job's inputs from `first` on. Never returns."""
    status = 97
    try:
        _confine(job, cage, uid, reply_fd, len(job.inputs) - first)
        status = 98
        RUNNERS[job.language](job, first)
        status = 0
    finally:
        os._exit(status)


def _confine(job: Job, cage: Cage, uid: int, reply_fd: int, calls: int) -> None:
    _keep_only(cage.null_fd, reply_fd)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _write_file("/proc/self/oom_score_adj", b"1000")
    _limit(job, cage.base_address_space, calls)
    if cage.elsewhere:
        _seem_another_machine()
    os.umask(0o077)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _enter(os.environ.get("TMPDIR", cage.scratch))
    cage.filter.install()


def _seem_another_machine() -> None:
    """Take another name of the kernel and one processor less, where there are such."""
    ctypes.CDLL(None).personality(_UNAME26)
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, processors[1:] or processors)
    time.sleep = _sleep


def _sleep(seconds: float) -> None:
    """Sleep by another call than CPython does, which libfaketime 0.9.10 makes fail (its #426)."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


def _enter(directory: str) -> None:
    if not os.path.isdir(directory):
        os.mkdir(directory)
    os.chdir(directory)


def _keep_only(null_fd: int, reply_fd: int) -> None:
    # In this order: null_fd may be the very number that the replies go to.
    for fd in (0, 1, 2):
        os.dup2(null_fd, fd)
    os.dup2(reply_fd, REPLY_FD)
    os.closerange(REPLY_FD + 1, _MAX_FDS)


def _limit(job: Job, base: int, calls: int) -> None:
    # The supervisor ends a call by its CPU time; this is the bound should it ever not.
    cpu_s = int(job.cpu_s * calls) + 2
    limits = {
        resource.RLIMIT_AS: base + job.address_space + _EXTRA_ADDRESS_SPACE.get(job.language, 0),
        resource.RLIMIT_DATA: base + job.address_space,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: _FILE_MIB * _MIB,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_NPROC: _PROCESSES,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))


def _answer_python(job: Job, first: int) -> None:
    reseed = _Reseeder(job.seed)
    reseed(0)
    try:
        function = _load_python(bytes(job.code), job.entry_point)
    except MemoryError:
        return _reply(Code.MEMORY_LIMIT)
    except BaseException as exc:
        return _reply(Code.LOAD_ERROR, _describe(exc))
    _reply(Code.LOADED)
    for index in range(first, len(job.inputs)):
        reseed(index)
        code, body = _call(function, bytes(job.inputs[index]), job.output_bytes)
        _reply(code, body)
        if code is Code.MEMORY_LIMIT:
            return None  # what is left of this process depends on where memory ran out
    return None


def _call(function: Callable[..., Any], text: bytes, output_bytes: int) -> tuple[Code, bytes]:
    argument = json.loads(text)
    try:
        value = function(**argument) if isinstance(argument, dict) else function(argument)
    except MemoryError:
        return Code.MEMORY_LIMIT, b""
    except BaseException as exc:
        return Code.EXCEPTION, _describe(exc)
    try:
        body = _ENCODER.encode(value).encode()
    except MemoryError:
        return Code.MEMORY_LIMIT, b""
    except BaseException as exc:
        return Code.NOT_JSON, _describe(exc)
    return (Code.OUTPUT_LIMIT, b"") if len(body) > output_bytes else (Code.OK, body)


def _load_python(code: bytes, entry_point: str) -> Callable[..., Any]:
    module = types.ModuleType("program")
    sys.modules["program"] = module
    exec(compile(code, "<program>", "exec"), module.__dict__)
    function = module.__dict__[entry_point]
    if not callable(function):
        raise TypeError(f"{entry_point} is not callable")
    return function  # type: ignore[no-any-return]


# The languages this image can run; the hello frame lists them.
RUNNERS: dict[str, Callable[[Job, int], None]] = {"python": _answer_python}
if javascript.library():
    RUNNERS["javascript"] = javascript.answer

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class _Reseeder:
    """Puts `random` and numpy into a state that depends on the seed and the index alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        numpy = sys.modules.get("numpy")
        self._seed_numpy = numpy.random.seed if numpy else None

    def __call__(self, index: int) -> None:
        mixed = self._seed * _SEED_STRIDE + index
        random.seed(mixed)
        if self._seed_numpy:
            self._seed_numpy(mixed & 0xFFFFFFFF)


def _reply(code: Code, body: bytes = b"") -> None:
    unsent = memoryview(PREFIX.pack(code, len(body)) + body)
    while unsent:
        unsent = unsent[os.write(REPLY_FD, unsent) :]


def _describe(exc: BaseException) -> bytes:
    """Return the class name and, on the lines below it, the text: both the program's words."""
    try:
        message = str(exc)[:_MESSAGE_CHARS]
    except BaseException:
        message = "<no text: __str__ failed>"
    return f"{type(exc).__name__[:_TYPE_CHARS]}\n{message}".encode(errors="replace")


def _write_file(path: str, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, content)
    finally:
        os.close(fd)


def make_unreadable() -> None:
    """Keep jobs, whatever their uid, out of this process's `/proc` entries."""
    prctl = ctypes.CDLL(None).prctl
    pr_set_dumpable = 4
    prctl(pr_set_dumpable, 0, 0, 0, 0)
