"""`DockerSandbox`: several containers behind the `Sandbox` protocol."""

import logging
import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING

from codeio_ops.errors import ProgramFault, SandboxFault
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox import selfcheck
from codeio_ops.sandbox.address import EngineAddress
from codeio_ops.sandbox.base import Limits, Program, RunResult
from codeio_ops.sandbox.container import MEMORY_MIB, ContainerSpec
from codeio_ops.sandbox.engine import USUAL_ENGINE, connect, require_runtime
from codeio_ops.sandbox.image import ImageFacts, image_facts
from codeio_ops.sandbox.protocol import Job
from codeio_ops.sandbox.runtimes import Runtime, runtime_named
from codeio_ops.sandbox.sweep import sweep_orphans
from codeio_ops.sandbox.worker import Worker

if TYPE_CHECKING:
    from docker import DockerClient

log = logging.getLogger(__name__)

_NO_LABELS: Mapping[str, str] = MappingProxyType({})
_DEFAULT_LIMITS = Limits()
_ATTEMPTS = 2
_ROUNDS = 2


class DockerSandbox:
    """Runs programs in Docker containers, one job at a time in each.

    Safe to call from several threads; a call waits while all workers are busy. Containers
    start when they are first needed, and are replaced after a number of jobs or after
    anything odd.
    """

    def __init__(
        self, client: "DockerClient", spec: ContainerSpec, image: ImageFacts, workers: int
    ) -> None:
        """Use `open` instead, which also proves that the first container is confined."""
        self._client = client
        self._spec = spec
        self._image = image
        self._workers = workers
        self._slots = threading.BoundedSemaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._used_cpu_s = 0.0
        self._closed = False

    @classmethod
    def open(
        cls,
        image: str,
        *,
        workers: int,
        hash_seed: int = 0,
        runtime: str = "runc",
        memory_mib: int = MEMORY_MIB,
        labels: Mapping[str, str] = _NO_LABELS,
        engine: EngineAddress = USUAL_ENGINE,
    ) -> "DockerSandbox":
        """Connect, remove orphans of dead processes, and start and check one container.

        Args:
            image: Reference of an image that `ensure_image` built.
            workers: Containers at most.
            hash_seed: PYTHONHASHSEED of the programs; a second sandbox with another one
                shows which programs depend on it.
            runtime: Container runtime of the engine.
            memory_mib: Memory of each container.
            labels: Labels for the containers, for example of the run and the task.
            engine: The engine that runs them.

        Raises:
            EngineUnavailable: no engine answers.
            ImageMissing: the image is not there, or is not one of ours.
            SandboxUnsafe: a container would not be confined; nothing runs.
            SandboxFault: the engine could not start a container.
        """
        client = connect(engine)
        require_runtime(client, runtime)
        sweep_orphans(client)
        spec = ContainerSpec(
            image=image,
            runtime=runtime,
            hash_seed=hash_seed,
            memory_mib=memory_mib,
            labels=labels,
        )
        sandbox = cls(client, spec, image_facts(client, image), workers)
        sandbox._idle.append(Worker.start(client, spec))
        return sandbox

    @property
    def image_digest(self) -> str:
        """Digest of what the image is built from: the same on every machine.

        The engine's image id is not used for this, because it holds build times.
        """
        return self._image.inputs_digest

    @property
    def image_id(self) -> str:
        """The engine's id of the image in use, on this machine only."""
        return self._image.image_id

    @property
    def runtime(self) -> Runtime:
        """What its container runtime is known to protect from."""
        return runtime_named(self._spec.runtime)

    @property
    def workers(self) -> int:
        """How many jobs run at the same time."""
        return self._workers

    @property
    def cpu_s(self) -> float:
        """CPU seconds used inside the containers that have ended or are idle."""
        with self._lock:
            return self._used_cpu_s + sum(worker.cpu_s for worker in self._idle)

    def run(
        self,
        program: Program,
        inputs: Sequence[Json],
        *,
        limits: Limits = _DEFAULT_LIMITS,
        seed: int = 0,
    ) -> list[RunResult]:
        """Call the program with each input: see `Sandbox.run`.

        Raises:
            ProgramFault: only this program makes the sandbox fail, again and again.
            SandboxFault: the sandbox fails on any program.
            SandboxUnsafe: a new container was not confined.
            NotJson: an input holds a number that is not finite.
            TerminalError: the job is too large, or its language is not in the image.
        """
        if not inputs:
            return []
        [results] = self._run_jobs([Job.prepare(program, inputs, limits, seed)])
        return results

    def run_in_turn(
        self, programs: Sequence[Program], *, limits: Limits = _DEFAULT_LIMITS
    ) -> list[RunResult]:
        """Call each program once, with `{}`, one after the other in the same container.

        Raises:
            ProgramFault: these programs alone make the sandbox fail.
            SandboxFault: the sandbox fails on any program.
        """
        jobs = [Job.prepare(program, [{}], limits, 0) for program in programs]
        return [result for [result] in self._run_jobs(jobs)]

    def _run_jobs(self, jobs: Sequence[Job]) -> list[list[RunResult]]:
        """Run jobs in one container, and find out who is to blame when that fails.

        The canary runs between the rounds: an engine that is down or restarts fails on it
        too, so nothing is said about the program.
        """
        with self._slots:
            for _ in range(_ROUNDS):
                try:
                    return self._run_with_retry(jobs)
                except SandboxFault as fault:
                    last = fault
                self._run_with_retry([Job.prepare(selfcheck.CANARY, [{}], _DEFAULT_LIMITS, 0)])
        raise ProgramFault(f"only this program makes the sandbox fail: {last}") from last

    def _run_with_retry(self, jobs: Sequence[Job]) -> list[list[RunResult]]:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._run_once(jobs)
            except SandboxFault as fault:
                if attempt == _ATTEMPTS:
                    raise
                log.warning("a sandbox failed, trying a new one: %s", fault)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End all containers; a job that still runs ends its own when it is done."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            self._retire(worker)
        self._client.close()

    def __enter__(self) -> "DockerSandbox":
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run_once(self, jobs: Sequence[Job]) -> list[list[RunResult]]:
        worker = self._take()
        try:
            results = [worker.run(job) for job in jobs]
        except BaseException:
            # Whatever it was, the container may be in the middle of a job.
            self._retire(worker)
            raise
        self._give_back(worker)
        return results

    def _take(self) -> Worker:
        with self._lock:
            if self._closed:
                raise SandboxFault("the sandbox is closed")
            if self._idle:
                return self._idle.pop()
        return Worker.start(self._client, self._spec)

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            keep = not (worker.tired or self._closed)
            if keep:
                self._idle.append(worker)
        if not keep:
            self._retire(worker)

    def _retire(self, worker: Worker) -> None:
        with self._lock:
            self._used_cpu_s += worker.cpu_s
        worker.stop()
