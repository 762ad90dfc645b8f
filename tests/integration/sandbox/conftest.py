"""A real Docker sandbox, opened once."""

import os
from collections.abc import Iterator

import pytest

from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image
from codeio_ops.sandbox.pool import DockerSandbox

# Another tag keeps a run of the tests off the image that a pipeline uses on this machine.
IMAGE = os.environ.get("CODEIO_SANDBOX_IMAGE", "codeio-sandbox:latest")


@pytest.fixture(scope="session")
def image() -> str:
    """An image built from the files of this checkout."""
    ensure_engine(print)
    ensure_image(IMAGE, print)
    return IMAGE


@pytest.fixture(scope="session")
def sandbox(image: str) -> Iterator[DockerSandbox]:
    """One worker: every test runs in the container that the one before it used."""
    with DockerSandbox.open(image, workers=1, labels={"codeio.test": "1"}) as sandbox:
        yield sandbox
