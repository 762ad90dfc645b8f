"""The frames: what is encoded, and what is refused."""

import json

import pytest

from codeio_ops.errors import NotJson, SandboxFault, TerminalError
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Limits, Program
from codeio_ops.sandbox.protocol import (
    MAX_REPLY_BYTES,
    MAX_REQUEST_BYTES,
    PREFIX,
    PROTOCOL_VERSION,
    Ended,
    Finished,
    Job,
    decode_header,
    decode_prefix,
    encode_settings,
)

PROGRAM = Program(code="def f(x): return x", entry_point="f")


def _split(frame: bytes) -> tuple[dict[str, Json], bytes]:
    header_bytes, body_bytes = PREFIX.unpack(frame[: PREFIX.size])
    header = frame[PREFIX.size : PREFIX.size + header_bytes]
    body = frame[PREFIX.size + header_bytes :]
    assert len(body) == body_bytes
    return json.loads(header), body


def test_job_frame_carries_language_and_sizes() -> None:
    job = Job.prepare(PROGRAM, [{"x": 1}, "é"], Limits(cpu_s=2.0, wall_factor=3.0), 7)
    header, body = _split(job.frame(5))
    assert header["id"] == 5
    assert header["language"] == "python"
    assert header["wall_s"] == 6.0
    assert header["sizes"] == [len(PROGRAM.code), 7, 4]
    assert body == b'def f(x): return x{"x":1}"\xc3\xa9"'


SETTINGS = encode_settings(
    first_uid=10, last_uid=20, preload=["numpy"], memory_bytes=1 << 30, elsewhere=True
)


def test_settings_frame_names_the_version() -> None:
    header, body = _split(SETTINGS)
    assert header == {
        "version": PROTOCOL_VERSION,
        "first_uid": 10,
        "last_uid": 20,
        "preload": ["numpy"],
        "memory_bytes": 1 << 30,
        "elsewhere": True,
    }
    assert body == b""


def test_an_input_that_is_not_finite_is_refused() -> None:
    with pytest.raises(NotJson):
        Job.prepare(PROGRAM, [float("nan")], Limits(), 0)


def test_a_job_over_the_limit_is_refused() -> None:
    with pytest.raises(TerminalError, match="the sandbox takes"):
        Job.prepare(PROGRAM, ["x" * MAX_REQUEST_BYTES], Limits(), 0)


def test_an_output_limit_over_the_frame_limit_is_refused() -> None:
    with pytest.raises(TerminalError, match="output_bytes"):
        Job.prepare(PROGRAM, [1], Limits(output_bytes=MAX_REPLY_BYTES + 1), 0)


def test_a_program_with_a_lone_surrogate_can_be_sent() -> None:
    program = Program(code="x = '\ud800'", entry_point="f")
    assert Job.prepare(program, [1], Limits(), 0).parts[0] == b"x = '\xed\xa0\x80'"


@pytest.mark.parametrize("sizes", [(1 << 21, 0), (10, MAX_REPLY_BYTES + 1)])
def test_an_announced_size_over_the_limit_is_a_fault(sizes: tuple[int, int]) -> None:
    with pytest.raises(SandboxFault, match="announced"):
        decode_prefix(PREFIX.pack(*sizes))


def test_header_kinds_are_told_apart() -> None:
    ended = {
        "kind": "ended",
        "id": 1,
        "index": 0,
        "cause": "exit",
        "loaded": True,
        "spent": False,
        "signal": 11,
        "exit_code": 0,
        "oom_kills": 0,
        "extra_processes": 0,
        "wall_ms": 1.5,
        "cpu_ms": 1.0,
        "peak_rss_kib": 100,
    }
    assert isinstance(decode_header(json.dumps(ended).encode()), Ended)
    assert isinstance(decode_header(b'{"kind": "finished", "id": 3, "cpu_ms": 1.5}'), Finished)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no kind"),
        pytest.param(b'{"kind": "other", "id": 1}', id="unknown kind"),
        pytest.param(b'{"kind": "finished", "id": "1"}', id="number as text"),
        pytest.param(b'{"kind": "finished", "id": 1, "more": 2}', id="unknown field"),
    ],
)
def test_a_header_outside_the_protocol_is_a_fault(text: bytes) -> None:
    with pytest.raises(SandboxFault, match="broken header"):
        decode_header(text)
