"""A plot to plant candidates in, and the sandboxes of the gates that run programs."""

from collections.abc import Iterator

import pytest

from codeio_ops.config import Settings
from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from support.candidate import Plot


@pytest.fixture(scope="session")
def image() -> str:
    """An image built from the files of this checkout."""
    image = Settings().sandbox_image
    ensure_engine(print)
    ensure_image(image, print)
    return image


@pytest.fixture(scope="session")
def sandbox(image: str) -> Iterator[DockerSandbox]:
    with DockerSandbox.open(image, workers=1, labels={"codeio.test": "1"}) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def auditing(image: str) -> Iterator[DockerSandbox]:
    """A container under another hash seed than that of `sandbox`."""
    with DockerSandbox.open(image, workers=1, hash_seed=2, labels={"codeio.test": "1"}) as sandbox:
        yield sandbox


@pytest.fixture
def plot(settings: Settings) -> Iterator[Plot]:
    """An empty database and bucket; gates that run programs need `with_sandboxes`."""
    store = Store.open(settings.database_url.get_secret_value())
    yield Plot(settings=settings, store=store, objects=ObjectStore.open(settings))
    store.close()


@pytest.fixture
def running_plot(plot: Plot, sandbox: DockerSandbox, auditing: DockerSandbox) -> Plot:
    """A plot whose gates may run programs."""
    plot.sandbox, plot.auditing = sandbox, auditing
    return plot
