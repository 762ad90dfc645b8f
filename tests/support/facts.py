"""Facts of the pipeline for tests, with a default for all that a test does not name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.jsonvalue import Json
from codeio_ops.reasons import DropReason
from codeio_ops.records import (
    Blob,
    Drop,
    DropRecord,
    GateResult,
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
    TreeChange,
    VerdictRow,
)
from codeio_ops.storage.engine import Store, Transaction
from codeio_ops.storage.runs import TaskIdentity, stage_run

CORPUS = Source.new("directory", "/corpus", "MIT")
TEACHER = content_id("teacher", "test")
CHOSEN = ({"id": str(TEACHER), "name": "offline teacher", "share": 1.0},)
RUN = TaskIdentity(dag_id="tests", run_id="manual__2026-01-01T00:00:00+00:00", task_id="task")
RELEASE_ID = content_id("release", "chain")

AnyRecord = TypeVar("AnyRecord", bound=Record)


def response_id(prompt_id: UUID, turn: int = 1) -> UUID:
    """Return the id of the response to a prompt in a turn."""
    return content_id("response", str(prompt_id), turn)


class FactBuilder:
    """Builds the facts of one stage run, each from the one it follows from.

    Attributes:
        records: What was built, in an order that foreign keys allow.
    """

    def __init__(self, run_id: UUID) -> None:
        self.run_id = run_id
        self.records: list[Record] = [
            TeacherRow(
                teacher_id=TEACHER, kind="offline-trace", model="test", version="1",
                endpoint_host="", stage_run_id=run_id,
            ),
        ]  # fmt: skip

    def file(
        self,
        content: str,
        *,
        source: Source = CORPUS,
        path: str = "a.py",
        licence: str = "MIT",
        author: str = "",
        language: str = "python",
        blob: Blob | None = None,
    ) -> RawFile:
        """Build a raw file seen at one place; without `blob` its text lies nowhere."""
        sha256, run_id = sha256_hex(content.encode()), self.run_id
        raw_file_id = RawFile.identify(sha256)
        self._keep(source)
        self._keep(
            blob
            or Blob(
                sha256=sha256, pack_key="p", pack_offset=0, pack_bytes=1, size_bytes=1,
                stage_run_id=run_id,
            )
        )  # fmt: skip
        file = self._keep(
            RawFile(
                raw_file_id=raw_file_id, blob_sha256=sha256, language=language,
                size_bytes=len(content), stage_run_id=run_id,
            )
        )  # fmt: skip
        origin = self._keep(
            RawFileOrigin(
                origin_id=RawFileOrigin.identify(source.source_id, "1", path, sha256),
                raw_file_id=raw_file_id, source_id=source.source_id, version="1", path=path,
                licence=licence, author=author, stage_run_id=run_id,
            )
        )  # fmt: skip
        self.present(origin)
        return file

    def present(self, origin: RawFileOrigin) -> TreeChange:
        """Build what makes a file present; files of one path stand beside each other."""
        return self._keep(
            TreeChange(
                place_id=TreeChange.identify(origin.source_id, str(origin.origin_id), origin.path),
                source_id=origin.source_id, part="", path=origin.path, origin_id=origin.origin_id,
                stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def program(
        self,
        file: RawFile,
        code: str,
        *,
        program_id: UUID | None = None,
        entry_point: str = "main_solution",
        generator: str = "",
        description: str = "x: a number",
        statement: str = "What does the function return?",
    ) -> ProgramRow:
        """Build the program of a file."""
        return self._keep(
            ProgramRow(
                program_id=program_id or content_id("program", str(file.raw_file_id)),
                raw_file_id=file.raw_file_id, language=file.language, entry_point=entry_point,
                main_function=code, input_generator=generator, io_description=description,
                problem_statement=statement, provenance={"kind": "test"},
                teacher_call_id=self._call("transform", file.raw_file_id), stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def pair(self, program_id: UUID, given: Json, output: Json, *, ordinal: int = 0) -> IoPair:
        """Build a pair of a program."""
        return self._keep(
            IoPair.new(
                program_id=program_id, ordinal=ordinal, given=given, output=output, wall_ms=1.0,
                stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def prompt(
        self, pair: IoPair, direction: str = "output", *, body: str = "", template: str = "t"
    ) -> PromptRow:
        """Build the question about one side of a pair."""
        asked = f"Predict the {direction} of pair {pair.ordinal} of program {pair.program_id}."
        return self._keep(
            PromptRow(
                prompt_id=content_id("prompt", str(pair.io_pair_id), direction, template),
                io_pair_id=pair.io_pair_id, direction=direction, template_sha256=template,
                body=body or asked, stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def response(self, prompt: PromptRow, body: str, *, turn: int = 1) -> ResponseRow:
        """Build an answer to a prompt, with its call."""
        call_id = self._call("answer" if turn == 1 else "revise", prompt.prompt_id)
        return self._keep(
            ResponseRow(
                response_id=response_id(prompt.prompt_id, turn), prompt_id=prompt.prompt_id,
                turn=turn, rollout=0, teacher_id=TEACHER, body=body, reasoning="",
                provenance={"kind": "test"}, teacher_call_id=call_id, stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def verdict(
        self,
        response_id: UUID,
        verdict: str = "correct",
        *,
        version: str = "1",
        answer: Json = None,
        feedback: str = "",
    ) -> VerdictRow:
        """Build what execution says of a response."""
        return self._keep(
            VerdictRow(
                verdict_id=content_id("verdict", str(response_id), version),
                response_id=response_id, verifier_version=version, verdict=verdict, answer=answer,
                produced=None, error_type="", error_message="",
                feedback=feedback or f"{verdict.capitalize()}.", stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def sample(
        self, prompt_id: UUID, first: VerdictRow, second: VerdictRow | None = None
    ) -> SampleRow:
        """Build a finished conversation."""
        second_id = second.verdict_id if second else None
        second_key = str(second_id) if second_id else None
        return self._keep(
            SampleRow(
                sample_id=content_id(
                    "sample", str(prompt_id), str(first.verdict_id), second_key
                ),
                prompt_id=prompt_id, first_verdict_id=first.verdict_id,
                second_verdict_id=second_id, stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def drop(
        self, subject_id: UUID, *, stage: str, reason: DropReason, detail: str = ""
    ) -> DropRecord:
        """Build the drop of something at a stage."""
        drop = Drop(reason=reason, detail=detail)
        return self._keep(
            DropRecord.new(drop, stage=stage, subject_id=subject_id, stage_run_id=self.run_id)
        )

    def candidate(self, name: str, splits: Mapping[UUID, str]) -> ReleaseRow:
        """Build a release candidate of samples, each with its split."""
        release = self._keep(
            ReleaseRow(
                release_id=content_id("release", name), name=name, version=1,
                recipe={"name": name}, content_sha256="0" * 64, status="candidate",
                samples=len(splits), teachers=CHOSEN, stage_run_id=self.run_id,
            )
        )  # fmt: skip
        for sample_id, split in splits.items():
            self._keep(
                ReleaseSample(release_id=release.release_id, sample_id=sample_id, split=split)
            )
        return release

    def gate_result(
        self,
        release_id: UUID,
        gate: str,
        *,
        passed: bool = True,
        severity: str = "hard",
        evidence: Json = None,
    ) -> GateResult:
        """Build what a gate measured on a candidate."""
        told = {} if evidence is None else evidence
        return self._keep(
            GateResult(
                gate_result_id=content_id(
                    "gate_result", str(release_id), gate, str(self.run_id), told
                ),
                release_id=release_id, gate=gate, severity=severity, passed=passed,
                metric="planted", value=float(not passed), threshold=0, evidence=told,
                stage_run_id=self.run_id,
            )
        )  # fmt: skip

    def _call(self, purpose: str, subject_id: UUID) -> UUID:
        call_id = content_id("teacher_call", purpose, str(subject_id))
        self._keep(
            TeacherCall(
                teacher_call_id=call_id, teacher_id=TEACHER, purpose=purpose,
                subject_id=subject_id, template_sha256="t", parameters={}, outcome="ok",
                finish_reason="stop", prompt_tokens=100, completion_tokens=10, cost_usd=None,
                latency_ms=1.0, request_id="", stage_run_id=self.run_id,
            )
        )  # fmt: skip
        return call_id

    def _keep(self, record: AnyRecord) -> AnyRecord:
        self.records.append(record)
        return record


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A sample with all its facts, from the source to a candidate whose leakage gate failed.

    `number` tells chains apart, and `text` stands in every free text.
    """

    settings: Settings
    number: int = 0
    text: str = "plain"
    verdict: str = "wrong"
    direction: str = "output"
    evidence: Json = field(default_factory=dict)

    @property
    def sample_id(self) -> UUID:
        """Id of the sample."""
        return self._sample(FactBuilder(UUID(int=0))).sample_id

    def write(self, store: Store) -> UUID:
        """Insert the chain and return the id of its sample."""
        with store.transaction() as transaction:
            self.insert(transaction)
        return self.sample_id

    def insert(self, transaction: Transaction) -> None:
        """Insert the chain inside a transaction."""
        run = stage_run("answer", RUN, self.settings, image_digest="sha256:" + "0" * 64)
        facts = FactBuilder(run.stage_run_id)
        release = facts.candidate("chain", {self._sample(facts).sample_id: "train"})
        dropped = content_id("dropped", self.number)
        facts.drop(dropped, stage="ingest", reason=DropReason.TOO_SMALL, detail=self.text)
        facts.gate_result(release.release_id, "leakage", passed=False, evidence=self.evidence)
        transaction.insert([run, *facts.records])

    def _sample(self, facts: FactBuilder) -> SampleRow:
        name, text = str(self.number), self.text
        program = facts.program(
            facts.file(name, path=f"a/file_{name}.py"), text, entry_point=f"function_{name}",
            generator=text, description=text, statement=text,
        )  # fmt: skip
        pair = facts.pair(program.program_id, {"text": text}, text)
        prompt = facts.prompt(pair, self.direction, body=text)
        first, second = (
            facts.verdict(
                facts.response(prompt, text, turn=turn).response_id, verdict,
                answer=text, feedback=text,
            )
            for turn, verdict in ((1, self.verdict), (2, "correct"))
        )  # fmt: skip
        return facts.sample(prompt.prompt_id, first, second)
