"""Promises of revision and of what requests hold: real Postgres and sandbox, scripted teacher."""

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import cast
from uuid import UUID

import pytest

from codeio_ops.asking.prompts import build_prompts
from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import STAGES
from codeio_ops.records import IoPair
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import whole_range
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply
from codeio_ops.verify.answers import verify_responses
from support.work import work_of

Writers = Callable[[str, int], FactWriter]
Seed = Callable[[int], list[UUID]]
NO_SANDBOX = cast(Sandbox, None)  # predicted outputs are compared, never run


class Pipeline:
    """The stages from answer on, run over everything that is pending."""

    def __init__(self, settings: Settings, store: Store, writers: Writers) -> None:
        self.settings = settings
        self._store = store
        self._writers = writers
        self._tries = 0

    def teach(self, stage: str, **changes: object) -> Counter[str]:
        """Run the answer or the revise stage."""
        self._tries += 1
        settings = self.settings.model_copy(update=changes)
        work = work_of(settings, self._store, self._writers(stage, self._tries))
        return STAGES[stage].do(work, whole_range())

    def verify(self, sandbox: Sandbox = NO_SANDBOX) -> Counter[str]:
        """Run the verify stage."""
        self._tries += 1
        writer = self._writers("verify", self._tries)
        work = work_of(self.settings, self._store, writer, sandbox=sandbox)
        return verify_responses(whole_range(), work)


def using(settings: Settings, endpoint: ScriptedEndpoint) -> Settings:
    """Return settings that name the scripted endpoint, with a price."""
    return settings.model_copy(
        update={
            "openai_base_url": endpoint.base_url,
            "model": "scripted",
            "price_input_usd": Decimal(10),
            "price_output_usd": Decimal(10),
        }
    )


def shown(store: Store, statement: str) -> list[tuple[object, ...]]:
    """Return rows."""
    from sqlalchemy import text

    with store._engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_policies_decide_by_the_gain_that_history_shows(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(22)
    with ScriptedEndpoint([chat_reply('{"output": -1}')]) as endpoint:
        pipeline = Pipeline(using(settings, endpoint), store, writer_of)
        assert pipeline.teach("answer") == {"answered": 22}
        assert pipeline.verify() == {"wrong": 22}
        assert pipeline.teach("revise", revision_policy="none") == {"policy_none": 22}

        seed_prompts(44)
        pipeline.teach("answer")
        pipeline.verify()
        # 22 that were denied stay denied; by gain, the others are revised to learn the gain.
        by_gain = {"revision_policy": "by_expected_gain", "revision_min_gain_per_usd": 1e6}
        assert pipeline.teach("revise", **by_gain) == {"answered": 22}
        assert pipeline.verify() == {"wrong": 22}
        ((revised, repaired, gain, cost),) = shown(
            store,
            "SELECT revised, repaired, expected_gain, mean_cost_usd FROM codeio.revision_gain",
        )
        assert (revised, repaired) == (22, 0)
        assert float(str(gain)) == pytest.approx(1 / 24)
        assert float(str(cost)) == pytest.approx(150e-6)

        seed_prompts(50)
        pipeline.teach("answer")
        pipeline.verify()
        assert pipeline.teach("revise", **by_gain) == {"low_expected_gain": 6}
        (detail,) = {row[0] for row in shown(
            store, "SELECT detail FROM codeio.drop_record WHERE reason = 'low_expected_gain'"
        )}  # fmt: skip
        assert str(detail).startswith("277.8 repaired answers a dollar are expected")

        seed_prompts(56)
        pipeline.teach("answer")
        pipeline.verify()
        assert pipeline.teach("revise") == {"answered": 6}  # one_turn asks for no gain
        pipeline.verify()
        assert pipeline.teach("revise") == {}


def test_up_to_n_turns_are_made_and_every_turn_is_kept(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(1)
    sent: list[int] = []

    def script(body: dict[str, Json]) -> ScriptedReply:
        messages = body["messages"]
        assert isinstance(messages, list)
        sent.append(len(messages))
        return chat_reply(json.dumps({"output": -len(messages)}))

    with ScriptedEndpoint(script) as endpoint:
        pipeline = Pipeline(using(settings, endpoint), store, writer_of)
        pipeline.teach("answer")
        pipeline.verify()
        for _ in range(5):
            pipeline.teach("revise", revision_policy="by_expected_gain", revision_turns=3)
            pipeline.verify()
        last = endpoint.requests[-1]["messages"]
    assert sent == [1, 3, 5, 7]
    turns = shown(store, "SELECT turn, body FROM codeio.response ORDER BY turn")
    assert [turn for turn, _ in turns] == [1, 2, 3, 4]
    assert isinstance(last, list)
    said = [message["content"] for message in last if isinstance(message, dict)]
    assert said[1::2] == [body for _, body in turns[:3]]
    assert len(shown(store, "SELECT * FROM codeio.finished_conversation")) == 1


def test_gain_per_dollar_needs_a_price(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(20)
    with ScriptedEndpoint([chat_reply('{"output": -1}')]) as endpoint:
        free = using(settings, endpoint).model_copy(
            update={"price_input_usd": None, "price_output_usd": None}
        )
        pipeline = Pipeline(free, store, writer_of)
        pipeline.teach("answer")
        pipeline.verify()
        pipeline.teach("revise")
        pipeline.verify()
        seed_prompts(21)
        pipeline.teach("answer")
        pipeline.verify()
        with pytest.raises(SettingsError, match="needs a price"):
            pipeline.teach(
                "revise", revision_policy="by_expected_gain", revision_min_gain_per_usd=1.0
            )


def test_no_request_holds_the_hidden_side(
    settings: Settings,
    store: Store,
    writer_of: Writers,
    seed_prompts: Seed,
    sandbox: DockerSandbox,
) -> None:
    seed_prompts(0)
    writer = writer_of("sample", 1)
    secret_input, secret_output = 918_273_645, 1_836_547_290
    pair = IoPair.new(
        program_id=content_id("program", 0),
        ordinal=0,
        given={"n": secret_input},
        output=secret_output,
        wall_ms=1.0,
        stage_run_id=writer.run.stage_run_id,
    )
    writer.write([pair])
    answers = ['{"output": 1}', '{"input": {"n": 5}}', '{"input": {"n": "x"}}', "no answer"]
    wrong = "{}\n\n".join(answers)
    with ScriptedEndpoint([chat_reply(wrong), *map(chat_reply, answers)]) as endpoint:
        pipeline = Pipeline(using(settings, endpoint), store, writer_of)
        asked = build_prompts(whole_range(), work_of(settings, store, writer_of("prompt", 1)))
        assert asked == {"output": 1, "input": 1}
        pipeline.teach("answer")
        pipeline.verify(sandbox)
        for _ in range(3):
            pipeline.teach("revise", revision_policy="by_expected_gain", revision_turns=3)
            pipeline.verify(sandbox)
        texts = [json.dumps(body, ensure_ascii=False) for body in endpoint.requests]
    assert len(texts) == 8
    for text in texts:
        assert (str(secret_input) in text) != (str(secret_output) in text)
        assert ("# Find an input" in text) == (str(secret_output) in text)
