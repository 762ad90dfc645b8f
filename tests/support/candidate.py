"""A release candidate written straight into Postgres and S3, sound until a test plants a defect."""

from dataclasses import dataclass, field
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.quality.measurement import GateInputs
from codeio_ops.records import IoPair, PromptRow, RawFile, VerdictRow
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from support.facts import FactBuilder

ADD = "def main_solution(a, b):\n    return {'sum': a + b, 'parts': [a, b]}\n"
WORDS = (
    "def main_solution(text):\n"
    "    counts = {}\n"
    "    for word in text.lower().split():\n"
    "        counts[word] = counts.get(word, 0) + 1\n"
    "    return counts\n"
)

Answered = tuple[PromptRow, VerdictRow]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A program with its pairs, as (input, output), and what surrounds it."""

    code: str
    pairs: tuple[tuple[Json, Json], ...]
    source: str = ""
    licence: str = "MIT"
    split: str = "train"
    statement: str = "What does the function return?"
    turn_1: str = "It follows step by step."
    splits: tuple[str, ...] = ()


def sound() -> list[Planted]:
    """Two programs without a defect, one of them in validation."""
    return [
        Planted(
            code=ADD,
            pairs=(
                ({"a": 1, "b": 2}, {"sum": 3, "parts": [1, 2]}),
                ({"a": 4, "b": 9}, {"sum": 13, "parts": [4, 9]}),
            ),
        ),
        Planted(
            code=WORDS,
            pairs=(({"text": "a b a"}, {"a": 2, "b": 1}), ({"text": "c"}, {"c": 1})),
            split="validation",
        ),
    ]


@dataclass(kw_only=True)
class Plot:
    """A database and a bucket to plant candidates in."""

    settings: Settings
    store: Store
    objects: ObjectStore
    sandbox: Sandbox | None = None
    auditing: Sandbox | None = None
    blobs: BlobStore = field(init=False)
    writer: FactWriter = field(init=False)

    def __post_init__(self) -> None:
        self.blobs = BlobStore(self.objects)
        self.writer = self.new_writer("plant")

    def new_writer(self, task_id: str) -> FactWriter:
        task = TaskIdentity(dag_id="test", run_id="test", task_id=task_id)
        run = stage_run("test", task, self.settings, image_digest="sha256:test")
        return FactWriter(self.store, run)

    def inputs(self, release: Release, *, writer: FactWriter | None = None) -> GateInputs:
        return GateInputs(
            release_id=release.release_id,
            store=self.store,
            objects=self.objects,
            settings=self.settings,
            open_sandbox=lambda: _given(self.sandbox),
            open_auditing_sandbox=lambda: _given(self.auditing),
            writer=writer or self.writer,
        )

    def finished(self, planted: list[Planted]) -> list[list[Answered]]:
        """Write finished conversations, and return them by program."""
        return [self._conversations(item) for item in planted]

    def candidate(self, planted: list[Planted], *, name: str = "codeio_pp") -> Release:
        """Write finished conversations, and a release that holds all of them."""
        facts = FactBuilder(self.writer.run.stage_run_id)
        splits: dict[UUID, str] = {}
        for item, conversations in zip(planted, self.finished(planted), strict=True):
            for number, (prompt, verdict) in enumerate(conversations):
                sample = facts.sample(prompt.prompt_id, verdict)
                splits[sample.sample_id] = item.splits[number] if item.splits else item.split
        release = facts.candidate(name, splits)
        self.writer.write(facts.records)
        return find_release(self.store, release.release_id)

    def raw_file(self, content: str, *, licence: str = "MIT") -> UUID:
        """Write a raw file seen in one source, and return its id."""
        facts = FactBuilder(self.writer.run.stage_run_id)
        file = self._file(facts, content, licence)
        self.writer.write(facts.records)
        return file.raw_file_id

    def _file(self, facts: FactBuilder, content: str, licence: str) -> RawFile:
        [blob] = self.blobs.write([content.encode()], stage_run_id=facts.run_id)
        return facts.file(content, licence=licence, blob=blob)

    def _conversations(self, item: Planted) -> list[Answered]:
        facts = FactBuilder(self.writer.run.stage_run_id)
        file = self._file(facts, item.source or item.code, item.licence)
        program = facts.program(
            file,
            item.code,
            program_id=content_id("program", item.code, str(file.raw_file_id)),
            statement=item.statement,
        )
        answered = [
            _answered(facts, item, facts.pair(program.program_id, given, output, ordinal=ordinal))
            for ordinal, (given, output) in enumerate(item.pairs)
        ]
        self.writer.write(facts.records)
        return answered


def _answered(facts: FactBuilder, item: Planted, pair: IoPair) -> Answered:
    direction = ("output", "input")[pair.ordinal % 2]
    prompt = facts.prompt(pair, direction)
    answer = compact({direction: pair.output if direction == "output" else pair.input})
    response = facts.response(prompt, item.turn_1 and f"{item.turn_1}\n\n```json\n{answer}\n```")
    return prompt, facts.verdict(response.response_id, answer=pair.output)


def _given(sandbox: Sandbox | None) -> Sandbox:
    assert sandbox is not None, "this gate must not open a sandbox"
    return sandbox
