"""PID 1 of the sandbox container: takes one job at a time and cleans up after each.

It never compiles or parses anything a program wrote. A job's process that ends early is
replaced by another one for the inputs that are left. Whatever it cannot handle ends it,
and the kernel then ends everything in the container.
"""

import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
import time
from typing import Any

from runner import facts
from runner.channel import PROTOCOL_VERSION, HostChannel
from runner.child import Cage, Job, make_unreadable, run
from runner.cleanup import Remains, empty, kill_everything
from runner.replies import Code
from runner.seccomp_filter import SeccompFilter
from runner.watch import Post, Watch

_SCRATCH = "/tmp"
# Pseudo-terminals, and what gVisor gives every container.
_DEVICES = ("/dev/ptmx", "/dev/fuse", "/dev/net/tun")


class Supervisor:
    """Runs jobs, each process under a uid of its own.

    With one shared uid a job could set limits on the next one, and RLIMIT_NPROC counts
    processes of a uid across all containers of the machine.
    """

    def __init__(self, host: HostChannel, settings: dict[str, Any], null_fd: int) -> None:
        self._host = host
        self._post = Post(host.fd_in, _hear_of_deaths(), _guarded_bytes(settings))
        self._uids = iter(range(settings["first_uid"], settings["last_uid"] + 1))
        self._oom_kills = facts.oom_kills()
        self._cpu_s = 0.0
        self._cage = Cage(
            _SCRATCH, null_fd, facts.mapped_bytes(), SeccompFilter(), settings["elsewhere"]
        )

    def serve(self) -> None:
        """Answer the host's jobs until it hangs up."""
        while True:
            header, body = self._host.receive()
            self._run(_job(header, body.view))
            body.close()
            self._host.send({"kind": "finished", "id": header["id"], "cpu_ms": self._new_cpu_ms()})
            self._host.flush()

    def _run(self, job: Job) -> None:
        deadline, done = time.monotonic() + job.total_s, 0
        while done < len(job.inputs):
            done = self._run_process(job, done, deadline)

    def _run_process(self, job: Job, first: int, deadline: float) -> int:
        """Run the inputs from `first` in one process; return the first one not dealt with."""
        uid = self._next_uid()
        pid, pipe = self._fork(job, first, uid)
        watch = Watch(pid, pipe, self._post, job, len(job.inputs) - first, deadline)

        def on_reply(code: Code, body: memoryview, wall_s: float) -> None:
            index = first + watch.answered - 1
            head = {"kind": "reply", "id": job.id, "index": index, "code": int(code)}
            self._host.send(head | {"wall_ms": round(wall_s * 1000, 3)}, body)

        cause = watch.until_end(on_reply)
        remains = kill_everything(pid)
        os.close(pipe)
        empty(_SCRATCH, uid)
        reached = first + watch.answered
        spent = time.monotonic() >= deadline
        self._report_end(job, reached, cause, watch, remains, spent)
        if spent or not watch.loaded:
            return len(job.inputs)  # it would fail to load again, the same way
        return reached if cause == "done" else reached + 1

    def _fork(self, job: Job, first: int, uid: int) -> tuple[int, int]:
        reading, writing = os.pipe()
        pid = self._fork_with_parity()
        if pid == 0:
            run(job, first, cage=self._cage, uid=uid, reply_fd=writing)
        os.close(writing)
        return pid, reading

    def _fork_with_parity(self) -> int:
        """Fork a child whose process id is even, or odd elsewhere; return 0 in the child."""
        while True:
            pid = os.fork()
            if pid == 0:
                if os.getpid() % 2 != self._cage.elsewhere:
                    os._exit(0)
                return 0
            if pid % 2 == self._cage.elsewhere:
                return pid
            os.waitpid(pid, 0)

    def _next_uid(self) -> int:
        try:
            return next(self._uids)
        except StopIteration:
            sys.exit("the uids of this container are used up")

    def _report_end(
        self, job: Job, index: int, cause: str, watch: Watch, remains: Remains, spent: bool
    ) -> None:
        killed = os.WIFSIGNALED(remains.status)
        header = {
            "kind": "ended",
            "id": job.id,
            "index": index,
            "cause": cause,
            "loaded": watch.loaded,
            "spent": spent,
            "wall_ms": round(watch.wall_s * 1000, 3),
            "signal": os.WTERMSIG(remains.status) if killed else 0,
            "exit_code": 0 if killed else os.WEXITSTATUS(remains.status),
            "oom_kills": self._new_oom_kills() if killed else 0,
            "extra_processes": remains.extra_processes,
            "cpu_ms": round(remains.cpu_s * 1000, 3),
            "peak_rss_kib": remains.rss_kib,
        }
        self._host.send(header)

    def _new_cpu_ms(self) -> float:
        """Return what this process and its children used since the last job, start included."""
        usages = [
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        before, self._cpu_s = self._cpu_s, sum(u.ru_utime + u.ru_stime for u in usages)
        return round((self._cpu_s - before) * 1000, 3)

    def _new_oom_kills(self) -> int:
        before, self._oom_kills = self._oom_kills, facts.oom_kills()
        return self._oom_kills - before


def _job(header: dict[str, Any], body: memoryview) -> Job:
    """Cut the body into the code and the inputs, which lie end to end in it."""
    parts, start = [], 0
    for size in header["sizes"]:
        parts.append(body[start : start + size])
        start += size
    names = ("id", "language", "entry_point", "seed", "cpu_s", "wall_s", "total_s")
    return Job(
        **{name: header[name] for name in names},
        code=parts[0],
        inputs=parts[1:],
        address_space=header["address_space"],
        output_bytes=header["output_bytes"],
    )


def _take_over_stdio() -> tuple[HostChannel, int]:
    """Move the host's pipes away from 0 and 1, so that nothing prints into a frame."""
    null_fd = os.open("/dev/null", os.O_RDWR)
    channel = HostChannel(os.dup(0), os.dup(1))
    os.dup2(null_fd, 0)
    os.dup2(null_fd, 1)
    return channel, null_fd


def _guarded_bytes(settings: dict[str, Any]) -> int | None:
    """Return the memory that this process must hold jobs to, where no cgroup does."""
    return None if facts.memory_max() else int(settings["memory_bytes"])


def _close_devices() -> None:
    """Let no job open a device that is more than a file; the host's canary tries to."""
    for path in _DEVICES:
        with contextlib.suppress(OSError):
            os.chmod(path, 0)


def _hear_of_deaths() -> int:
    """Return a descriptor that can be read once a child has ended.

    A pidfd would say which one, but gVisor has none.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def main() -> None:
    """Read the settings frame, say hello, serve."""
    # As PID 1, a signal without a handler cannot reach this process from inside.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    host, null_fd = _take_over_stdio()
    make_unreadable()
    _close_devices()
    settings, _ = host.receive()
    if settings["version"] != PROTOCOL_VERSION:
        sys.exit(f"protocol {settings['version']} asked, {PROTOCOL_VERSION} spoken")
    for name in settings["preload"]:
        importlib.import_module(name)
    # Frozen objects are not touched by the collector, so children share their pages.
    gc.collect()
    gc.freeze()
    supervisor = Supervisor(host, settings, null_fd)
    host.send(facts.hello(guarded_bytes=_guarded_bytes(settings)))
    host.flush()
    supervisor.serve()
