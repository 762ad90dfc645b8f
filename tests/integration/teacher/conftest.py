"""A real Docker sandbox for the offline teacher, and rows that wait for one."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.records import (
    Blob,
    IoPair,
    ProgramRow,
    PromptRow,
    RawFile,
    TeacherCall,
    TeacherRow,
)
from codeio_ops.sandbox.engine import ensure_engine
from codeio_ops.sandbox.image import ensure_image
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run

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


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The database of one test."""
    opened = Store.open(settings.database_url.get_secret_value())
    yield opened
    opened.close()


@pytest.fixture
def writer_of(store: Store, settings: Settings) -> Callable[[str, int], FactWriter]:
    """Return a function of stage and try, which gives a writer."""

    def make(stage: str, try_number: int = 1) -> FactWriter:
        task = TaskIdentity(dag_id="test", run_id="run", task_id=stage, try_number=try_number)
        return FactWriter(store, stage_run(stage, task, settings))

    return make


@pytest.fixture
def seed_prompts(writer_of: Callable[[str, int], FactWriter]) -> Callable[[int], list[UUID]]:
    """Return a function that writes prompts waiting for an answer, and gives their ids."""

    def seed(count: int) -> list[UUID]:
        writer = writer_of("prompt", 1)
        run = writer.run.stage_run_id
        sha256 = sha256_hex(b"file")
        raw_file_id = RawFile.identify(sha256)
        call_id, teacher_id = content_id("call", 0), content_id("teacher", 0)
        program_id = content_id("program", 0)
        pairs = [
            IoPair.new(
                program_id=program_id,
                ordinal=number,
                given={"n": number},
                output=number * 2,
                wall_ms=1.0,
                stage_run_id=run,
            )
            for number in range(count)
        ]
        prompts = [
            PromptRow(
                prompt_id=content_id("prompt", number),
                io_pair_id=pair.io_pair_id,
                direction="output",
                template_sha256="t",
                body=f"prompt {number}",
                stage_run_id=run,
            )
            for number, pair in enumerate(pairs)
        ]
        writer.write(
            [
                Blob(
                    sha256=sha256,
                    pack_key="k",
                    pack_offset=0,
                    pack_bytes=1,
                    size_bytes=4,
                    stage_run_id=run,
                ),
                RawFile(
                    raw_file_id=raw_file_id,
                    blob_sha256=sha256,
                    language="python",
                    size_bytes=4,
                    stage_run_id=run,
                ),
                TeacherRow(
                    teacher_id=teacher_id,
                    kind="api-model",
                    model="seed",
                    version="",
                    endpoint_host="",
                    stage_run_id=run,
                ),
                TeacherCall(
                    teacher_call_id=call_id,
                    teacher_id=teacher_id,
                    purpose="transform",
                    subject_id=raw_file_id,
                    template_sha256="t",
                    parameters={},
                    outcome="program",
                    finish_reason="stop",
                    prompt_tokens=0,
                    completion_tokens=0,
                    cost_usd=None,
                    latency_ms=0.0,
                    request_id="",
                    stage_run_id=run,
                ),
                ProgramRow(
                    program_id=program_id,
                    raw_file_id=raw_file_id,
                    language="python",
                    entry_point="main_solution",
                    main_function="def main_solution(n):\n    return 2 * n",
                    input_generator="",
                    io_description="",
                    problem_statement="",
                    provenance={},
                    teacher_call_id=call_id,
                    stage_run_id=run,
                ),
                *pairs,
                *prompts,
            ]
        )
        return [prompt.prompt_id for prompt in prompts]

    return seed
