"""Watch one forked process until it has answered, run out of time, or ended."""

import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass

from runner.child import Job
from runner.mapping import Mapping, read_into
from runner.replies import PREFIX, Code

_READ_BYTES = 256 << 10
# Replies without a value (an exception's text) need room whatever the output limit is.
_SMALLEST_LIMIT = 8192
_CODES = frozenset(Code)
# After these the process has no more to say, whatever inputs are left.
_LAST = (Code.LOAD_ERROR, Code.MEMORY_LIMIT)
_GUARD_S = 0.02
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

OnReply = Callable[[Code, memoryview, float], None]


@dataclass(frozen=True)
class Post:
    """What the supervisor watches from.

    Attributes:
        host_fd: Hangs up when the host is gone.
        deaths: Can be read once some child has ended.
        memory_bytes: Resident memory that a process may have; None where a cgroup limits it.
    """

    host_fd: int
    deaths: int
    memory_bytes: int | None


class Watch:
    """Reads the replies of one process and holds each of its calls to its time.

    A call's time begins when the reply before it was read. CPU time decides, because it
    does not depend on how busy the machine is; the wall limit only catches waiting.

    Attributes:
        answered: Calls that were answered.
        loaded: Whether the program was loaded.
        wall_s: Wall time of the call that was not answered, once watching has ended.
    """

    def __init__(
        self, pid: int, pipe: int, post: Post, job: Job, calls: int, deadline: float
    ) -> None:
        self.answered = 0
        self.loaded = False
        self.wall_s = 0.0
        self._pid, self._pipe, self._post, self._calls = pid, pipe, post, calls
        self._cpu_s, self._wall_s, self._deadline = job.cpu_s, job.wall_s, deadline
        self._limit = max(job.output_bytes, _SMALLEST_LIMIT)
        self._buffer = Mapping(PREFIX.size + self._limit + _READ_BYTES)
        self._start, self._end = 0, 0
        self._cpu_clock = (~pid << 3) | 2  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
        self._poll = select.poll()
        os.set_blocking(pipe, False)
        self._poll.register(pipe, select.POLLIN)
        self._poll.register(post.deaths, select.POLLIN)
        self._poll.register(post.host_fd, 0)  # no input now, but a hang-up is always reported
        self._restart_clocks()

    def until_end(self, on_reply: OnReply) -> str:
        """Pass on every reply and return why watching ended.

        Returns:
            `done` when the process has no more to answer, `cpu` or `wall` when a call's time is up,
            `memory` when it holds too much of it, `oversize` or `protocol` when a reply cannot be
            genuine, `exit` when the process ended by itself.
        """
        try:
            while True:
                cause = self._step(on_reply)
                if cause:
                    return cause
        finally:
            self.wall_s = time.monotonic() - self._wall_start
            self._buffer.close()

    def _step(self, on_reply: OnReply) -> str | None:
        cpu_left = self._cpu_s - (time.clock_gettime(self._cpu_clock) - self._cpu_start)
        now = time.monotonic()
        wall_left = min(self._wall_s - (now - self._wall_start), self._deadline - now)
        if cpu_left <= 0 or wall_left <= 0:
            return "cpu" if cpu_left <= 0 else "wall"
        if self._holds_too_much():
            return "memory"
        patience_s = min(cpu_left, wall_left, _GUARD_S if self._post.memory_bytes else wall_left)
        events = dict(self._poll.poll(patience_s * 1000 + 1))
        if self._post.host_fd in events:
            os._exit(0)  # the host is gone; without PID 1 the kernel ends the container
        if self._post.deaths in events and self._is_dead():
            return self._read_rest(on_reply)
        if self._pipe in events:
            return self._read_once(on_reply)
        return None

    def _holds_too_much(self) -> bool:
        if self._post.memory_bytes is None:
            return False
        with open(f"/proc/{self._pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES > self._post.memory_bytes

    def _is_dead(self) -> bool:
        """Say whether the process has ended; it is reaped later, with all that it left."""
        os.read(self._post.deaths, _READ_BYTES)
        ended = os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is not None

    def _read_rest(self, on_reply: OnReply) -> str:
        """Read what a dead process left in the pipe."""
        while self._read_chunk():
            cause = self._take_replies(on_reply)
            if cause:
                return cause
        return "exit"

    def _read_once(self, on_reply: OnReply) -> str | None:
        count = self._read_chunk()
        if count == 0:
            # The program closed the pipe. It may still run, and a closed pipe would wake
            # `poll` for ever: wait for its end or its deadline only.
            self._poll.unregister(self._pipe)
        return self._take_replies(on_reply) if count else None

    def _read_chunk(self) -> int | None:
        """Read what fits behind the bytes that wait for the rest of their reply."""
        view, waiting = self._buffer.view, self._end - self._start
        view[:waiting] = view[self._start : self._end]
        self._start, self._end = 0, waiting
        try:
            count = read_into(self._pipe, view[waiting : waiting + _READ_BYTES])
        except BlockingIOError:
            return None
        self._end += count
        return count

    def _take_replies(self, on_reply: OnReply) -> str | None:
        while self._end - self._start >= PREFIX.size:
            code, size = PREFIX.unpack_from(self._buffer.view, self._start)
            if code not in _CODES:
                return "protocol"
            if size > self._limit:
                return "oversize"
            begin = self._start + PREFIX.size
            if self._end < begin + size:
                return None
            self._start = begin + size
            self._accept(Code(code), self._buffer.view[begin : begin + size], on_reply)
            if self.answered == self._calls or code in _LAST:
                return "done"
        return None

    def _accept(self, code: Code, body: memoryview, on_reply: OnReply) -> None:
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
