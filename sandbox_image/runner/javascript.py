"""JavaScript: Node's library, started inside the child that is already confined.

Debian builds Node as a shared library, so the forked child needs no `execve`: it puts on
the same uid, limits and system-call filter as for Python and then calls `node::Start` in
its own process. There is no moment in which a program could start another one.
"""

import _thread
import ctypes
import glob
import json
import os
import struct
from typing import Protocol

_HARNESS = os.path.join(os.path.dirname(__file__), "harness.js")
_LIBRARIES = "/usr/lib/*/libnode.so.*"
_START = "_ZN4node5StartEiPPc"  # node::Start(int, char**)
_JOB_FD = 4
_HEAP_SHARE = 0.75  # of what the job may write to; buffers lie outside of the heap
_OPTIONS = ("--v8-pool-size=0", "--no-experimental-fetch", "--disable-proto=delete")


class JobLike(Protocol):
    """What this module needs of `child.Job`; importing it would close a circle."""

    entry_point: str
    code: memoryview
    inputs: list[memoryview]
    seed: int
    address_space: int
    output_bytes: int


def library() -> str | None:
    """Return the path of Node's library, or None where the image has none."""
    return next(iter(sorted(glob.glob(_LIBRARIES))), None)


def answer(job: JobLike, first: int) -> None:
    """Answer the inputs from `first` on, in Node. Does not return when all went well."""
    path = library()
    if path is None:
        raise FileNotFoundError(_LIBRARIES)
    reading, writing = os.pipe()
    if reading != _JOB_FD:
        raise OSError(f"the job's pipe is {reading}, not {_JOB_FD}")
    _thread.start_new_thread(_feed, (writing, _frame(job, first)))
    start = getattr(ctypes.CDLL(path), _START)
    heap_mib = int(job.address_space * _HEAP_SHARE) >> 20
    words = ("node", f"--max-old-space-size={heap_mib}", *_OPTIONS, _HARNESS)
    start(len(words), _arguments(words))


def _frame(job: JobLike, first: int) -> bytes:
    parts = [job.code, *job.inputs]
    header = {
        "entry_point": job.entry_point,
        "seed": job.seed,
        "first": first,
        "output_bytes": job.output_bytes,
        "sizes": [len(part) for part in parts],
    }
    text = json.dumps(header).encode()
    body = b"".join(parts)
    return struct.pack("!II", len(text), len(body)) + text + body


def _feed(fd: int, frame: bytes) -> None:
    unsent = memoryview(frame)
    while unsent:
        unsent = unsent[os.write(fd, unsent) :]
    os.close(fd)


def _arguments(words: tuple[str, ...]) -> "ctypes.Array[ctypes.c_void_p]":
    # libuv takes the arguments to lie end to end, as the kernel lays them out.
    text = b"".join(os.fsencode(word) + b"\0" for word in words)
    storage = ctypes.create_string_buffer(text)
    array = (ctypes.c_void_p * (len(words) + 1))()
    offset = ctypes.addressof(storage)
    for index, word in enumerate(words):
        array[index] = offset
        offset += len(os.fsencode(word)) + 1
    array.storage = storage  # type: ignore[attr-defined]  # keeps it alive as long
    return array
