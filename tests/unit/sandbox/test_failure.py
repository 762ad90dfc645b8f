"""The border between a failed program and a failed sandbox."""

import dataclasses
import signal
from typing import Any

import pytest

from codeio_ops.errors import SandboxFault
from codeio_ops.sandbox.base import Limits, Verdict
from codeio_ops.sandbox.failure import from_end, from_reply, is_odd
from codeio_ops.sandbox.protocol import Ended, Reply

LIMITS = Limits(output_bytes=100)


def reply(code: int) -> Reply:
    return Reply(kind="reply", id=1, index=0, code=code, wall_ms=2.0)


def ended(**facts: Any) -> Ended:
    quiet = {
        "kind": "ended",
        "id": 1,
        "index": 0,
        "cause": "exit",
        "loaded": True,
        "spent": False,
        "signal": 0,
        "exit_code": 0,
        "oom_kills": 0,
        "extra_processes": 0,
        "wall_ms": 3.0,
        "cpu_ms": 10.0,
        "peak_rss_kib": 100,
    }
    return Ended.model_validate(quiet | facts)


@pytest.mark.parametrize(
    ("body", "verdict", "value"),
    [
        pytest.param(b'{"a":[1,2.5,null]}', Verdict.OK, {"a": [1, 2.5, None]}, id="a value"),
        pytest.param(b"NaN", Verdict.NOT_JSON, None, id="forged NaN"),
        pytest.param(b"Infinity", Verdict.NOT_JSON, None, id="forged Infinity"),
        pytest.param(b'"\\ud800"', Verdict.NOT_JSON, None, id="lone surrogate"),
        pytest.param(b'"\xff"', Verdict.NOT_JSON, None, id="not UTF-8"),
        pytest.param(b"1" + b"0" * 30, Verdict.NOT_JSON, None, id="over 64 bits"),
        pytest.param(b"[" * 40 + b"]" * 40, Verdict.NOT_JSON, None, id="deep"),
        pytest.param(b"@@", Verdict.NOT_JSON, None, id="junk"),
        pytest.param(b'"' + b"x" * 99 + b'"', Verdict.OUTPUT_LIMIT, None, id="over the limit"),
    ],
)
def test_a_claimed_value_is_checked_again(body: bytes, verdict: Verdict, value: object) -> None:
    result = from_reply(reply(0), body, LIMITS)
    assert (result.verdict, result.value, result.wall_ms) == (verdict, value, 2.0)


def test_a_very_deep_value_does_not_break_the_host() -> None:
    limits = dataclasses.replace(LIMITS, output_bytes=1 << 20)
    assert from_reply(reply(0), b"[" * 30_000, limits).verdict is Verdict.CRASHED


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        pytest.param(b"[" * 1001 + b"]" * 1001, Verdict.CRASHED, id="deeper than any encoder goes"),
        pytest.param(b"[" * 900 + b"]" * 900, Verdict.NOT_JSON, id="deep, but an encoder may"),
        pytest.param(b"[" + b"[]," * 2000 + b"NaN]", Verdict.NOT_JSON, id="wide, not deep"),
        pytest.param(
            b'["\\"' + b"[" * 2000 + b'", NaN]', Verdict.NOT_JSON, id="brackets in a text"
        ),
    ],
)
def test_only_a_forger_nests_deeper_than_an_encoder(body: bytes, verdict: Verdict) -> None:
    assert from_reply(reply(0), body, Limits()).verdict is verdict


def test_a_javascript_engine_that_aborts_ran_out_of_memory_when_much_was_in_use() -> None:
    full = ended(signal=int(signal.SIGABRT), peak_rss_kib=400 << 10)
    small = ended(signal=int(signal.SIGABRT), peak_rss_kib=80 << 10)
    assert from_end(full, "javascript", Limits()).verdict is Verdict.MEMORY_LIMIT
    assert from_end(small, "javascript", Limits()).verdict is Verdict.CRASHED
    assert from_end(full, "python", Limits()).verdict is Verdict.CRASHED


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (1, Verdict.EXCEPTION),
        (2, Verdict.NOT_JSON),
        (3, Verdict.OUTPUT_LIMIT),
        (4, Verdict.MEMORY_LIMIT),
        (5, Verdict.LOAD_ERROR),
    ],
)
def test_reply_codes(code: int, verdict: Verdict) -> None:
    result = from_reply(reply(code), b"ValueError\nline 1\nline 2", LIMITS)
    assert result.verdict is verdict
    assert (result.error_type, result.error_message) == ("ValueError", "line 1\nline 2")


def test_error_text_is_made_fit_to_store() -> None:
    result = from_reply(reply(1), b"E\x00\n" + b"\xed\xa0\x80\x00" + b"y" * 9000, LIMITS)
    assert result.error_type == "E\ufffd"
    assert len(result.error_message) == 500
    assert "\x00" not in result.error_message
    result.error_message.encode()


def test_an_unknown_code_is_a_fault() -> None:
    with pytest.raises(SandboxFault, match="unknown code 6"):
        from_reply(reply(6), b"", LIMITS)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        pytest.param({"cause": "cpu", "signal": 9}, Verdict.TIMEOUT, id="cpu"),
        pytest.param({"cause": "wall", "signal": 9}, Verdict.TIMEOUT, id="wall"),
        pytest.param({"cause": "memory", "signal": 9}, Verdict.MEMORY_LIMIT, id="memory"),
        pytest.param({"cause": "oversize", "signal": 9}, Verdict.OUTPUT_LIMIT, id="oversize"),
        pytest.param({"cause": "protocol", "signal": 9}, Verdict.CRASHED, id="junk frame"),
        pytest.param({"signal": signal.SIGXCPU}, Verdict.TIMEOUT, id="rlimit cpu"),
        pytest.param({"signal": signal.SIGSEGV}, Verdict.CRASHED, id="segfault"),
        pytest.param({"signal": 9, "oom_kills": 1}, Verdict.MEMORY_LIMIT, id="cgroup"),
        pytest.param({"signal": 9, "cpu_ms": 1001.0}, Verdict.TIMEOUT, id="own rlimit"),
        pytest.param({"exit_code": 3}, Verdict.CRASHED, id="os._exit"),
        pytest.param({"exit_code": 0}, Verdict.CRASHED, id="os._exit(0)"),
    ],
)
def test_ends_of_a_process(facts: dict[str, Any], verdict: Verdict) -> None:
    result = from_end(ended(**facts), "python", LIMITS)
    assert result.verdict is verdict
    assert result.wall_ms == 3.0


def test_an_unexplained_kill_is_not_blamed_on_the_program() -> None:
    with pytest.raises(SandboxFault, match="killed from outside"):
        from_end(ended(signal=9), "python", LIMITS)


@pytest.mark.parametrize(
    "facts", [{"extra_processes": 1}, {"signal": 9, "oom_kills": 1}, {"cause": "protocol"}]
)
def test_after_something_odd_the_container_is_not_used_again(facts: dict[str, Any]) -> None:
    assert is_odd(ended(**facts))
    assert not is_odd(ended())
