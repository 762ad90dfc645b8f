"""Rows that wait for a teacher."""

from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from support.facts import FactBuilder


@pytest.fixture
def writer_of(store: Store, settings: Settings) -> Callable[[str, int], FactWriter]:
    """Return a function of stage and try, which gives a writer."""

    def make(stage: str, try_number: int = 1) -> FactWriter:
        task = TaskIdentity(dag_id="test", run_id="run", task_id=stage, try_number=try_number)
        return FactWriter(store, stage_run(stage, task, settings))

    return make


@pytest.fixture
def seed_prompts(writer_of: Callable[[str, int], FactWriter]) -> Callable[..., list[UUID]]:
    """Return a function that writes prompts waiting for an answer, and gives their ids."""

    def seed(count: int, try_number: int = 1) -> list[UUID]:
        writer = writer_of("prompt", try_number)
        facts = FactBuilder(writer.run.stage_run_id)
        program = facts.program(
            facts.file("file"),
            "def main_solution(n):\n    return 2 * n",
            program_id=content_id("program", 0),
        )
        pairs = [
            facts.pair(program.program_id, {"n": number}, number * 2, ordinal=number)
            for number in range(count)
        ]
        prompts = [facts.prompt(pair, body=f"prompt {pair.ordinal}") for pair in pairs]
        writer.write(facts.records)
        return [prompt.prompt_id for prompt in prompts]

    return seed


@pytest.fixture
def seed_files(
    settings: Settings, writer_of: Callable[[str, int], FactWriter]
) -> Callable[[Sequence[str]], None]:
    """Return a function that writes files which wait to be transformed."""

    def seed(texts: Sequence[str]) -> None:
        writer = writer_of("ingest", 1)
        facts = FactBuilder(writer.run.stage_run_id)
        blobs = BlobStore.open(settings).write(map(str.encode, texts), stage_run_id=facts.run_id)
        for text, blob in zip(texts, blobs, strict=True):
            facts.file(text, blob=blob)
        writer.write(facts.records)

    return seed
