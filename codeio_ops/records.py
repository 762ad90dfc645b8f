"""The facts of the pipeline as records: one class a table, one attribute a column.

Meaning and units of the columns stand in the database (`sql/README.md`). Ids are derived
from content by the `new` constructors, so that a fact written twice is one row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from codeio_ops.fingerprint import content_id, sha256_hex, value_sha256
from codeio_ops.jsonvalue import Json, storable
from codeio_ops.reasons import DropReason

if TYPE_CHECKING:
    from codeio_ops.config import Settings

JSON_COLUMN: dict[str, Any] = {"json": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A row of `table`; its attributes are the columns that are written."""

    table: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun(Record):
    """One try of one task that wrote something."""

    table: ClassVar[str] = "stage_run"
    stage_run_id: UUID
    stage: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    code_version: str
    settings_sha256: str
    sandbox_image_digest: str | None
    partition_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Record):
    """Where raw files come from."""

    table: ClassVar[str] = "source"
    source_id: UUID
    kind: str
    locator: str
    licence: str
    paused: bool = False
    cursor_value: str = ""
    settings: Json = field(default_factory=dict, metadata=JSON_COLUMN)
    judged_with: str = ""
    judged_at: datetime | None = None

    @classmethod
    def new(cls, kind: str, locator: str, licence: str = "", settings: Json = None) -> "Source":
        """Build the source that `kind` and `locator` identify."""
        return cls(
            source_id=content_id("source", kind, locator),
            kind=kind,
            locator=locator,
            licence=licence,
            settings={} if settings is None else settings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob(Record):
    """Where a text lies in S3."""

    table: ClassVar[str] = "blob"
    sha256: str
    pack_key: str
    pack_offset: int
    pack_bytes: int
    size_bytes: int
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile(Record):
    """A distinct source file that passed the filters."""

    table: ClassVar[str] = "raw_file"
    raw_file_id: UUID
    blob_sha256: str
    language: str
    size_bytes: int
    stage_run_id: UUID

    @staticmethod
    def identify(blob_sha256: str) -> UUID:
        """Return the id of the file with this content."""
        return content_id("raw_file", blob_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFileOrigin(Record):
    """A place where a raw file was seen."""

    table: ClassVar[str] = "raw_file_origin"
    origin_id: UUID
    raw_file_id: UUID
    source_id: UUID
    version: str
    path: str
    licence: str
    author: str = ""
    stage_run_id: UUID
    repository: str = ""

    @staticmethod
    def identify(source_id: UUID, version: str, path: str, sha256: str) -> UUID:
        """Return the id of this content at this place."""
        return content_id("raw_file_origin", str(source_id), version, path, sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginLicence(Record):
    """Another licence that a stored file was found under later."""

    table: ClassVar[str] = "origin_licence"
    origin_id: UUID
    licence: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeChange(Record):
    """What a source shows at a place from now on."""

    table: ClassVar[str] = "tree_change"
    place_id: UUID
    source_id: UUID
    part: str
    path: str
    origin_id: UUID | None
    stage_run_id: UUID

    @staticmethod
    def identify(source_id: UUID, part: str, path: str, number: int = 0) -> UUID:
        """Return the id of the place of the file with this number among those of its path.

        The first 128 bits of a sha256 over lines of text, so that SQL can derive it too.
        """
        lines = f"{source_id}\n{part}\n{path}\n{number}"
        return UUID(hex=sha256_hex(lines.encode())[:32])


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupResult(Record):
    """To which cluster of near-duplicates a raw file or program belongs."""

    table: ClassVar[str] = "dedup_result"
    subject_id: UUID
    spec: str
    subject_kind: str
    code_sha256: str
    shingles: int
    cluster_id: UUID
    matched_id: UUID | None
    similarity: float | None
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupSegment(Record):
    """A Parquet file of band keys."""

    table: ClassVar[str] = "dedup_segment"
    segment_key: str
    subject_kind: str
    spec: str
    rows: int
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherRow(Record):
    """Who writes programs and responses."""

    table: ClassVar[str] = "teacher"
    teacher_id: UUID
    kind: str
    model: str
    version: str
    endpoint_host: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherCall(Record):
    """A request that a teacher answered or refused, with what it cost."""

    table: ClassVar[str] = "teacher_call"
    teacher_call_id: UUID
    teacher_id: UUID
    purpose: str
    subject_id: UUID
    template_sha256: str
    parameters: Json = field(metadata=JSON_COLUMN)
    outcome: str
    finish_reason: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal | None
    latency_ms: float
    request_id: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRow(Record):
    """A raw file in the unified form."""

    table: ClassVar[str] = "program"
    program_id: UUID
    raw_file_id: UUID
    language: str
    entry_point: str
    main_function: str
    input_generator: str
    io_description: str
    problem_statement: str
    provenance: Json = field(metadata=JSON_COLUMN)
    teacher_call_id: UUID
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IoPair(Record):
    """An input with the output the program gave."""

    table: ClassVar[str] = "io_pair"
    io_pair_id: UUID
    program_id: UUID
    ordinal: int
    input: Json = field(metadata=JSON_COLUMN)
    input_sha256: str
    output: Json = field(metadata=JSON_COLUMN)
    output_sha256: str
    wall_ms: float
    stage_run_id: UUID

    @classmethod
    def new(
        cls,
        *,
        program_id: UUID,
        ordinal: int,
        given: Json,
        output: Json,
        wall_ms: float,
        stage_run_id: UUID,
    ) -> "IoPair":
        """Build the pair of `program_id` that `given` identifies."""
        input_sha256 = value_sha256(given)
        return cls(
            io_pair_id=content_id("io_pair", str(program_id), input_sha256),
            program_id=program_id,
            ordinal=ordinal,
            input=given,
            input_sha256=input_sha256,
            output=output,
            output_sha256=value_sha256(output),
            wall_ms=wall_ms,
            stage_run_id=stage_run_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramMeasure(Record):
    """What sampling shows of a program."""

    table: ClassVar[str] = "program_measure"
    program_id: UUID
    calls: int
    outputs: int
    distinct_outputs: int
    constant: bool
    boolean_share: float
    float_share: float
    mean_wall_ms: float
    cpu_ms: float
    peak_rss_kib: int
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxCheck(Record):
    """The hostile programs run against a sandbox image."""

    table: ClassVar[str] = "sandbox_check"
    sandbox_check_id: UUID
    image_digest: str
    programs: int
    escaped: Json = field(metadata=JSON_COLUMN)
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRow(Record):
    """A question about a pair."""

    table: ClassVar[str] = "prompt"
    prompt_id: UUID
    io_pair_id: UUID
    direction: str
    template_sha256: str
    body: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRow(Record):
    """What a teacher answered to a prompt."""

    table: ClassVar[str] = "response"
    response_id: UUID
    prompt_id: UUID
    turn: int
    rollout: int
    teacher_id: UUID
    body: str
    reasoning: str
    provenance: Json = field(metadata=JSON_COLUMN)
    teacher_call_id: UUID
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow(Record):
    """What execution says of a response."""

    table: ClassVar[str] = "verdict"
    verdict_id: UUID
    response_id: UUID
    verifier_version: str
    verdict: str
    answer: Json = field(metadata=JSON_COLUMN)
    produced: Json = field(metadata=JSON_COLUMN)
    error_type: str
    error_message: str
    feedback: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCheck(Record):
    """A pair run again in another sandbox image than the one that drew it."""

    table: ClassVar[str] = "pair_check"
    pair_check_id: UUID
    io_pair_id: UUID
    sandbox_image_digest: str
    outcome: str
    holds: bool
    stage_run_id: UUID

    @classmethod
    def new(
        cls,
        io_pair_id: UUID,
        *,
        sandbox_image_digest: str,
        outcome: str,
        holds: bool,
        stage_run_id: UUID,
    ) -> "PairCheck":
        """Build the check of a pair in an image."""
        return cls(
            pair_check_id=content_id("pair_check", str(io_pair_id), sandbox_image_digest),
            io_pair_id=io_pair_id,
            sandbox_image_digest=sandbox_image_digest,
            outcome=outcome,
            holds=holds,
            stage_run_id=stage_run_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Why something goes no further: a word that can be counted, and the case in detail.

    Attributes:
        reason: What kind of drop it is.
        detail: The case, for people.
        code: The teacher's own word for a refusal, where it gives one.
    """

    reason: DropReason
    detail: str
    code: str = ""

    @property
    def word(self) -> str:
        """What is stored and counted: the reason, and the teacher's own code after it."""
        return f"{self.reason}_{self.code}" if self.code else str(self.reason)

    def decided_by(self, settings: "Settings", teacher_id: UUID | None = None) -> dict[str, Json]:
        """Return what decided it, with the values it had: under other ones it holds no more.

        Args:
            settings: The settings that it was dropped under.
            teacher_id: Who failed, of a row that any teacher may succeed with.
        """
        by = self.reason.by
        if by is None:
            return {}
        decided: dict[str, Json] = settings.model_dump(mode="json", include=set(by.settings))
        if by.teacher and teacher_id:
            decided["teacher"] = str(teacher_id)
        return decided


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRecord(Record):
    """Why a row went no further."""

    table: ClassVar[str] = "drop_record"
    drop_record_id: UUID
    stage: str
    subject_id: UUID
    reason: str
    detail: str
    stage_run_id: UUID
    source_id: UUID | None = None
    teacher_id: UUID | None = None
    decided_by: Mapping[str, Json] = field(default_factory=dict, metadata=JSON_COLUMN)
    content_sha256: str | None = None
    licence: str | None = None

    @classmethod
    def new(
        cls,
        drop: Drop,
        *,
        stage: str,
        subject_id: UUID,
        stage_run_id: UUID,
        source_id: UUID | None = None,
        teacher_id: UUID | None = None,
        decided_by: Mapping[str, Json] | None = None,
    ) -> "DropRecord":
        """Build the one drop that a stage may record for a subject; one of each teacher it asks."""
        by = () if teacher_id is None else (str(teacher_id),)
        return cls(
            drop_record_id=content_id("drop_record", stage, str(subject_id), *by),
            stage=stage,
            subject_id=subject_id,
            reason=drop.word,
            detail=storable(drop.detail)[:2000],
            stage_run_id=stage_run_id,
            source_id=source_id,
            teacher_id=teacher_id,
            decided_by=decided_by or {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow(Record):
    """A finished conversation."""

    table: ClassVar[str] = "sample"
    sample_id: UUID
    prompt_id: UUID
    first_verdict_id: UUID
    second_verdict_id: UUID | None
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleContent(Record):
    """What a sample says, as a hash."""

    table: ClassVar[str] = "sample_content"
    sample_id: UUID
    definition_id: UUID
    text_sha256: bytes
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMeasure(Record):
    """What is checked of the texts of a sample."""

    table: ClassVar[str] = "sample_measure"
    sample_id: UUID
    definition_id: UUID
    prompt_sha256: bytes
    prompt_chars: int
    turn_1_chars: int
    feedback_1_chars: int
    turn_2_chars: int
    feedback_2_chars: int
    answer_chars: int
    input_fault: str | None
    output_fault: str | None
    answer_fault: str | None
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow(Record):
    """A version of the dataset."""

    table: ClassVar[str] = "release"
    release_id: UUID
    name: str
    version: int
    recipe: Json = field(metadata=JSON_COLUMN)
    content_sha256: str
    status: str
    samples: int
    funnel: Json = field(default_factory=list, metadata=JSON_COLUMN)
    teachers: Sequence[Mapping[str, object]] = field(default=(), metadata=JSON_COLUMN)
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSample(Record):
    """A sample of a release."""

    table: ClassVar[str] = "release_sample"
    release_id: UUID
    sample_id: UUID
    split: str
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLeftOut(Record):
    """A sample that a release leaves out."""

    table: ClassVar[str] = "release_left_out"
    release_id: UUID
    sample_id: UUID
    reason: str
    detail: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult(Record):
    """What a gate measured on a release candidate."""

    table: ClassVar[str] = "gate_result"
    gate_result_id: UUID
    release_id: UUID
    gate: str
    passed: bool
    metric: str
    value: float
    threshold: float
    evidence: Json = field(metadata=JSON_COLUMN)
    severity: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOverride(Record):
    """What a person decided about a soft gate that failed."""

    table: ClassVar[str] = "gate_override"
    gate_override_id: UUID
    gate_result_id: UUID
    approved: bool
    decided_by: str
    decided_at: datetime
    reason: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkIndexRow(Record):
    """A benchmark that releases must not leak, and where its index lies."""

    table: ClassVar[str] = "benchmark_index"
    benchmark_index_id: UUID
    name: str
    definition: str
    origin: str
    items: int
    unscannable: int
    grams: int
    object_key: str
    object_sha256: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkUse(Record):
    """Which index of a benchmark is in use from now on; None takes the benchmark out."""

    table: ClassVar[str] = "benchmark_use"
    name: str
    benchmark_index_id: UUID | None
    meant: bool
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakScan(Record):
    """A raw file that was scanned for a benchmark."""

    table: ClassVar[str] = "leak_scan"
    raw_file_id: UUID
    benchmark_index_id: UUID
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakHit(Record):
    """A benchmark item and a training text that share words."""

    table: ClassVar[str] = "leak_hit"
    leak_hit_id: UUID
    subject_kind: str
    subject_id: UUID
    benchmark_index_id: UUID
    item: str
    paper_any13: bool
    any13: bool
    leak: bool
    rules: Json = field(metadata=JSON_COLUMN)
    evidence: Json = field(metadata=JSON_COLUMN)
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeRow(Record):
    """A part of a gate that judges row by row, in one version."""

    table: ClassVar[str] = "judge"
    judge_id: UUID
    name: str
    version: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanConversation(Record):
    """A conversation in which a judge found nothing."""

    table: ClassVar[str] = "clean_conversation"
    judge_id: UUID
    first_verdict_id: UUID
    last_verdict_id: UUID
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedPair(Record):
    """A pair that a judge ran, and with which nothing was wrong."""

    table: ClassVar[str] = "passed_pair"
    judge_id: UUID
    io_pair_id: UUID
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown(Record):
    """What must not be in any later release."""

    table: ClassVar[str] = "takedown"
    takedown_id: UUID
    kind: str
    value: str
    reason: str
    stage_run_id: UUID
    place_kind: str = ""
    place: str = ""

    @classmethod
    def new(
        cls,
        kind: str,
        value: str,
        *,
        reason: str,
        stage_run_id: UUID,
        place_kind: str = "",
        place: str = "",
        times_undone: int = 0,
    ) -> "Takedown":
        """Build the takedown of what was taken down and undone `times_undone` times before."""
        more = (place_kind, place, times_undone) if place or times_undone else ()
        return cls(
            takedown_id=content_id("takedown", kind, value, *more),
            kind=kind,
            value=value,
            reason=reason,
            stage_run_id=stage_run_id,
            place_kind=place_kind,
            place=place,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownUndo(Record):
    """A takedown that no longer holds."""

    table: ClassVar[str] = "takedown_undo"
    takedown_id: UUID
    reason: str
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailure(Record):
    """Why a try of a task failed, and what to do about it."""

    table: ClassVar[str] = "task_failure"
    task_failure_id: UUID
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    error: str
    cause: str
    cure: str
    final: bool
