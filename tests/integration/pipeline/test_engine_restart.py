"""The Docker engine dies in the middle of a shard: the retry finishes it, and nothing is double."""

import gc
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from codeio_ops.errors import SandboxFault
from codeio_ops.sandbox.pool import DockerSandbox
from support.private_engine import PrivateEngine
from support.road import CORPUS, Road

PAIRS = "SELECT io_pair_id, ordinal, output_sha256 FROM codeio.io_pair ORDER BY 1"
DROPS = (
    "SELECT subject_id, reason FROM codeio.drop_record WHERE stage = 'sample' ORDER BY subject_id"
)


@pytest.fixture
def engine(
    image: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[PrivateEngine]:
    """An engine of this test's own, with the image; what is opened from here on uses it."""
    if os.environ.get("DOCKER_HOST") or os.geteuid() or not shutil.which("dockerd"):
        pytest.skip("needs root and a local dockerd, to start one more")
    engine = PrivateEngine(tmp_path_factory.mktemp("engine"))
    engine.start()
    try:
        engine.copy_image(image)
        monkeypatch.setenv("DOCKER_HOST", engine.url)
        yield engine
    finally:
        engine.remove()
        gc.collect()  # the SDK leaves a socket to the collector when no engine listens


def before_call(number: int, of: Callable[..., Any], act: Callable[[], None]) -> Callable[..., Any]:
    """Wrap a method so that something happens before one of its calls."""
    calls = itertools.count(1)

    def counted(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == number:
            act()
        return of(*args, **kwargs)

    return counted


def sample(road: Road, prepare: Callable[[DockerSandbox], None] = lambda _: None) -> None:
    """Run the stage as a task does: with containers that it opens and ends."""
    with ExitStack() as opened:
        image = road.settings.sandbox_image
        sandbox = opened.enter_context(DockerSandbox.open(image, workers=1))
        confirming = opened.enter_context(DockerSandbox.open(image, workers=1, hash_seed=1))
        prepare(sandbox)
        road.with_parts(sandbox=sandbox, confirming=confirming).do("sample")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(600)
def test_a_shard_whose_engine_was_killed_is_finished_by_the_retry(
    engine: PrivateEngine, empty_road: Road, finished_road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_road.add(f"directory:{CORPUS}")
    before = itertools.takewhile(lambda name: not name.endswith(".sample"), empty_road.tasks())
    for task in before:
        empty_road.tasks()[task]()
    programs = empty_road.rows("program")

    # Undone at once: a sandbox that is kept leaves its sockets to a later test.
    with monkeypatch.context() as patch, pytest.raises(SandboxFault):
        sample(
            empty_road,
            lambda sandbox: patch.setattr(
                sandbox, "run", before_call(programs, sandbox.run, engine.kill)
            ),
        )
    assert 0 < len(empty_road.ask(PAIRS)) < len(finished_road.ask(PAIRS))
    engine.start()
    sample(empty_road)
    assert empty_road.ask(PAIRS) == finished_road.ask(PAIRS)
    assert empty_road.ask(DROPS) == finished_road.ask(DROPS)
    assert engine.containers() == []
