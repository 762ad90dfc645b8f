"""Watch one forked process until it has answered, run out of time, or ended."""

import os
import select
import time
from collections.abc import Callable

from runner.child import Job
from runner.replies import PREFIX, Code

_READ_BYTES = 256 << 10
# Replies without a value (an exception's text) need room whatever the output limit is.
_SMALLEST_LIMIT = 8192
_CODES = frozenset(Code)
# After these the process has no more to say, whatever inputs are left.
_LAST = (Code.LOAD_ERROR, Code.MEMORY_LIMIT)

OnReply = Callable[[Code, bytes, float], None]


class Watch:
    """Reads the replies of one process and holds each of its calls to its time.

    A call's time begins when the reply before it was read. CPU time decides, because it
    does not depend on how busy the machine is; the wall limit only catches waiting.

    Attributes:
        answered: Calls that were answered.
        loaded: Whether the program was loaded.
        wall_s: Wall time of the call that was not answered, once watching has ended.
    """

    def __init__(self, pid: int, pipe: int, host_fd: int, job: Job, calls: int) -> None:
        self.answered = 0
        self.loaded = False
        self.wall_s = 0.0
        self._pipe, self._host_fd, self._calls = pipe, host_fd, calls
        self._cpu_s, self._wall_s = job.cpu_s, job.wall_s
        self._limit = max(job.output_bytes, _SMALLEST_LIMIT)
        self._buffer = bytearray()
        self._cpu_clock = (~pid << 3) | 2  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
        self._pidfd = os.pidfd_open(pid)
        self._poll = select.poll()
        os.set_blocking(pipe, False)
        self._poll.register(pipe, select.POLLIN)
        self._poll.register(self._pidfd, select.POLLIN)
        self._poll.register(host_fd, 0)  # no input now, but a hang-up is always reported
        self._restart_clocks()

    def until_end(self, on_reply: OnReply) -> str:
        """Pass on every reply and return why watching ended.

        Returns:
            `done` when the process has no more to answer, `cpu` or `wall` when a call's time is up,
            `oversize` or `protocol` when a reply cannot be genuine, `exit` when the
            process ended by itself.
        """
        try:
            while True:
                cause = self._step(on_reply)
                if cause:
                    return cause
        finally:
            self.wall_s = time.monotonic() - self._wall_start
            os.close(self._pidfd)

    def _step(self, on_reply: OnReply) -> str | None:
        cpu_left = self._cpu_s - (time.clock_gettime(self._cpu_clock) - self._cpu_start)
        wall_left = self._wall_s - (time.monotonic() - self._wall_start)
        if cpu_left <= 0 or wall_left <= 0:
            return "cpu" if cpu_left <= 0 else "wall"
        events = dict(self._poll.poll(min(cpu_left, wall_left) * 1000 + 1))
        if self._host_fd in events:
            os._exit(0)  # the host is gone; without PID 1 the kernel ends the container
        if self._pidfd in events:
            return self._read_rest(on_reply)
        if self._pipe in events:
            return self._read_once(on_reply)
        return None

    def _read_rest(self, on_reply: OnReply) -> str:
        """Read what a dead process left in the pipe."""
        while chunk := self._read_chunk():
            cause = self._take_replies(chunk, on_reply)
            if cause:
                return cause
        return "exit"

    def _read_once(self, on_reply: OnReply) -> str | None:
        chunk = self._read_chunk()
        if chunk == b"":
            # The program closed the pipe. It may still run, and a closed pipe would wake
            # `poll` for ever: wait for its end or its deadline only.
            self._poll.unregister(self._pipe)
        return self._take_replies(chunk, on_reply) if chunk else None

    def _read_chunk(self) -> bytes | None:
        try:
            return os.read(self._pipe, _READ_BYTES)
        except BlockingIOError:
            return None

    def _take_replies(self, chunk: bytes, on_reply: OnReply) -> str | None:
        self._buffer += chunk
        while len(self._buffer) >= PREFIX.size:
            code, size = PREFIX.unpack_from(self._buffer)
            if code not in _CODES:
                return "protocol"
            if size > self._limit:
                return "oversize"
            end = PREFIX.size + size
            if len(self._buffer) < end:
                return None
            body = bytes(self._buffer[PREFIX.size : end])
            del self._buffer[:end]
            self._accept(Code(code), body, on_reply)
            if self.answered == self._calls or code in _LAST:
                return "done"
        return None

    def _accept(self, code: Code, body: bytes, on_reply: OnReply) -> None:
        if code is Code.LOADED:
            self.loaded = True  # the clocks go on: loading counts towards the first call
            return
        wall_s = time.monotonic() - self._wall_start
        self.answered += 1
        self._restart_clocks()
        on_reply(code, body, wall_s)

    def _restart_clocks(self) -> None:
        self._wall_start = time.monotonic()
        self._cpu_start = time.clock_gettime(self._cpu_clock)
