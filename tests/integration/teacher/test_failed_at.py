"""What a teacher failed at is its own drop; what a setting decided holds as long as the setting."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text

from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import STAGES
from codeio_ops.reasons import DropReason
from codeio_ops.records import Drop, DropRecord
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.requeue import requeue, take_back_outdated
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply
from codeio_ops.work import Work
from support.facts import TEACHER, FactBuilder
from support.work import work_of

from .test_mixed import PROGRAM

FILES = 3
LONG = 500


@dataclass
class Model:
    """An endpoint that serves what a test says of each model.

    Attributes:
        replies: The reply of each model, by its name.
        asked: How often each model was asked.
    """

    replies: dict[str, Callable[[dict[str, Json]], ScriptedReply]]
    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, body: dict[str, Json]) -> ScriptedReply:
        self.asked[str(body["model"])] += 1
        return self.replies[str(body["model"])](body)


@dataclass
class Bench:
    """Files that wait to be transformed, and models to ask."""

    settings: Settings
    store: Store
    address: str
    model: Model
    tries: int = 0

    def named(self, name: str, **changes: object) -> Settings:
        """Return settings that name a model."""
        return self.settings.replaced(
            {"openai_base_url": self.address, "model": name, "teacher_retries": 0, **changes}
        )

    def work(self, stage: str, settings: Settings) -> Work:
        """Return what another task works with."""
        self.tries += 1
        task = TaskIdentity(dag_id="test", run_id="bench", task_id=stage, try_number=self.tries)
        return work_of(
            settings, self.store, FactWriter(self.store, stage_run(stage, task, settings))
        )

    def transform(self, settings: Settings) -> Counter[str]:
        """Plan the stage and do its shards."""
        stage = STAGES["transform"]
        shards = stage.plan(self.work("transform", settings), least=1)
        done = (stage.do(self.work("transform", settings), shard) for shard in shards)
        return sum(done, Counter())

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        """Run SQL of a test and return its rows."""
        with self.store._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(question))]

    def drops(self) -> dict[str, int]:
        """Count drops by reason."""
        return dict(self.ask("SELECT reason, rows FROM codeio.drop_reason"))


@pytest.fixture
def bench(settings: Settings, store: Store) -> Iterator[Bench]:
    """Return a bench on which files wait."""
    task = TaskIdentity(dag_id="test", run_id="bench", task_id="ingest")
    writer = FactWriter(store, stage_run("ingest", task, settings))
    facts = FactBuilder(writer.run.stage_run_id)
    for number in range(FILES):
        content = f"number = {number}\n"
        [blob] = BlobStore.open(settings).write([content.encode()], stage_run_id=facts.run_id)
        facts.file(content, path=f"{number}.py", blob=blob)
    writer.write(facts.records)
    model = Model(
        {
            "garbage": lambda _: chat_reply("I'd rather talk about the weather."),
            "good": lambda _: chat_reply(PROGRAM),
            "refusing": lambda _: chat_reply("## Refused\n\nimpure: it prints"),
            "wordy": lambda body: chat_reply(
                PROGRAM, finish_reason="stop" if int(str(body["max_tokens"])) >= LONG else "length"
            ),
        }
    )
    with ScriptedEndpoint(model) as endpoint:
        yield Bench(settings=settings, store=store, address=endpoint.base_url, model=model)


def test_another_model_is_asked_at_once_and_the_same_one_not_again(bench: Bench) -> None:
    garbage, good = bench.named("garbage"), bench.named("good")
    assert bench.transform(garbage) == {"bad_format": FILES}
    assert bench.transform(garbage) == {}
    assert bench.transform(good) == {"program": FILES}
    assert bench.drops() == {}, "a file with a program is not dropped"
    assert bench.transform(garbage) == bench.transform(good) == {}
    assert bench.model.asked == {"garbage": FILES, "good": FILES}


def test_a_model_that_comes_back_is_not_paid_for_what_it_failed_at(bench: Bench) -> None:
    for name in ("garbage", "refusing", "garbage"):
        bench.transform(bench.named(name))
    assert bench.model.asked == {"garbage": FILES, "refusing": FILES}


def test_a_refusal_is_of_the_file_until_it_is_taken_back(bench: Bench) -> None:
    assert bench.transform(bench.named("refusing")) == {"refused_impure": FILES}
    assert bench.transform(bench.named("good")) == {}
    assert requeue(bench.store, stage="transform", reason="refused") == FILES
    assert bench.transform(bench.named("good")) == {"program": FILES}


def test_more_tokens_let_what_was_cut_off_be_asked_again(bench: Bench) -> None:
    short = bench.named("wordy", max_tokens=LONG - 1)
    assert bench.transform(short) == {"truncated": FILES}
    assert bench.transform(short) == {}
    assert bench.transform(bench.named("wordy", max_tokens=LONG)) == {"program": FILES}
    assert bench.model.asked == {"wordy": 2 * FILES}


def test_a_reply_that_was_cut_off_is_used_when_it_is_to_be_kept_and_costs_nothing(
    bench: Bench,
) -> None:
    bench.transform(bench.named("wordy", max_tokens=LONG - 1))
    kept = bench.named("wordy", max_tokens=LONG - 1, teacher_truncated="keep")
    assert bench.transform(kept) == {"program": FILES}
    assert bench.model.asked == {"wordy": FILES}


def test_a_file_whose_program_gave_no_pairs_is_given_to_another_model(bench: Bench) -> None:
    good, wordy = bench.named("good"), bench.named("wordy")
    bench.transform(good)
    writer = bench.work("sample", good).writer
    drop = Drop(reason=DropReason.CONSTANT_OUTPUT, detail="one output")
    (first, *_) = bench.ask("SELECT program_id FROM codeio.program ORDER BY program_id")
    writer.write(
        [
            DropRecord.new(
                drop, stage="sample", subject_id=first[0], stage_run_id=writer.run.stage_run_id
            )
        ]
    )
    assert bench.transform(good) == {}
    assert bench.transform(wordy).total() == 1
    assert bench.model.asked == {"good": FILES, "wordy": 1}


def test_a_drop_that_a_setting_decided_is_judged_again_when_it_changes(bench: Bench) -> None:
    settings = bench.named("good")
    bench.transform(settings)
    work = bench.work("sample", settings)
    drop = Drop(reason=DropReason.TOO_FEW_PAIRS, detail="1 pairs")
    ids = [program_id for (program_id,) in bench.ask("SELECT program_id FROM codeio.program")]
    work.writer.write(
        [
            DropRecord.new(
                drop,
                stage="sample",
                subject_id=program_id,
                stage_run_id=work.writer.run.stage_run_id,
                decided_by=drop.decided_by(settings),
            )
            for program_id in ids
        ]
    )
    stage = STAGES["sample"]
    assert stage.count(bench.work("sample", settings)) == 0
    unrelated = settings.replaced({"pairs_per_program": 4})
    assert stage.count(bench.work("sample", unrelated)) == 0
    fewer = settings.replaced({"min_pairs": 1})
    assert stage.count(bench.work("sample", fewer)) == FILES
    assert bench.drops() == {}


def test_an_answer_stays_finished_until_the_revision_tried_again_is_judged(bench: Bench) -> None:
    settings = bench.named("good", revision_policy="none")
    work = bench.work("revise", settings)
    facts = FactBuilder(work.writer.run.stage_run_id)
    program = facts.program(facts.file("file"), "def main_solution(n):\n    return n")
    prompt = facts.prompt(facts.pair(program.program_id, {"n": 1}, 1))
    facts.verdict(facts.response(prompt, "-1").response_id, "wrong")
    drop = Drop(reason=DropReason.POLICY_NONE, detail="CODEIO_REVISION_POLICY is none")
    denied = DropRecord.new(
        drop,
        stage="revise",
        subject_id=prompt.prompt_id,
        stage_run_id=facts.run_id,
        teacher_id=TEACHER,
        decided_by=drop.decided_by(settings),
    )
    work.writer.write([*facts.records, denied])

    def lifted(policy: str) -> int:
        asked = settings.replaced({"revision_policy": policy})
        return take_back_outdated(bench.store, stage="revise", settings=asked, teachers=[TEACHER])

    finished = "SELECT count(*) FROM codeio.finished_conversation"
    assert (lifted("none"), bench.ask(finished)) == (0, [(1,)])
    assert (lifted("one_turn"), bench.ask(finished)) == (1, [(1,)])
    assert bench.ask("SELECT count(*) FROM codeio.pending_revise") == [(1,)]
