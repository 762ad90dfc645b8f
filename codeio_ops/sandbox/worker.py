"""One container at work: checked once, then given one job after the other."""

import itertools
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from codeio_ops.errors import SandboxFault, SandboxUnsafe, TerminalError
from codeio_ops.sandbox import failure, selfcheck
from codeio_ops.sandbox.base import Limits, RunResult
from codeio_ops.sandbox.container import Container, ContainerSpec, launch
from codeio_ops.sandbox.protocol import (
    Ended,
    Finished,
    Hello,
    Job,
    Reply,
    encode_settings,
)
from codeio_ops.sandbox.runtimes import runtime_named

if TYPE_CHECKING:
    from docker import DockerClient

# Imported before the first fork, so that no job pays for them: what programs import most.
# Heavier packages would slow every fork by more than they save.
PRELOAD = (
    "bisect",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "itertools",
    "math",
    "numpy.linalg",
    "numpy.random",
    "operator",
    "random",
    "re",
    "statistics",
    "string",
    "typing",
)

_JOBS = 500
_UIDS = 32_768
_FIRST_UID = 1 << 20
_UID_RANGES = 1 << 15
_START_S = 60.0
_SEND_S = 30.0
# Beyond a call's own wall limit: cleaning up, and an engine that is busy.
_GRACE_S = 60.0


class Worker:
    """A container that passed its self-check.

    Attributes:
        tired: It must not get another job: it had its share, or something odd happened.
        hello: What its supervisor said of itself.
        cpu_s: CPU seconds that its supervisor and all its jobs have used.
    """

    def __init__(self, container: Container, hello: Hello) -> None:
        self.hello = hello
        self.tired = False
        self.cpu_s = 0.0
        self._container = container
        self._job_ids = itertools.count(1)
        self._processes = 0

    @classmethod
    def start(cls, client: "DockerClient", spec: ContainerSpec) -> "Worker":
        """Start a container and prove that it is confined.

        Raises:
            SandboxUnsafe: it is not.
            SandboxFault: it does not start or does not speak the protocol.
            ImageMissing: the image is not on this engine.
        """
        runtime = runtime_named(spec.runtime)
        container = launch(client, spec)
        try:
            hello = _greet(container, spec)
            selfcheck.check_hello(hello, spec=spec)
            if runtime.is_inspected:
                selfcheck.check_inspection(container.inspect(), spec=spec)
            worker = cls(container, hello)
            [canary] = worker.run(Job.prepare(selfcheck.CANARY, [{}], Limits(), 0))
            selfcheck.check_canary(canary, runtime=runtime)
        except BaseException:
            container.remove()
            raise
        return worker

    def run(self, job: Job) -> list[RunResult]:
        """Run one job.

        Raises:
            SandboxFault: the container did not answer, or not as agreed; throw it away.
            TerminalError: the image does not know the language.
        """
        language = job.program.language
        if language not in self.hello.languages:
            raise TerminalError(f"the sandbox image cannot run {language}")
        job_id = next(self._job_ids)
        self._container.send(job.frame(job_id), timeout_s=_SEND_S)
        record = _Record(job)
        silence_s = job.limits.cpu_s * job.limits.wall_factor + _GRACE_S
        while True:
            header, body = self._container.receive(timeout_s=silence_s)
            if isinstance(header, Hello) or header.id != job_id:
                raise SandboxFault(f"the supervisor sent a stray {header.kind} frame")
            if isinstance(header, Finished):
                self.cpu_s += header.cpu_ms / 1000
                break
            self._note(header, body, record)
        self.tired = self.tired or job_id >= _JOBS or self._processes >= _UIDS // 2
        return record.complete()

    def stop(self) -> None:
        """End the container."""
        self._container.remove()

    def _note(self, header: Reply | Ended, body: bytes, record: "_Record") -> None:
        if isinstance(header, Reply):
            record.reply(header, body)
            return
        record.end(header)
        self._processes += 1
        self.tired = self.tired or failure.is_odd(header)


class _Record:
    """The results of one job as they come in: each call exactly once, in order."""

    def __init__(self, job: Job) -> None:
        self._calls = job.calls
        self._limits = job.limits
        self._language = job.program.language
        self._results: list[RunResult] = []

    def reply(self, reply: Reply, body: bytes) -> None:
        self._expect(reply.index)
        self._results.append(failure.from_reply(reply, body, self._limits))

    def end(self, ended: Ended) -> None:
        """Note the end of a process: the verdict of a call it cut short, and its costs."""
        if ended.cause == "done":
            self._add_costs(ended)
        else:
            self._expect(ended.index)
            self._results.append(failure.from_end(ended, self._language, self._limits))
        if ended.spent or not ended.loaded:
            self._repeat_last()

    def complete(self) -> list[RunResult]:
        if len(self._results) != self._calls:
            raise SandboxFault(f"{len(self._results)} results for {self._calls} inputs")
        return self._results

    def _expect(self, index: int) -> None:
        if index != len(self._results) or index >= self._calls:
            raise SandboxFault(f"a result for input {index} after {len(self._results)} results")

    def _add_costs(self, ended: Ended) -> None:
        if not self._results:
            raise SandboxFault("a process is done and has answered nothing")
        self._results[-1] = replace(
            self._results[-1], cpu_ms=ended.cpu_ms, peak_rss_kib=ended.peak_rss_kib
        )

    def _repeat_last(self) -> None:
        """Give all inputs left the result of one: loading fails for all alike, as does time."""
        missing = self._calls - len(self._results)
        # Without its costs, so that a sum over results counts no process twice.
        last = replace(self._results[-1], wall_ms=0.0, cpu_ms=None, peak_rss_kib=None)
        self._results.extend([last] * missing)


def _greet(container: Container, spec: ContainerSpec) -> Hello:
    # RLIMIT_NPROC counts a uid's processes over all containers, so each has its own range.
    first_uid = _FIRST_UID + _UIDS * secrets.randbelow(_UID_RANGES)
    settings = encode_settings(
        first_uid=first_uid,
        last_uid=first_uid + _UIDS - 1,
        preload=PRELOAD,
        memory_bytes=spec.memory_bytes,
        elsewhere=spec.surroundings.elsewhere,
    )
    container.send(settings, timeout_s=_SEND_S)
    header, _ = container.receive(timeout_s=_START_S)
    if not isinstance(header, Hello):
        raise SandboxUnsafe(f"the supervisor opened with {header.kind}, not with hello")
    return header
