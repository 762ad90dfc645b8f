"""One chain of facts from a source to a release, whose texts a test may choose."""

from dataclasses import dataclass, field
from uuid import UUID

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id, sha256_hex
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
    StageRun,
    TeacherCall,
    TeacherRow,
    VerdictRow,
)
from codeio_ops.storage.engine import Store, Transaction
from codeio_ops.storage.runs import TaskIdentity, stage_run

RUN = TaskIdentity(dag_id="tests", run_id="manual__2026-01-01T00:00:00+00:00", task_id="task")
RELEASE_ID = content_id("release", "chain")


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The facts of one sample; `number` tells chains apart, `text` stands in every free text."""

    settings: Settings
    number: int = 0
    text: str = "plain"
    verdict: str = "wrong"
    direction: str = "output"
    evidence: object = field(default_factory=dict)

    @property
    def sample_id(self) -> UUID:
        """Id of the sample."""
        return self._id("sample")

    def write(self, store: Store) -> UUID:
        """Insert the chain and return the id of its sample."""
        with store.transaction() as transaction:
            self.insert(transaction)
        return self.sample_id

    def insert(self, transaction: Transaction) -> None:
        """Insert the chain inside a transaction."""
        run = stage_run("answer", RUN, self.settings, image_digest="sha256:" + "0" * 64)
        transaction.insert(self._records(run))

    def _id(self, kind: str) -> UUID:
        return content_id("chain", kind, self.number)

    def _records(self, run: StageRun) -> list[Record]:
        by = {"stage_run_id": run.stage_run_id}
        sha256 = sha256_hex(str(self.number).encode())
        source = Source.new("directory", "/corpus")
        teacher_id, call_id = content_id("teacher", "chain"), self._id("call")
        raw_file_id, program_id = self._id("raw_file"), self._id("program")
        pair = IoPair.new(
            program_id=program_id, ordinal=0, given={"text": self.text}, output=self.text,
            wall_ms=1.5, **by,
        )  # fmt: skip
        prompt_id = self._id("prompt")
        return [
            run,
            source,
                Blob(sha256=sha256, pack_key="p", pack_offset=0, pack_bytes=1, size_bytes=1, **by),
                RawFile(
                    raw_file_id=raw_file_id, blob_sha256=sha256, language="python", size_bytes=1,
                    **by,
                ),
                RawFileOrigin(
                    origin_id=self._id("origin"), raw_file_id=raw_file_id,
                    source_id=source.source_id, version="1", path=f"a/file_{self.number}.py",
                    licence="MIT", **by,
                ),
                TeacherRow(
                    teacher_id=teacher_id, kind="api-model", model="some-model", version="1",
                    endpoint_host="example.org", **by,
                ),
                TeacherCall(
                    teacher_call_id=call_id, teacher_id=teacher_id, purpose="answer",
                    subject_id=prompt_id, template_sha256="t" * 64, parameters={}, outcome="ok",
                    finish_reason="stop", prompt_tokens=100, completion_tokens=20, cost_usd=None,
                    latency_ms=1.0, request_id="", **by,
                ),
                ProgramRow(
                    program_id=program_id, raw_file_id=raw_file_id, language="python",
                    entry_point=f"function_{self.number}", main_function=self.text,
                    input_generator=self.text, io_description=self.text,
                    problem_statement=self.text, provenance={}, teacher_call_id=call_id, **by,
                ),
                pair,
                PromptRow(
                    prompt_id=prompt_id, io_pair_id=pair.io_pair_id, direction=self.direction,
                    template_sha256="t" * 64, body=self.text, **by,
                ),
                *self._answers(prompt_id, teacher_id, call_id, by),
                SampleRow(
                    sample_id=self.sample_id, prompt_id=prompt_id,
                    first_verdict_id=self._id("verdict1"), second_verdict_id=self._id("verdict2"),
                    **by,
                ),
                DropRecord.new(
                    Drop(reason="too_small", detail=self.text), stage="ingest",
                    subject_id=self._id("dropped"), **by,
                ),
                ReleaseRow(
                    release_id=RELEASE_ID, name="chain", version=1, recipe={"name": "chain"},
                    content_sha256="0" * 64, status="candidate", samples=1, **by,
                ),
                ReleaseSample(
                    release_id=RELEASE_ID, sample_id=self.sample_id, split="train"
                ),
                GateResult(
                    gate_result_id=self._id("gate"), release_id=RELEASE_ID, gate="leakage",
                    severity="hard", passed=False, metric="samples that leak", value=1, threshold=0,
                    evidence=self.evidence, **by,
                ),
        ]  # fmt: skip

    def _answers(self, prompt_id: UUID, teacher_id: UUID, call_id: UUID, by: dict) -> list:
        answers = []
        for turn, verdict in ((1, self.verdict), (2, "correct")):
            answers += [
                ResponseRow(
                    response_id=self._id(f"response{turn}"), prompt_id=prompt_id, turn=turn,
                    rollout=0, teacher_id=teacher_id, body=self.text, reasoning="", provenance={},
                    teacher_call_id=call_id, **by,
                ),
                VerdictRow(
                    verdict_id=self._id(f"verdict{turn}"),
                    response_id=self._id(f"response{turn}"), verifier_version="1",
                    verdict=verdict, answer=self.text, produced=None, error_type="",
                    error_message="", feedback=self.text, **by,
                ),
            ]  # fmt: skip
        return answers
