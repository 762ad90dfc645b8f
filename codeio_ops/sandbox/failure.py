"""Tell a failed program from a failed sandbox.

A program that fails is a `RunResult`. Where neither the program nor its limits explain
what happened, this module does not guess: it raises `SandboxFault`, and the job is tried
once more in a new container. It never reads the program's text to decide: only codes,
signals, clocks and counters of the supervisor.
"""

import signal

from codeio_ops.errors import NotJson, SandboxFault
from codeio_ops.jsonvalue import parse, storable
from codeio_ops.sandbox.base import Limits, RunResult, Verdict
from codeio_ops.sandbox.protocol import Ended, Reply

_MESSAGE_CHARS = 500
_TYPE_CHARS = 100

# `sandbox_image/runner/replies.py` has the same numbers.
_REPLY_VERDICTS = {
    0: Verdict.OK,
    1: Verdict.EXCEPTION,
    2: Verdict.NOT_JSON,
    3: Verdict.OUTPUT_LIMIT,
    4: Verdict.MEMORY_LIMIT,
    5: Verdict.LOAD_ERROR,
}
_CAUSES = {
    "cpu": Verdict.TIMEOUT,
    "wall": Verdict.TIMEOUT,
    "memory": Verdict.MEMORY_LIMIT,
    "oversize": Verdict.OUTPUT_LIMIT,
    "protocol": Verdict.CRASHED,
}
# A program may lower its own CPU limit, to one second at the least. The kernel counts that second
# in clock ticks, which a busy machine spreads unevenly: it has ended processes after 0.85 s.
_SHORTEST_CPU_LIMIT_MS = 500.0
# V8 aborts when its heap is full, and also when a native check of Node fails: what tells them
# apart is how much memory was in use, of which the heap may take three quarters.
_OUT_OF_MEMORY_SIGNALS = {"javascript": frozenset({signal.SIGABRT, signal.SIGTRAP, signal.SIGILL})}
_FULL_SHARE = 0.5
# The interpreter's own limit: nothing that a runner encodes is nested deeper.
_DEEPEST_GENUINE = 1000
_QUOTE, _BACKSLASH = b'"\\'


def from_reply(reply: Reply, body: bytes, limits: Limits) -> RunResult:
    """Judge an answered call; a claimed value is checked again here, outside the sandbox.

    Raises:
        SandboxFault: the supervisor let a code through that it must refuse.
    """
    verdict = _REPLY_VERDICTS.get(reply.code)
    if verdict is None:
        raise SandboxFault(f"the supervisor passed on the unknown code {reply.code}")
    if verdict is Verdict.OK:
        return _checked_value(body, reply.wall_ms, limits)
    error_type, error_message = _error_text(body)
    return RunResult(
        verdict=verdict,
        error_type=error_type,
        error_message=error_message,
        wall_ms=reply.wall_ms,
    )


def from_end(ended: Ended, language: str, limits: Limits) -> RunResult:
    """Judge the call in which a process ended without an answer.

    Raises:
        SandboxFault: the process was killed, and not by any limit of ours.
    """
    verdict = _CAUSES.get(ended.cause) or _from_exit(ended, language, limits)
    return RunResult(
        verdict=verdict,
        wall_ms=ended.wall_ms,
        cpu_ms=ended.cpu_ms,
        peak_rss_kib=ended.peak_rss_kib,
    )


def is_odd(ended: Ended) -> bool:
    """Say whether the container must not be used again, though its answer stands."""
    return ended.extra_processes > 0 or ended.oom_kills > 0 or ended.cause == "protocol"


def _from_exit(ended: Ended, language: str, limits: Limits) -> Verdict:
    if ended.signal == signal.SIGXCPU:
        return Verdict.TIMEOUT
    if ended.signal in _OUT_OF_MEMORY_SIGNALS.get(language, ()):
        return Verdict.MEMORY_LIMIT if _was_large(ended, limits) else Verdict.CRASHED
    if ended.signal != signal.SIGKILL:
        return Verdict.CRASHED
    if ended.oom_kills:
        return Verdict.MEMORY_LIMIT
    if ended.cpu_ms >= _SHORTEST_CPU_LIMIT_MS:
        return Verdict.TIMEOUT
    raise SandboxFault("a job was killed from outside the sandbox")


def _was_large(ended: Ended, limits: Limits) -> bool:
    return ended.peak_rss_kib >= limits.address_space_mib * 1024 * _FULL_SHARE


def _checked_value(body: bytes, wall_ms: float, limits: Limits) -> RunResult:
    if len(body) > limits.output_bytes:
        return RunResult(verdict=Verdict.OUTPUT_LIMIT, wall_ms=wall_ms)
    try:
        value = parse(body)
    except NotJson as exc:
        return RunResult(
            verdict=_verdict_on(body),
            error_type=type(exc).__name__,
            error_message=storable(str(exc))[:_MESSAGE_CHARS],
            wall_ms=wall_ms,
        )
    return RunResult(verdict=Verdict.OK, value=value, wall_ms=wall_ms)


def _verdict_on(refused: bytes) -> Verdict:
    """Tell a value that is not JSON from a text that no runner of ours can have written.

    A loop over bytes: a regular expression could be made to take quadratic time.
    """
    depth, in_string, escaped = 0, False, False
    for byte in refused:
        if in_string:
            in_string = escaped or byte != _QUOTE
            escaped = byte == _BACKSLASH and not escaped
        elif byte == _QUOTE:
            in_string = True
        else:
            depth += (byte in b"[{") - (byte in b"]}")
            if depth > _DEEPEST_GENUINE:
                return Verdict.CRASHED
    return Verdict.NOT_JSON


def _error_text(body: bytes) -> tuple[str, str]:
    error_type, _, message = body.decode(errors="replace").partition("\n")
    return storable(error_type)[:_TYPE_CHARS], storable(message)[:_MESSAGE_CHARS]
