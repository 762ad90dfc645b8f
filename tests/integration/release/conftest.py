"""A small set of facts, as a pipeline run would leave it, without running one."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.records import (
    Blob,
    Drop,
    DropRecord,
    IoPair,
    ProgramRow,
    PromptRow,
    RawFile,
    RawFileOrigin,
    Record,
    ResponseRow,
    Source,
    TeacherCall,
    TeacherRow,
    VerdictRow,
)
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.contents import release_files
from codeio_ops.release.judgement import PassedRelease, judgement_of
from codeio_ops.release.recipe import Recipe, load_recipe
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.teacher.prompting import (
    predict_input_prompt,
    predict_output_prompt,
    template_fingerprint,
)
from support.judged import passed, published

PROGRAMS = 8
PAIRS = 3
SOURCES = (
    Source.new("directory", "/src/tools"),
    Source.new("jsonl", "/data/rows.jsonl"),
    Source.new("pypi", "algorithms==1.0.1"),
)
PATHS = ("lib/add{}.py", "octocat/maths/add{}.py", "algorithms/add{}.py")
LICENCES = ("MIT", "Apache-2.0", "MIT")
AUTHORS = ("", "", "Ada Lovelace <ada@example.org>, Charles Babbage")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Return a store on a fresh database."""
    opened = Store.open(settings.database_url.get_secret_value())
    yield opened
    opened.close()


@pytest.fixture
def objects(settings: Settings) -> ObjectStore:
    """Return an empty bucket."""
    return ObjectStore.open(settings)


class Facts:
    """Writes facts into one database."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self._settings = settings
        self.writer = self.writer_of("test")

    def writer_of(self, task: str, image_digest: str | None = "sha256:0") -> FactWriter:
        """Return a writer whose facts name the task of this name."""
        identity = TaskIdentity(dag_id="test", run_id="test", task_id=task)
        run = stage_run("sample", identity, self._settings, image_digest=image_digest)
        return FactWriter(self.store, run)

    def write(self, *numbers: int, image_digest: str | None = "sha256:0") -> None:
        """Write programs with `PAIRS` pairs each, answered in both directions.

        Of three pairs in a row one is answered wrongly, and then revised.
        """
        writer = self.writer_of(f"write {numbers}", image_digest)
        run_id = writer.run.stage_run_id
        teacher = TeacherRow(
            teacher_id=content_id("teacher", "scripted"),
            kind="offline-trace",
            model="scripted",
            version="1",
            endpoint_host="",
            stage_run_id=run_id,
        )
        writer.write([*SOURCES, teacher])
        for number in numbers:
            writer.write(_program(number, teacher.teacher_id, run_id))

    def drop(self, number: int, reason: str) -> None:
        """Drop a program at the release stage."""
        run_id = self.writer.run.stage_run_id
        drop = Drop(reason=reason, detail="for a test")
        program_id = content_id("program", number)
        self.writer.write(
            [DropRecord.new(drop, stage="release", subject_id=program_id, stage_run_id=run_id)]
        )

    def judge_anew(self, prompt_id: UUID, *, right: bool) -> None:
        """Write the verdict of a later verifier on a first answer."""
        writer = self.writer_of("judge anew")
        response_id = content_id("response", str(prompt_id), 1)
        run_id = writer.run.stage_run_id
        writer.write([_verdict(response_id, right=right, version="verifier-2", run_id=run_id)])

    def assemble(self, recipe: str | Recipe) -> Release:
        """Assemble the release of a recipe."""
        chosen = load_recipe(recipe) if isinstance(recipe, str) else recipe
        return assemble_release(chosen, store=self.store, writer=self.writer)

    def files(self, release: Release) -> dict[str, bytes]:
        """Return the files of a release."""
        recipe = Recipe.model_validate(release.recipe)
        judgement = judgement_of(self.store, release.release_id)
        return dict(release_files(release, recipe, judgement, self.store))

    def passed(self, release: Release) -> PassedRelease:
        """Let every gate pass a candidate."""
        return passed(release, store=self.store, writer=self.writer)

    def publish(self, release: Release, objects: ObjectStore) -> Release:
        """Let every gate pass a candidate, and publish it."""
        return published(release, store=self.store, writer=self.writer, objects=objects)


@pytest.fixture
def facts(store: Store, settings: Settings) -> Facts:
    """Return eight programs over three sources."""
    written = Facts(store, settings)
    written.write(*range(PROGRAMS))
    return written


def _program(number: int, teacher_id: UUID, run_id: UUID) -> list[Record]:
    code = f"def main(x):\n    return {{'sum': x + {number}}}\n" + "# more\n" * number
    sha256, place = sha256_hex(code.encode()), number % len(SOURCES)
    path, source = PATHS[place].format(number), SOURCES[place]
    raw_file_id = RawFile.identify(sha256)
    call = _call("transform", raw_file_id, teacher_id, run_id)
    program = ProgramRow(
        program_id=content_id("program", number),
        raw_file_id=raw_file_id,
        language="python",
        entry_point="main",
        main_function=code,
        input_generator="def input_generator():\n    return {'x': 1}",
        io_description="x: an integer. The result holds their sum.",
        problem_statement=f"What is the sum of x and {number}?",
        provenance={"kind": "test"},
        teacher_call_id=call.teacher_call_id,
        stage_run_id=run_id,
    )
    records: list[Record] = [
        Blob(sha256=sha256, pack_key="p", pack_offset=0, pack_bytes=1, size_bytes=len(code),
             stage_run_id=run_id),
        RawFile(raw_file_id=raw_file_id, blob_sha256=sha256, language="python",
                size_bytes=len(code), stage_run_id=run_id),
        RawFileOrigin(
            origin_id=RawFileOrigin.identify(source.source_id, "1", path, sha256),
            raw_file_id=raw_file_id, source_id=source.source_id, version="1", path=path,
            licence=LICENCES[place], author=AUTHORS[place], stage_run_id=run_id,
        ),
        call,
        program,
    ]  # fmt: skip
    for ordinal in range(PAIRS):
        records += _pair(program, number, ordinal, teacher_id, run_id)
    return records


def _pair(
    program: ProgramRow, number: int, ordinal: int, teacher_id: UUID, run_id: UUID
) -> list[Record]:
    pair = IoPair.new(
        program_id=program.program_id, ordinal=ordinal, given={"x": ordinal},
        output={"sum": ordinal + number}, wall_ms=1.0, stage_run_id=run_id,
    )  # fmt: skip
    output = _prompt(program, pair, "output", run_id)
    given = _prompt(program, pair, "input", run_id)
    wrong = (number + ordinal) % 3 == 0
    return [
        pair, output, given,
        *_answered(output, pair, teacher_id, run_id, wrong=wrong, mended=True),
        *_answered(given, pair, teacher_id, run_id, wrong=wrong, mended=ordinal == 0),
    ]  # fmt: skip


def _prompt(program: ProgramRow, pair: IoPair, direction: str, run_id: UUID) -> PromptRow:
    parts = {
        "problem_statement": program.problem_statement,
        "io_description": program.io_description,
        "reference_code": program.main_function,
    }
    if direction == "output":
        body = predict_output_prompt(**parts, given_input=pair.input)
        template = template_fingerprint("predict_output")
    else:
        body = predict_input_prompt(**parts, given_output=pair.output)
        template = template_fingerprint("predict_input")
    return PromptRow(
        prompt_id=content_id("prompt", str(pair.io_pair_id), direction, template),
        io_pair_id=pair.io_pair_id,
        direction=direction,
        template_sha256=template,
        body=body,
        stage_run_id=run_id,
    )


def _answered(
    prompt: PromptRow, pair: IoPair, teacher_id: UUID, run_id: UUID, *, wrong: bool, mended: bool
) -> list[Record]:
    records = _turn(prompt, pair, teacher_id, run_id, turn=1, right=not wrong)
    if wrong:
        records += _turn(prompt, pair, teacher_id, run_id, turn=2, right=mended)
    return records


def _turn(
    prompt: PromptRow, pair: IoPair, teacher_id: UUID, run_id: UUID, *, turn: int, right: bool
) -> list[Record]:
    purpose = "answer" if turn == 1 else "revise"
    call = _call(purpose, prompt.prompt_id, teacher_id, run_id)
    truth = pair.output if prompt.direction == "output" else pair.input
    value = truth if right else {"sum": -1}
    shown = str(value).replace("'", '"')
    response = ResponseRow(
        response_id=content_id("response", str(prompt.prompt_id), turn),
        prompt_id=prompt.prompt_id,
        turn=turn,
        rollout=0,
        teacher_id=teacher_id,
        body=f'We add them, turn {turn}.\n\n```json\n{{"{prompt.direction}": {shown}}}\n```',
        reasoning="",
        provenance={"kind": "test"},
        teacher_call_id=call.teacher_call_id,
        stage_run_id=run_id,
    )
    verdict = _verdict(response.response_id, right=right, version="verifier-1", run_id=run_id)
    return [call, response, verdict]


def _verdict(response_id: UUID, *, right: bool, version: str, run_id: UUID) -> VerdictRow:
    return VerdictRow(
        verdict_id=content_id("verdict", str(response_id), version),
        response_id=response_id,
        verifier_version=version,
        verdict="correct" if right else "wrong",
        answer={"x": 0},
        produced=None,
        error_type="",
        error_message="",
        feedback="Correct." if right else "Wrong.",
        stage_run_id=run_id,
    )


def _call(purpose: str, subject_id: UUID, teacher_id: UUID, run_id: UUID) -> TeacherCall:
    return TeacherCall(
        teacher_call_id=content_id("teacher_call", purpose, str(subject_id)),
        teacher_id=teacher_id,
        purpose=purpose,
        subject_id=subject_id,
        template_sha256="0",
        parameters={},
        outcome="ok",
        finish_reason="stop",
        prompt_tokens=100,
        completion_tokens=10,
        cost_usd=None,
        latency_ms=1.0,
        request_id="r",
        stage_run_id=run_id,
    )
