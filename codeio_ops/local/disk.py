"""How much space is left where the state lies."""

import shutil
from pathlib import Path

MIN_FREE_GIB = 5


def free_gib(directory: Path) -> float:
    """Return the free space at a directory, which may not exist yet."""
    return shutil.disk_usage(_existing(directory)).free / 2**30


def shortage(directory: Path) -> str:
    """Say that too little space is left; empty when enough is."""
    free = free_gib(directory)
    if free >= MIN_FREE_GIB:
        return ""
    return f"{free:.1f} GiB free at {_existing(directory)}; {MIN_FREE_GIB} are wanted"


def _existing(directory: Path) -> Path:
    return next(path for path in (directory, *directory.parents) if path.exists())
