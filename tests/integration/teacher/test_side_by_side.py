"""Several teachers on one set of prompts: each row says whose it is, and nothing is paid twice."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import text

from codeio_ops.asking.estimate import estimate
from codeio_ops.config import Settings
from codeio_ops.errors import NothingToRelease, TeacherRefused
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import STAGES
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.recipe import Recipe
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.storage.shards import Shard, whole_range
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply, error_reply
from codeio_ops.work import Work
from support.work import work_of

Seed = Callable[..., list[UUID]]
NO_SANDBOX = cast(Sandbox, None)  # predicted outputs are compared, never run
PROMPTS = 12


@dataclass
class Model:
    """A scripted model that answers every third prompt wrongly, until its key is revoked.

    Attributes:
        asked: How often each conversation was sent.
        key_holds_for: Requests until every later one is refused.
    """

    asked: Counter[str] = field(default_factory=Counter)
    key_holds_for: int = 1_000

    def __call__(self, body: dict[str, Json]) -> ScriptedReply:
        if self.key_holds_for == 0:
            return error_reply(401)
        self.key_holds_for -= 1
        messages = cast("list[dict[str, str]]", body["messages"])
        self.asked[json.dumps(messages)] += 1
        number = int(messages[0]["content"].removeprefix("prompt "))
        is_wrong = number % 3 == 0 and len(messages) == 1
        return chat_reply(json.dumps({"output": -1 if is_wrong else 2 * number}))


@dataclass
class Bench:
    """The stages from answer on, for whatever teacher is named."""

    settings: Settings
    store: Store
    stack: ExitStack
    tries: int = 0

    def serve(self, model: Model) -> str:
        """Serve a model, and return its address."""
        return self.stack.enter_context(ScriptedEndpoint(model)).base_url

    def named(self, address: str, name: str = "m", **changes: object) -> Settings:
        """Return settings that name a model at an address."""
        return self.settings.replaced(
            {
                "openai_base_url": address,
                "model": name,
                "shard_rows": PROMPTS // 2,
                "teacher_concurrency": 1,
                "teacher_retries": 0,
                **changes,
            }
        )

    def work(self, stage: str, settings: Settings) -> Work:
        """Return what a task of the run works with."""
        self.tries += 1
        task = TaskIdentity(dag_id="test", run_id="bench", task_id=stage, try_number=self.tries)
        writer = FactWriter(self.store, stage_run(stage, task, settings))
        return work_of(settings, self.store, writer, sandbox=NO_SANDBOX)

    def plan(self, stage: str, settings: Settings) -> list[Shard]:
        """Cut what waits for a stage, as the plan task does."""
        return STAGES[stage].plan(self.work(stage, settings), least=2)

    def do(self, stage: str, settings: Settings) -> Counter[str]:
        """Plan a stage and do its shards."""
        shards = self.plan(stage, settings)
        done = (STAGES[stage].do(self.work(stage, settings), shard) for shard in shards)
        return sum(done, Counter())

    def converse(self, settings: Settings) -> int:
        """Answer, judge, revise and judge; return the answers that came."""
        answered = self.do("answer", settings)["answered"]
        for stage in ("verify", "revise", "verify"):
            self.do(stage, settings)
        return answered

    def waiting(self, settings: Settings) -> int:
        """Return how many answers a preview says will be asked for."""
        work = self.work("answer", settings)
        return estimate(STAGES["answer"].sizes_of([whole_range()], work), work).requests

    def release(self, settings: Settings, **recipe: object) -> Release:
        """Assemble the release of the teacher that is named."""
        current = {Endpoint.chosen(settings).identity().teacher_id}
        release = assemble_release(
            Recipe.model_validate(recipe), current=current, store=self.store,
            writer=self.work("promote", settings).writer,
        )  # fmt: skip
        with self.store.transaction() as transaction:
            assert not transaction.offenders("mixed_teachers", release_id=release.release_id)
        return release

    def authors(self) -> dict[str, int]:
        """Return how many responses each teacher wrote, by name; calls must say the same."""
        rows = self.ask(
            "SELECT codeio.teacher_name(teacher), count(*) FROM codeio.response "
            "INNER JOIN codeio.teacher USING (teacher_id) INNER JOIN codeio.teacher_call "
            "USING (teacher_call_id, teacher_id) GROUP BY teacher.teacher_id"
        )
        ((written, _),) = self.ask("SELECT count(*) FROM codeio.response")
        assert sum(count for _, count in rows) == written
        return dict(rows)

    def ask(self, question: str) -> list[tuple[Any, Any]]:
        """Run SQL of a test and return its rows."""
        with self.store._engine.connect() as connection:
            return [(row[0], row[-1]) for row in connection.execute(text(question))]


@pytest.fixture
def bench(settings: Settings, store: Store, seed_prompts: Seed) -> Iterator[Bench]:
    """Return a bench on which prompts wait."""
    seed_prompts(PROMPTS)
    with ExitStack() as stack:
        yield Bench(settings=settings, store=store, stack=stack)


def test_two_models_of_one_name_at_two_addresses_are_two_teachers(bench: Bench) -> None:
    models = [Model(), Model()]
    named = [bench.named(bench.serve(model)) for model in models]
    assert [bench.converse(settings) for settings in named] == [PROMPTS, PROMPTS]
    hosts = [Endpoint.chosen(settings).identity().name for settings in named]
    assert bench.authors() == dict.fromkeys(hosts, PROMPTS + PROMPTS // 3)
    for model in models:
        assert set(model.asked.values()) == {1}
    releases = [bench.release(settings) for settings in named]
    assert [release.samples for release in releases] == [PROMPTS, PROMPTS]
    assert len({release.name for release in releases}) == 2
    assert [release.teachers[0]["name"] for release in releases] == hosts
    both = bench.release(named[0], teachers="any")
    assert (both.name, both.samples) == ("codeio_pp-mixed", 2 * PROMPTS)
    assert [teacher["share"] for teacher in both.teachers] == [0.5, 0.5]


def test_a_renamed_model_is_asked_only_what_is_new_until_told_otherwise(bench: Bench) -> None:
    model = Model()
    address = bench.serve(model)
    old, new = bench.named(address, "old"), bench.named(address, "new")
    bench.converse(old)
    assert bench.waiting(new) == 0
    assert bench.converse(new) == 0
    with pytest.raises(NothingToRelease, match=f"teachers leaves out {PROMPTS}; they are by old"):
        bench.release(new)
    everything = new.replaced({"answer_scope": "unanswered"})
    assert bench.waiting(everything) == PROMPTS
    assert bench.converse(everything.replaced({"answer_scope": "none"})) == 0
    assert bench.converse(everything) == PROMPTS
    assert set(bench.authors().values()) == {PROMPTS + PROMPTS // 3}


def test_prompts_made_since_a_teacher_came_are_new_to_it(bench: Bench, seed_prompts: Seed) -> None:
    first, second = (bench.named(bench.serve(Model()), name) for name in ("first", "second"))
    bench.converse(first)
    bench.do("answer", second)
    seed_prompts(PROMPTS + 3, 2)
    assert bench.waiting(second) == 3


@pytest.mark.parametrize("replies", [5, PROMPTS + 2], ids=["answers", "revisions"])
def test_a_revoked_key_stops_the_run_and_the_next_one_goes_on(bench: Bench, replies: int) -> None:
    model = Model(key_holds_for=replies)
    settings = bench.named(bench.serve(model))
    with pytest.raises(TeacherRefused):
        bench.converse(settings)
    (written,) = bench.authors().values()
    assert (written, bench.waiting(settings)) == (replies, max(PROMPTS - replies, 0))
    model.key_holds_for = 1_000
    assert bench.converse(settings) == max(PROMPTS - replies, 0)
    assert set(model.asked.values()) == {1}
    assert bench.release(settings).samples == PROMPTS


def test_a_model_that_has_answered_a_part_is_asked_the_rest_alone(bench: Bench) -> None:
    models = Model(), Model()
    part = bench.named(bench.serve(models[0]), "a", answer_share=0.5)
    expected = bench.waiting(part)
    assert 0 < expected < PROMPTS
    assert bench.converse(part) == expected == bench.release(part).samples
    other = bench.named(bench.serve(models[1]), "b", answer_scope="unanswered")
    assert bench.converse(other) == PROMPTS
    whole = part.replaced({"answer_share": 1.0, "answer_scope": "unanswered"})
    assert bench.converse(whole) == PROMPTS - expected
    assert bench.converse(whole) == 0
    assert set(models[0].asked.values()) == set(models[1].asked.values()) == {1}


def test_a_change_between_two_tasks_mixes_no_conversation(bench: Bench) -> None:
    models = Model(), Model()
    before, after = (
        bench.named(bench.serve(model), name, answer_scope="unanswered")
        for model, name in zip(models, "ab", strict=True)
    )
    first, second = bench.plan("answer", before)
    STAGES["answer"].do(bench.work("answer", before), first)
    STAGES["answer"].do(bench.work("answer", after), second)
    bench.do("verify", after)
    bench.do("revise", after)
    assert bench.converse(before) + bench.converse(after) == PROMPTS
    assert set(models[0].asked.values()) == set(models[1].asked.values()) == {1}
    assert [bench.release(settings).samples for settings in (before, after)] == [PROMPTS, PROMPTS]
    ((mixed, _),) = bench.ask(
        "SELECT count(*) FROM codeio.response AS one INNER JOIN codeio.response AS two "
        "ON two.teacher_call_id = one.teacher_call_id AND two.teacher_id <> one.teacher_id"
    )
    assert mixed == 0


def test_prompts_are_chosen_by_source_and_night(bench: Bench) -> None:
    settings = bench.named(bench.serve(Model()))
    assert bench.waiting(settings.replaced({"answer_sources": ["/corpus"]})) == PROMPTS
    assert bench.waiting(settings.replaced({"answer_sources": ["directory:/other"]})) == 0
    assert bench.waiting(settings.replaced({"answer_since": "2020-01-01"})) == PROMPTS
    assert bench.waiting(settings.replaced({"answer_since": "2999-01-01"})) == 0
    bench.converse(settings)
    for field_, value in (
        ("sources", ["elsewhere"]), ("licences", ["ISC"]), ("languages", ["javascript"]),
        ("repositories", ["a/b"]), ("since", "2999-01-01"), ("transformed_by", "m"),
    ):  # fmt: skip
        with pytest.raises(NothingToRelease, match=f"{field_} leaves out {PROMPTS}"):
            bench.release(settings, **{field_: value})
    chosen = {"sources": ["/corpus"], "licences": ["MIT"], "languages": ["python"]}
    assert bench.release(settings, **chosen, transformed_by="offline-trace").samples == PROMPTS
