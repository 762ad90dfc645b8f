"""A plot to plant candidates in, and the sandboxes of the gates that run programs."""

import pytest

from codeio_ops.config import Settings
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from support.candidate import Plot


@pytest.fixture
def plot(settings: Settings, store: Store, objects: ObjectStore) -> Plot:
    """An empty database and bucket; gates that run programs need `running_plot`."""
    return Plot(settings=settings, store=store, objects=objects)


@pytest.fixture
def running_plot(plot: Plot, sandbox: DockerSandbox, confirming: DockerSandbox) -> Plot:
    """A plot whose gates may run programs."""
    plot.sandbox, plot.auditing = sandbox, confirming
    return plot
