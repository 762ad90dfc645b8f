"""Promises of the Batch API: real Postgres, and an endpoint with `/v1/files` and `/v1/batches`."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from uuid import UUID

import pytest

from codeio_ops.asking.answer import answer_prompts, answer_requests
from codeio_ops.asking.batches import Batches
from codeio_ops.config import Settings
from codeio_ops.errors import BudgetExceeded, TeacherRefused, TeacherUnavailable
from codeio_ops.jsonvalue import Json
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import whole_range
from codeio_ops.teacher.batch import BatchClient, any_ended
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.testing.batches import BatchEndpoint
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply, error_reply
from support.work import work_of

Writers = Callable[[str, int], FactWriter]
Seed = Callable[[int], list[UUID]]


def using(settings: Settings, base_url: str, **changes: object) -> Settings:
    """Return settings that name the scripted endpoint."""
    return settings.model_copy(
        update={"openai_base_url": base_url, "model": "scripted", "teacher_batch": True, **changes}
    )


@contextmanager
def opened(settings: Settings, store: Store, writer: FactWriter) -> Iterator[Batches]:
    """Open the batches of the answer stage."""
    with closing(BatchClient(settings, Endpoint.chosen(settings))) as client:
        yield Batches(client, work_of(settings, store, writer))


def advance(settings: Settings, store: Store, writer: FactWriter) -> list[str]:
    """Do what a wake-up of the task does."""
    with opened(settings, store, writer) as batches:
        return batches.advance(answer_requests(whole_range(), work_of(settings, store, writer)))


def prompt(body: dict[str, Json]) -> str:
    """Return the text of a request."""
    messages = body["messages"]
    assert isinstance(messages, list)
    assert isinstance(messages[0], dict)
    return str(messages[0]["content"])


def test_only_failed_requests_are_submitted_again(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(10)
    tries: Counter[str] = Counter()

    def script(body: dict[str, Json]) -> ScriptedReply:
        tries[prompt(body)] += 1
        first = tries[prompt(body)] == 1
        match prompt(body):
            case "prompt 3" if first:
                return error_reply(500)
            case "prompt 4" if first:
                return ScriptedReply(status=0)
            case "prompt 5" if first:
                return ScriptedReply(body='{"choices": []}')
            case _:
                return chat_reply('{"output": 1}', model="gpt-4o-mini")

    writer = writer_of("answer", 1)
    with BatchEndpoint(script) as endpoint:
        chosen = using(settings, endpoint.base_url, teacher_batch_requests=6)
        assert advance(chosen, store, writer) == ["batch_0", "batch_1"]
        assert advance(chosen, store, writer) == ["batch_0", "batch_1"]  # nothing sent twice
        assert [len(sent) for sent in endpoint.sent] == [6, 4]
        endpoint.finish()
        assert advance(chosen, store, writer_of("answer", 2)) == ["batch_2"]
        assert sorted(map(prompt, endpoint.sent[2])) == ["prompt 3", "prompt 4", "prompt 5"]
        endpoint.finish()
        assert advance(chosen, store, writer) == []
        assert len(endpoint.sent) == 3

        # The stage makes its facts from the replies, without a call: this endpoint has no chat.
        counts = answer_prompts(whole_range(), work_of(chosen, store, writer))
    assert counts == {"answered": 10}
    assert teacher_cost(store) == pytest.approx(10 * 4.5e-6)


def teacher_cost(store: Store) -> float:
    """Return what is spent."""
    from sqlalchemy import text

    with store._engine.connect() as connection:
        statement = "SELECT cost_usd FROM codeio.teacher_spending WHERE period = 'run run'"
        return float(connection.execute(text(statement)).scalar_one())


def test_a_request_that_always_fails_is_left_after_some_rounds(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(1)
    with BatchEndpoint(lambda _: error_reply(500)) as endpoint:
        chosen = using(settings, endpoint.base_url, teacher_batch_rounds=2)
        while advance(chosen, store, writer_of("answer", 1)):
            endpoint.finish()
        assert len(endpoint.sent) == 2


def test_a_batch_whose_id_was_lost_is_found_again(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(3)
    with BatchEndpoint(lambda _: chat_reply("x")) as endpoint:
        chosen = using(settings, endpoint.base_url)
        writer = writer_of("answer", 1)
        with opened(chosen, store, writer) as batches:
            requests = list(answer_requests(whole_range(), work_of(chosen, store, writer)))
            affordable = batches._affordable(requests, batches._budget())
            batches._client.submit(list(affordable))  # and then killed
        assert advance(chosen, store, writer_of("answer", 2)) == ["batch_0"]
        assert len(endpoint.batches) == 1


def test_a_batch_is_held_against_the_budget(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(10)
    prices = {"price_input_usd": Decimal(0), "price_output_usd": Decimal(1000), "max_tokens": 10}
    with BatchEndpoint(lambda _: chat_reply("x")) as endpoint:
        chosen = using(settings, endpoint.base_url, budget_run_usd=Decimal("0.035"), **prices)
        assert advance(chosen, store, writer_of("answer", 1)) == ["batch_0"]
        assert [len(sent) for sent in endpoint.sent] == [3]
        # The next wake-up knows what the open batch may still cost.
        assert advance(chosen, store, writer_of("answer", 1)) == ["batch_0"]
        poor = using(settings, endpoint.base_url, budget_run_usd=Decimal("0.001"), **prices)
        with pytest.raises(BudgetExceeded):
            advance(poor, store, writer_of("answer", 1))


def test_an_endpoint_without_a_batch_api_is_named(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(1)
    with ScriptedEndpoint([chat_reply("x")]) as endpoint:
        chosen = using(settings, f"{endpoint.base_url}/nowhere")
    with pytest.raises(TeacherUnavailable, match="no teacher answers"):
        advance(chosen, store, writer_of("answer", 1))
    with BatchEndpoint(lambda _: chat_reply("x")) as batch_endpoint:
        chosen = using(settings, f"{batch_endpoint.base_url}/nowhere")
        with pytest.raises(TeacherRefused) as caught:
            advance(chosen, store, writer_of("answer", 1))
    assert "CODEIO_TEACHER_BATCH" in caught.value.cure


def test_the_trigger_fires_when_a_batch_has_ended(
    settings: Settings,
    store: Store,
    writer_of: Writers,
    seed_prompts: Seed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from codeio_airflow.batch_operator import BatchTrigger

    seed_prompts(1)
    with BatchEndpoint(lambda _: chat_reply("x")) as endpoint:
        chosen = using(settings, endpoint.base_url)
        ids = advance(chosen, store, writer_of("answer", 1))
        assert not asyncio.run(any_ended(chosen, Endpoint.chosen(chosen), ids))
        monkeypatch.setattr(Settings, "load", lambda: chosen)
        path, given = BatchTrigger(ids, 0.05).serialize()
        assert path == "codeio_airflow.batch_operator.BatchTrigger"

        async def wait() -> object:
            events = BatchTrigger(**given).run()
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            endpoint.finish()
            return (await asyncio.wait_for(waiting, 10)).payload

        assert asyncio.run(wait()) is True


def test_the_trigger_leaves_a_refusal_to_the_task(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codeio_airflow.batch_operator import BatchTrigger

    with BatchEndpoint(lambda _: chat_reply("x")) as endpoint:
        chosen = using(settings, f"{endpoint.base_url}/nowhere")
        monkeypatch.setattr(Settings, "load", lambda: chosen)

        async def wait() -> object:
            return (await asyncio.wait_for(anext(BatchTrigger(["lost"], 60.0).run()), 10)).payload

        assert asyncio.run(wait()) is True


def failing(endpoint: BatchEndpoint, code: str) -> None:
    """End every open batch as an endpoint does that refuses it as a whole."""
    error: Json = {"code": code, "message": "", "line": None, "param": None}
    for batch in endpoint.batches.values():
        if batch["status"] == "in_progress":
            batch["errors"] = {"object": "list", "data": [error]}
    endpoint.finish("failed")


def test_a_full_queue_costs_no_round(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(4)
    with BatchEndpoint(lambda _: chat_reply('{"output": 1}')) as endpoint:
        chosen = using(settings, endpoint.base_url, teacher_batch_rounds=1)
        for size in (4, 2, 1):
            assert len(advance(chosen, store, writer_of("answer", 1))) == 1
            assert len(endpoint.sent[-1]) == size
            failing(endpoint, "token_limit_exceeded")
        with pytest.raises(TeacherUnavailable, match="token_limit_exceeded"):
            advance(chosen, store, writer_of("answer", 1))
        # Once there is room, every request is sent, and none directly.
        while advance(chosen, store, writer_of("answer", 1)):
            endpoint.finish()
        assert sum(map(len, endpoint.sent[3:])) == 4


def test_a_full_queue_is_waited_for_while_other_batches_are_open(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(4)
    with BatchEndpoint(lambda _: chat_reply('{"output": 1}')) as endpoint:
        chosen = using(settings, endpoint.base_url, teacher_batch_requests=2)
        assert advance(chosen, store, writer_of("answer", 1)) == ["batch_0", "batch_1"]
        endpoint.batches["batch_0"]["status"] = "held"
        failing(endpoint, "token_limit_exceeded")
        endpoint.batches["batch_0"]["status"] = "in_progress"
        for _ in range(4):
            assert advance(chosen, store, writer_of("answer", 1)) == ["batch_0"]
        endpoint.finish()
        assert advance(chosen, store, writer_of("answer", 1)) == ["batch_2"]
        assert len(endpoint.sent) == 3


def test_a_batch_that_is_wrong_is_refused_with_the_code(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(2)
    with BatchEndpoint(lambda _: chat_reply('{"output": 1}')) as endpoint:
        chosen = using(settings, endpoint.base_url)
        assert advance(chosen, store, writer_of("answer", 1))
        failing(endpoint, "invalid_json_line")
        with pytest.raises(TeacherRefused, match="invalid_json_line"):
            advance(chosen, store, writer_of("answer", 1))
