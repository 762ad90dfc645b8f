"""A real Docker sandbox for the offline teacher."""

from collections.abc import Iterator

import pytest

from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image
from codeio_ops.sandbox.pool import DockerSandbox

IMAGE = "codeio-sandbox:latest"


def _quiet(_: str) -> None:
    """Swallow progress."""


@pytest.fixture(scope="session")
def sandbox() -> Iterator[DockerSandbox]:
    """Two containers with hash seed 0."""
    ensure_engine(_quiet)
    ensure_image(IMAGE, _quiet)
    with DockerSandbox.open(IMAGE, workers=2, hash_seed=0) as opened:
        yield opened


@pytest.fixture(scope="session")
def other_sandbox(sandbox: DockerSandbox) -> Iterator[DockerSandbox]:
    """Containers with another hash seed."""
    with DockerSandbox.open(IMAGE, workers=1, hash_seed=7) as opened:
        yield opened
