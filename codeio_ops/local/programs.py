"""Programs that come from a package of Debian, and from no wheel."""

import os
import shutil

from codeio_ops.errors import StackError

PACKAGES = ("redis-server", "pgbouncer")
"""What `codeio up --workers N` needs; each package has the name of its program."""

INSTALL = f"apt-get install --no-install-recommends {' '.join(PACKAGES)}"
# Where Debian puts servers; the PATH of a plain user lacks it.
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"


def missing_programs() -> list[str]:
    """Return those of `PACKAGES` that are not installed."""
    return [name for name in PACKAGES if _path_of(name) is None]


def require_programs() -> None:
    """Make sure that all are there, before anything is begun that would stop half-way.

    Raises:
        StackError: One is not installed.
    """
    if missing := missing_programs():
        raise StackError(
            f"several workers need {' and '.join(missing)}, which this machine lacks",
            cure=f"As root: {INSTALL}. The stack starts its own; Debian's services need not run.",
        )


def program(name: str) -> str:
    """Return the path of one of `PACKAGES`.

    Raises:
        StackError: It is not installed.
    """
    path = _path_of(name)
    if path is None:
        raise StackError(f"{name} is not installed", cure=f"As root: {INSTALL}")
    return path


def _path_of(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_PATH}")
