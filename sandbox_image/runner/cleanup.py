"""Bring the container back to the state before the job, or say that it cannot be done.

Every failure here is an `OSError` or `LeftBehind` that ends the supervisor, and with it
the container: the host starts a new one.
"""

import os
import signal
from dataclasses import dataclass


class LeftBehind(Exception):
    """A file of a job is still there."""


@dataclass(frozen=True)
class Remains:
    """What was found after a job.

    Attributes:
        status: Wait status of the job's process.
        cpu_s: CPU seconds of that process.
        rss_kib: Its peak resident memory.
        extra_processes: Other processes that had to be reaped; the filters allow none.
    """

    status: int
    cpu_s: float
    rss_kib: int
    extra_processes: int


def kill_everything(pid: int) -> Remains:
    """End every process but this one and reap them all.

    `kill(-1)` from PID 1 reaches the whole namespace in one step, so a fork cannot
    outrun it. A process that cannot be killed keeps this waiting; the host then gives
    the container up.
    """
    status, cpu_s, rss_kib, extra = 0, 0.0, 0, 0
    while True:
        _kill_all()
        try:
            reaped, wait_status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return Remains(status, cpu_s, rss_kib, extra)
        if reaped == pid:
            status, rss_kib = wait_status, usage.ru_maxrss
            cpu_s = usage.ru_utime + usage.ru_stime
        else:
            extra += 1


def _kill_all() -> None:
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return  # nobody is left to kill; zombies may still have to be reaped


def empty(directory: str, uid: int) -> None:
    """Delete all that `uid` left in `directory`, whatever its depth or modes.

    It works as that uid, because this process may not override file permissions.
    Sub-directories move up before they are emptied, so no path grows long.
    """
    if not os.listdir(directory):
        return
    os.setegid(uid)
    os.seteuid(uid)
    os.chdir(directory)
    try:
        _flatten_and_delete()
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.chdir("/")
    if os.listdir(directory):
        raise LeftBehind("a file could not be deleted")


def _flatten_and_delete() -> None:
    moved = 0
    while names := os.listdir("."):
        for name in names:
            if not _delete_file(name):
                moved = _empty_directory(name, moved)
                os.rmdir(name)


def _empty_directory(name: str, moved: int) -> int:
    os.chmod(name, 0o700)
    for inner in os.listdir(name):
        path = os.path.join(name, inner)
        if not _delete_file(path):
            os.chmod(path, 0o700)  # moving a directory rewrites its `..`, which needs write
            moved = _move_up(path, moved)
    return moved


def _move_up(path: str, moved: int) -> int:
    while os.path.lexists(f".moved-{moved}"):
        moved += 1
    os.rename(path, f".moved-{moved}")
    return moved + 1


def _delete_file(path: str) -> bool:
    try:
        os.unlink(path)
    except IsADirectoryError:
        return False
    return True
