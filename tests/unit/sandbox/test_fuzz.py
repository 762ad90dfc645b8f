"""Broken, forged and random frames: the host says what is wrong, and neither end hangs.

CODEIO_FUZZ_SECONDS sets for how long each test tries; without it, one round is tried. For ten
minutes: `CODEIO_FUZZ_SECONDS=600 pytest --timeout=0 tests/unit/sandbox/test_fuzz.py`.
"""

import importlib
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeio_ops.bundled import SANDBOX_IMAGE
from codeio_ops.errors import SandboxFault
from codeio_ops.sandbox.base import Limits, Program
from codeio_ops.sandbox.container import Container, _Stream
from codeio_ops.sandbox.protocol import PREFIX, Hello, Job
from codeio_ops.sandbox.worker import Worker

ROUND = settings(max_examples=300, deadline=None, database=None)
CALLS = 3
JOB = Job.prepare(Program(code="", entry_point="f"), [1] * CALLS, Limits(), 0)
ONLY_PYTHON: dict[str, Any] = {"kind": "hello", "languages": ["python"]}
HELLO = Hello.model_construct(None, **ONLY_PYTHON)

numbers = st.integers(-2, 5) | st.integers() | st.floats()
odd = st.none() | st.booleans() | numbers | st.text(max_size=5)
replies = st.fixed_dictionaries(
    {
        "kind": st.just("reply"),
        "id": st.just(1) | odd,
        "index": st.integers(-1, CALLS) | odd,
        "code": st.integers(-1, 8) | odd,
        "wall_ms": st.floats() | odd,
    }
)
endings = st.fixed_dictionaries(
    {
        "kind": st.just("ended"),
        "id": st.just(1) | odd,
        "index": st.integers(-1, CALLS) | odd,
        "cause": st.sampled_from(["done", "cpu", "wall", "oversize", "protocol", "exit", "?"]),
        "loaded": st.booleans(),
        "spent": st.booleans(),
        "signal": st.integers(0, 64),
        "exit_code": st.integers(0, 255),
        "oom_kills": st.integers(0, 2),
        "extra_processes": st.integers(0, 2),
        "wall_ms": st.floats(0, 10),
        "cpu_ms": st.floats(0, 2000),
        "peak_rss_kib": st.integers(0, 9),
    }
)
finished = st.fixed_dictionaries(
    {"kind": st.just("finished"), "id": st.just(1) | odd, "cpu_ms": st.floats(0, 9) | odd}
)
headers = st.one_of(replies, endings, finished, st.dictionaries(st.text(max_size=5), odd))
bodies = st.binary(max_size=20) | st.sampled_from(
    [b"1", b"[" * 2000, b'"\\ud800"', b"NaN", b"E\nno"]
)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A frame that is right, or has one thing wrong with it."""
    header = draw(st.binary(max_size=30) | headers.map(lambda value: json.dumps(value).encode()))
    body = draw(bodies)
    sizes = draw(st.just((len(header), len(body))) | st.tuples(*[st.integers(0, 2**32 - 1)] * 2))
    return PREFIX.pack(*sizes) + header + body


@st.composite
def engine_streams(draw: st.DrawFn) -> bytes:
    """What an engine passes on: pieces of stdout and stderr, cut anywhere."""
    data = b"".join(draw(st.lists(frames(), max_size=8)))
    stream = b""
    while data:
        cut = draw(st.integers(1, len(data)))
        kind = draw(st.sampled_from([1, 1, 1, 1, 2, 9]))
        stream += struct.pack("!BxxxI", kind, cut) + data[:cut]
        data = data[cut:]
    return stream + draw(st.binary(max_size=10))


def worker_that_hears(stream: bytes) -> tuple[Worker, socket.socket, threading.Thread]:
    """A worker whose container says `stream` and is gone."""
    ours, theirs = socket.socketpair()

    def speak() -> None:
        theirs.recv(1 << 20)
        theirs.sendall(stream)
        theirs.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=speak)
    thread.start()
    client: Any = None
    container = Container(client, "fuzzed", _Stream(connection=ours, wrapper=ours))
    return Worker(container, HELLO), theirs, thread


def try_for_the_time_asked(one_round: Callable[[], None]) -> None:
    """Try rounds of random examples; each round draws others."""
    end = time.monotonic() + float(os.environ.get("CODEIO_FUZZ_SECONDS", "0"))
    one_round()
    while time.monotonic() < end:
        one_round()


def test_whatever_a_container_says_is_a_full_answer_or_a_fault() -> None:
    @ROUND
    @given(engine_streams())
    def hear(stream: bytes) -> None:
        worker, theirs, thread = worker_that_hears(stream)
        try:
            results = worker.run(JOB)
        except SandboxFault:
            results = None
        finally:
            thread.join()
            theirs.close()
            worker._container._stream.close()
        assert results is None or len(results) == CALLS

    try_for_the_time_asked(hear)


@pytest.fixture(scope="module")
def watch() -> ModuleType:
    sys.path.insert(0, str(SANDBOX_IMAGE))
    try:
        return importlib.import_module("runner.watch")
    finally:
        sys.path.remove(str(SANDBOX_IMAGE))


replies_of_programs = st.builds(
    lambda code, size, body: struct.pack("!BI", code, size if size >= 0 else len(body)) + body,
    st.integers(0, 8) | st.integers(0, 255),
    st.just(-1) | st.integers(-1, 2**32 - 1),
    st.binary(max_size=50),
)


def test_whatever_a_program_replies_the_supervisor_takes_no_more_than_was_asked(
    watch: ModuleType,
) -> None:
    @ROUND
    @given(st.lists(replies_of_programs | st.binary(max_size=50), max_size=12), st.integers(1, 40))
    def take(chunks: list[bytes], step: int) -> None:
        reader = watch.Watch.__new__(watch.Watch)
        reader.answered, reader.loaded, reader._calls = 0, False, CALLS
        reader._limit, reader._start, reader._end = 40, 0, 0
        reader._buffer = watch.Mapping(watch.PREFIX.size + 40 + watch._READ_BYTES)
        reader._pipe, writing = os.pipe()
        reader._wall_start, reader._restart_clocks = 0.0, lambda: None
        taken: list[bytes] = []
        data = b"".join(chunks)
        for start in range(0, len(data), step):
            os.write(writing, data[start : start + step])
            assert reader._read_chunk() == len(data[start : start + step])
            cause = reader._take_replies(lambda _, body, __: taken.append(bytes(body)))
            assert reader._end - reader._start < watch.PREFIX.size + 40
            if cause:
                assert cause in {"done", "protocol", "oversize"}
                break
        os.close(reader._pipe)
        os.close(writing)
        reader._buffer.close()
        assert len(taken) == reader.answered <= CALLS
        assert all(len(body) <= 40 for body in taken)

    try_for_the_time_asked(take)
