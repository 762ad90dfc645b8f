"""A release candidate written straight into Postgres and S3, sound until a test plants a defect."""

from dataclasses import dataclass, field
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.jsonvalue import Json, compact
from codeio_ops.quality.measurement import GateInputs
from codeio_ops.records import (
    IoPair,
    ProgramRow,
    PromptRow,
    RawFile,
    RawFileOrigin,
    Record,
    ReleaseRow,
    ReleaseSample,
    ResponseRow,
    SampleRow,
    Source,
    TeacherCall,
    TeacherRow,
    VerdictRow,
)
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run

ADD = "def main_solution(a, b):\n    return {'sum': a + b, 'parts': [a, b]}\n"
WORDS = (
    "def main_solution(text):\n"
    "    counts = {}\n"
    "    for word in text.lower().split():\n"
    "        counts[word] = counts.get(word, 0) + 1\n"
    "    return counts\n"
)


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
    writer: FactWriter = field(init=False)

    def __post_init__(self) -> None:
        self.writer = self.new_writer("plant")

    def new_writer(self, task_id: str) -> FactWriter:
        task = TaskIdentity(dag_id="test", run_id="test", task_id=task_id)
        run = stage_run("test", task, self.settings, image_digest="sha256:test")
        return FactWriter(self.store, run)

    def inputs(self, release: Release) -> GateInputs:
        return GateInputs(
            release_id=release.release_id,
            store=self.store,
            objects=self.objects,
            settings=self.settings,
            open_sandbox=lambda: _given(self.sandbox),
            open_auditing_sandbox=lambda: _given(self.auditing),
        )

    def finished(self, planted: list[Planted]) -> list[list[tuple[UUID, UUID]]]:
        """Write finished conversations; return (prompt, verdict) of each pair by program."""
        return [self._conversations(item) for item in planted]

    def candidate(self, planted: list[Planted], *, name: str = "codeio_pp") -> Release:
        """Write finished conversations, and a release that holds all of them."""
        records: list[Record] = []
        members: list[ReleaseSample] = []
        release_id = content_id("release", name, "planted")
        for item, conversations in zip(planted, self.finished(planted), strict=True):
            for number, (prompt_id, verdict_id) in enumerate(conversations):
                sample_id = content_id("sample", str(prompt_id), str(verdict_id), None)
                records.append(
                    SampleRow(
                        sample_id=sample_id,
                        prompt_id=prompt_id,
                        first_verdict_id=verdict_id,
                        second_verdict_id=None,
                        stage_run_id=self.writer.run.stage_run_id,
                    )
                )
                split = item.splits[number] if item.splits else item.split
                members.append(
                    ReleaseSample(release_id=release_id, sample_id=sample_id, split=split)
                )
        release = ReleaseRow(
            release_id=release_id,
            name=name,
            version=1,
            recipe={"name": name},
            content_sha256="planted",
            status="candidate",
            samples=len(members),
            stage_run_id=self.writer.run.stage_run_id,
        )
        self.writer.write([*records, release, *members])
        return find_release(self.store, release_id)

    def raw_file(self, content: str, *, licence: str = "MIT") -> UUID:
        """Write a raw file seen in one source, and return its id."""
        run_id = self.writer.run.stage_run_id
        source = Source.new("directory", "/planted", "MIT")
        with self.store.transaction() as transaction:
            transaction.execute(
                "ingest.add_source",
                source_id=source.source_id,
                kind=source.kind,
                locator=source.locator,
                licence=source.licence,
                settings="{}",
            )
        sha256 = sha256_hex(content.encode())
        raw_file_id = RawFile.identify(sha256)
        blobs = BlobStore(self.objects).write([content.encode()], stage_run_id=run_id)
        file = RawFile(
            raw_file_id=raw_file_id,
            blob_sha256=sha256,
            language="python",
            size_bytes=len(content),
            stage_run_id=run_id,
        )
        origin = RawFileOrigin(
            origin_id=RawFileOrigin.identify(source.source_id, "1", "a.py", sha256),
            raw_file_id=raw_file_id,
            source_id=source.source_id,
            version="1",
            path="a.py",
            licence=licence,
            stage_run_id=run_id,
        )
        self.writer.write([*blobs, file, origin])
        return raw_file_id

    def _conversations(self, item: Planted) -> list[tuple[UUID, UUID]]:
        raw_file_id = self.raw_file(item.source or item.code, licence=item.licence)
        run_id = self.writer.run.stage_run_id
        teacher = TeacherRow(
            teacher_id=content_id("teacher", "test"), kind="offline-trace", model="test",
            version="1", endpoint_host="", stage_run_id=run_id,
        )  # fmt: skip
        call = self._call("transform", raw_file_id, teacher)
        program = ProgramRow(
            program_id=content_id("program", item.code, str(raw_file_id)),
            raw_file_id=raw_file_id,
            language="python",
            entry_point="main_solution",
            main_function=item.code,
            input_generator="",
            io_description="As named.",
            problem_statement=item.statement,
            provenance={},
            teacher_call_id=call.teacher_call_id,
            stage_run_id=run_id,
        )
        self.writer.write([teacher, call, program])
        return [
            self._conversation(item, program.program_id, teacher, ordinal, given, output)
            for ordinal, (given, output) in enumerate(item.pairs)
        ]

    def _conversation(
        self,
        item: Planted,
        program_id: UUID,
        teacher: TeacherRow,
        ordinal: int,
        given: Json,
        output: Json,
    ) -> tuple[UUID, UUID]:
        run_id = self.writer.run.stage_run_id
        pair = IoPair.new(
            program_id=program_id, ordinal=ordinal, given=given, output=output, wall_ms=1.0,
            stage_run_id=run_id,
        )  # fmt: skip
        direction = ("output", "input")[ordinal % 2]
        answer = compact({direction: output if direction == "output" else given})
        prompt = PromptRow(
            prompt_id=content_id("prompt", str(pair.io_pair_id)),
            io_pair_id=pair.io_pair_id,
            direction=direction,
            template_sha256="t",
            body=f"Predict the {direction} of pair {ordinal} of program {program_id}.",
            stage_run_id=run_id,
        )
        call = self._call("answer", prompt.prompt_id, teacher)
        response = ResponseRow(
            response_id=content_id("response", str(prompt.prompt_id)),
            prompt_id=prompt.prompt_id,
            turn=1,
            rollout=0,
            teacher_id=teacher.teacher_id,
            body=item.turn_1 and f"{item.turn_1}\n\n```json\n{answer}\n```",
            reasoning="",
            provenance={},
            teacher_call_id=call.teacher_call_id,
            stage_run_id=run_id,
        )
        verdict = VerdictRow(
            verdict_id=content_id("verdict", str(response.response_id), "1"),
            response_id=response.response_id,
            verifier_version="1",
            verdict="correct",
            answer=output,
            produced=None,
            error_type="",
            error_message="",
            feedback="Your output is correct.",
            stage_run_id=run_id,
        )
        self.writer.write([pair, prompt, call, response, verdict])
        return prompt.prompt_id, verdict.verdict_id

    def _call(self, purpose: str, subject_id: UUID, teacher: TeacherRow) -> TeacherCall:
        return TeacherCall(
            teacher_call_id=content_id("teacher_call", purpose, str(subject_id)),
            teacher_id=teacher.teacher_id,
            purpose=purpose,
            subject_id=subject_id,
            template_sha256="t",
            parameters={},
            outcome="ok",
            finish_reason="stop",
            prompt_tokens=1,
            completion_tokens=1,
            cost_usd=None,
            latency_ms=1.0,
            request_id="",
            stage_run_id=self.writer.run.stage_run_id,
        )


def _given(sandbox: Sandbox | None) -> Sandbox:
    assert sandbox is not None, "this gate must not open a sandbox"
    return sandbox
