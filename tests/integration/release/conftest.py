"""A small set of facts, as a pipeline run would leave it, without running one."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import compact
from codeio_ops.reasons import DropReason
from codeio_ops.records import IoPair, ProgramRow, PromptRow, Source
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.contents import release_files
from codeio_ops.release.judgement import PassedRelease, judgement_of
from codeio_ops.release.recipe import Recipe, load_recipe
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.teacher.prompting import (
    PREDICT_TEMPLATES,
    PredictTask,
    predict_prompt,
    template_fingerprint,
)
from codeio_ops.unified_form import Direction
from support.facts import TEACHER, FactBuilder, response_id
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


def as_owner(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement that no role of the platform may, and return its rows."""
    engine = create_engine(settings.owner_database_url.get_secret_value())
    with engine.begin() as link:
        result = link.execute(text(statement))
        rows = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return rows


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
        facts = FactBuilder(writer.run.stage_run_id)
        for number in numbers:
            _program(facts, number)
        writer.write(facts.records)

    def drop(self, number: int, reason: DropReason) -> None:
        """Drop a program at the release stage."""
        facts = FactBuilder(self.writer.run.stage_run_id)
        facts.drop(
            content_id("program", number), stage="release", reason=reason, detail="for a test"
        )
        self.writer.write(facts.records)

    def judge_anew(self, prompt_id: UUID, *, right: bool) -> None:
        """Write the verdict of a later verifier on a first answer."""
        writer = self.writer_of("judge anew")
        facts = FactBuilder(writer.run.stage_run_id)
        facts.verdict(response_id(prompt_id), "correct" if right else "wrong", version="verifier-2")
        writer.write(facts.records)

    def assemble(self, recipe: str | Recipe, *, new_recipe: bool = False) -> Release:
        """Assemble the release of a recipe, which may take the name of another when it is new."""
        return assemble_release(
            load_recipe(recipe) if isinstance(recipe, str) else recipe,
            current={TEACHER},
            store=self.store,
            writer=self.writer,
            new_recipe=new_recipe,
        )

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


def _program(facts: FactBuilder, number: int) -> None:
    code = f"def main(x):\n    return {{'sum': x + {number}}}\n" + "# more\n" * number
    place = number % len(SOURCES)
    program = facts.program(
        facts.file(
            code, source=SOURCES[place], path=PATHS[place].format(number),
            licence=LICENCES[place], author=AUTHORS[place],
        ),
        code,
        program_id=content_id("program", number),
        entry_point="main",
        generator="def input_generator():\n    return {'x': 1}",
        description="x: an integer. The result holds their sum.",
        statement=f"What is the sum of x and {number}?",
    )  # fmt: skip
    for ordinal in range(PAIRS):
        pair = facts.pair(
            program.program_id, {"x": ordinal}, {"sum": ordinal + number}, ordinal=ordinal
        )
        wrong = (number + ordinal) % 3 == 0
        _converse(facts, _ask(facts, program, pair, "output"), pair, wrong=wrong, mended=True)
        _converse(
            facts, _ask(facts, program, pair, "input"), pair, wrong=wrong, mended=ordinal == 0
        )


def _ask(facts: FactBuilder, program: ProgramRow, pair: IoPair, direction: Direction) -> PromptRow:
    task = PredictTask(
        direction=direction,
        problem_statement=program.problem_statement,
        io_description=program.io_description,
        reference_code=program.main_function,
        given=pair.input if direction == "output" else pair.output,
    )
    template = template_fingerprint(PREDICT_TEMPLATES[direction])
    return facts.prompt(pair, direction, body=predict_prompt(task), template=template)


def _converse(
    facts: FactBuilder, prompt: PromptRow, pair: IoPair, *, wrong: bool, mended: bool
) -> None:
    """Answer a prompt, and once more after a wrong answer."""
    for turn, right in enumerate([False, mended] if wrong else [True], start=1):
        truth = pair.output if prompt.direction == "output" else pair.input
        shown = compact({prompt.direction: truth if right else {"sum": -1}})
        response = facts.response(
            prompt, f"We add them, turn {turn}.\n\n```json\n{shown}\n```", turn=turn
        )
        facts.verdict(
            response.response_id, "correct" if right else "wrong", version="verifier-1",
            answer={"x": 0},
        )  # fmt: skip
