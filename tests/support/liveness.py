"""Whether a process still runs."""

import psutil


def lives(process: psutil.Process) -> bool:
    """Whether it runs; dead and not yet fetched by process 1 is dead."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
