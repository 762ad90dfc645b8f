"""A Postgres and an S3 of one benchmark alone."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from codeio_ops.local import components, ports, stack
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState
from support.storage import create_template, quiet


@contextmanager
def storage() -> Iterator[tuple[Home, StackState]]:
    """Start them in a home of their own, with a migrated template; remove all at the end."""
    home = Home(Path(tempfile.mkdtemp(prefix="codeio-bench-", dir="/tmp")))
    parts = frozenset({components.Part.POSTGRES, components.Part.S3})
    try:
        started = stack.up(home, parts=parts, say=quiet, user={}, preferred=ports.ANY)
        create_template(started.state)
        yield home, started.state
    finally:
        stack.down(home, say=quiet)
        shutil.rmtree(home.root, ignore_errors=True)
