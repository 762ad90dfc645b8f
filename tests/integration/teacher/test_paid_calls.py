"""Promises about money and faults: real Postgres, real HTTP, a scripted endpoint."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from codeio_airflow import clients as airflow_clients
from codeio_ops.asking.answer import answer_prompts
from codeio_ops.config import Settings
from codeio_ops.errors import BudgetExceeded, CodeIOError, TaskSuperseded, TeacherUnavailable
from codeio_ops.ingest.retention import GRACE, collect_garbage
from codeio_ops.jsonvalue import Json
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from codeio_ops.storage.shards import whole_range
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.endpoint import Endpoint
from codeio_ops.teacher.journal import PostgresJournal, StoredReply, settle_replies
from codeio_ops.teacher.messages import Completion, Message, Request
from codeio_ops.teacher.pace import PostgresPace
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply, error_reply
from support.work import work_of

Writers = Callable[[str, int], FactWriter]
Seed = Callable[[int], list[UUID]]


def using(settings: Settings, endpoint: ScriptedEndpoint, **changes: object) -> Settings:
    """Return settings that name the scripted endpoint."""
    named: dict[str, object] = {
        "openai_base_url": endpoint.base_url,
        "openai_api_key": "key",
        "model": "scripted",
        "teacher_retries": 3,
        **changes,
    }
    return settings.model_copy(update={**named, "openai_api_key": settings.teacher_key})


def answer(settings: Settings, store: Store, writer: FactWriter) -> Counter[str]:
    """Run the answer stage over everything that is pending."""
    return answer_prompts(whole_range(), work_of(settings, store, writer))


def rows(store: Store, statement: str) -> int:
    """Count rows."""
    from sqlalchemy import text

    with store._engine.connect() as connection:
        return int(connection.execute(text(statement)).scalar_one())


def asked(body: dict[str, Json]) -> str:
    """Return the prompt of a request."""
    messages = body["messages"]
    assert isinstance(messages, list)
    assert isinstance(messages[-1], dict)
    return str(messages[-1]["content"])


def test_an_answered_request_is_never_sent_again(
    settings: Settings, store: Store, writer_of: Writers
) -> None:
    request = Request(key="0", messages=(Message(role="user", content="prompt"),))
    with ScriptedEndpoint([chat_reply("hello", model="gpt-4o-mini")]) as endpoint:
        chosen = using(settings, endpoint)
        for number in (1, 2):
            teacher = Teacher.shared(
                chosen, Endpoint.chosen(chosen), store=store, writer=writer_of("answer", number)
            )
            (result,) = teacher.complete_all([request])
            assert isinstance(result, Completion)
            assert (result.text, result.cost_usd) == ("hello", Decimal("0.0000045"))
        list(teacher.complete_all([Request(key="0", messages=request.messages, seed=1)]))
        assert len(endpoint.requests) == 2


_CHILD = """
import sys
from codeio_ops.config import Settings
from codeio_ops.storage.runs import TaskIdentity
from codeio_ops.storage.shards import whole_range
from codeio_ops.asking.answer import answer_prompts
from codeio_ops.work import Work

task = TaskIdentity(dag_id="test", run_id="run", task_id="answer", try_number=int(sys.argv[1]))
answer_prompts(whole_range(), Work(Settings(), "answer", task))
"""


def test_a_killed_client_pays_for_no_finished_call_again(
    settings: Settings, store: Store, seed_prompts: Seed
) -> None:
    count, in_flight = 60, 4
    seed_prompts(count)
    with ScriptedEndpoint([chat_reply('{"output": 1}', delay_s=0.1)]) as endpoint:
        environment = {
            "CODEIO_DATABASE_URL": settings.database_url.get_secret_value(),
            "OPENAI_BASE_URL": endpoint.base_url,
            "CODEIO_MODEL": "scripted",
            "CODEIO_TEACHER_CONCURRENCY": str(in_flight),
            "PATH": "/usr/bin:/bin",
        }
        command = [sys.executable, "-c", _CHILD]
        kills = 2
        for number in range(1, kills + 1):
            child = subprocess.Popen([*command, str(number)], env=environment)
            wanted = len(endpoint.requests) + 10
            while child.poll() is None and len(endpoint.requests) < wanted:
                time.sleep(0.005)
            child.send_signal(signal.SIGKILL)
            child.wait()
        subprocess.run([*command, "9"], env=environment, check=True)
        assert rows(store, "SELECT count(*) FROM codeio.response") == count
        assert count <= len(endpoint.requests) <= count + kills * in_flight
        paid = Counter(asked(body) for body in endpoint.requests)
        finished = rows(store, "SELECT count(*) FROM codeio.teacher_reply")
    assert finished == count
    assert sum(paid.values()) - len(paid) <= kills * in_flight


def test_a_try_that_wakes_up_beside_its_successor_pays_for_nothing_more(
    settings: Settings, store: Store, writer_of: Writers
) -> None:
    count, in_flight = 12, 2
    requests = [
        Request(key=str(n), messages=(Message(role="user", content=f"prompt {n}"),))
        for n in range(count)
    ]
    with ScriptedEndpoint([chat_reply("hello", model="gpt-4o-mini")]) as endpoint:
        chosen = using(settings, endpoint, teacher_concurrency=in_flight)
        frozen, later = (
            Teacher.shared(
                chosen, Endpoint.chosen(chosen), store=store, writer=writer_of("answer", number)
            )
            for number in (1, 2)
        )
        woken = frozen.complete_all(requests)
        next(woken)
        assert len(list(later.complete_all(requests[-1:]))) == 1
        with pytest.raises(TaskSuperseded):
            list(woken)
        assert len(endpoint.requests) <= 2 * in_flight + 1
        assert len(list(later.complete_all(requests))) == count
        sent = len(endpoint.requests)
    assert sent == count
    spent = rows(
        store, "SELECT cost_usd * 1e7 FROM codeio.teacher_spending WHERE period = 'run run'"
    )
    assert spent == 45 * sent


def test_a_task_is_superseded_by_later_tries_of_itself_alone(
    settings: Settings, store: Store
) -> None:
    def superseded(try_number: int = 1, **changes: Any) -> bool:
        fields = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": 0, **changes}
        task = TaskIdentity(**fields, try_number=try_number)
        return PostgresJournal(
            store, FactWriter(store, stage_run("answer", task, settings)), settings
        ).is_superseded()

    assert not superseded(2)
    assert superseded(1)
    assert not superseded(2)
    assert not superseded(3)
    assert superseded(2)
    for other in ({"map_index": 1}, {"task_id": "u"}, {"run_id": "s"}, {"dag_id": "e"}):
        assert not superseded(1, **other)


def test_a_reply_that_two_pay_for_costs_twice(
    settings: Settings, store: Store, writer_of: Writers
) -> None:
    reply = StoredReply(
        request_sha256="a", body=b"{}", latency_ms=1, request_id="x", cost_usd=Decimal("0.5")
    )
    for number, spent in ((1, Decimal("0.5")), (2, Decimal(1))):
        journal = PostgresJournal(store, writer_of("answer", number), settings)
        assert journal.keep([reply], Decimal(0)).run == spent


def test_a_settled_reply_is_found_and_stays_when_garbage_is_collected(
    settings: Settings, store: Store, writer_of: Writers
) -> None:
    journal = PostgresJournal(store, writer_of("answer", 1), settings)
    kept = [
        StoredReply(
            request_sha256=name, body=body, latency_ms=1, request_id="x", cost_usd=Decimal(1)
        )
        for name, body in (("a", b'{"one": 1}'), ("b", b'{"two": 2}'), ("c", b'{"one": 1}'))
    ]
    journal.keep(kept, Decimal(0))
    writer, objects = writer_of("maintenance", 1), ObjectStore.open(settings)
    blobs, later = BlobStore(objects), datetime.now(UTC) + 2 * GRACE

    def settle(before: datetime) -> int:
        return settle_replies(store, blobs, writer, before=before)

    assert settle(later - 4 * GRACE) == 0
    assert settle(later) == len(kept)
    assert settle(later) == 0
    assert rows(store, "SELECT count(body) FROM codeio.teacher_reply") == 0
    assert collect_garbage(store, objects, now=later).blobs == 0
    assert journal.find(["a", "b", "c", "d"]) == {each.request_sha256: each for each in kept}
    assert journal.keep(kept[:1], Decimal(0)).run == len(kept) + 1
    assert journal.find(["a"]) == {"a": kept[0]}


def test_faults_of_every_kind_leave_each_row_in_one_state(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    count = 120
    seed_prompts(count)
    dice = random.Random(5)
    good = chat_reply('{"output": 1}').body
    faults = [
        error_reply(429, headers={"retry-after-ms": "20"}),
        error_reply(500),
        error_reply(503),
        error_reply(401),
        error_reply(404, "model_not_found"),
        ScriptedReply(body="<html>busy</html>", headers={"content-type": "text/html"}),
        ScriptedReply(body='{"choices": []}'),
        ScriptedReply(body=good[: len(good) // 2]),
        chat_reply("late", delay_s=1.5),
        ScriptedReply(status=0),
    ]
    faulty = {"sent": 0}

    def script(_: dict[str, Json]) -> ScriptedReply:
        if dice.random() < 0.2:
            faulty["sent"] += 1
            return dice.choice(faults)
        return chat_reply('{"output": 1}')

    with ScriptedEndpoint(script) as endpoint:
        chosen = using(settings, endpoint, teacher_timeout_s=1.0, teacher_concurrency=8)
        for number in range(1, 30):
            try:
                answer(chosen, store, writer_of("answer", number))
                break
            except CodeIOError:
                continue
        sent = len(endpoint.requests)
    answered = rows(store, "SELECT count(*) FROM codeio.response")
    dropped = rows(store, "SELECT count(*) FROM codeio.drop_record WHERE stage = 'answer'")
    pending = rows(store, "SELECT count(*) FROM codeio.pending_answer(NULL)")
    assert (answered + dropped, pending) == (count, 0)
    assert dropped <= 2
    assert sent <= count + faulty["sent"] + dropped


@pytest.mark.parametrize("status", [400, 500])
def test_a_poisoned_prompt_is_dropped_and_does_not_hold_up_its_shard(
    status: int, settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(5)

    def script(body: dict[str, Json]) -> ScriptedReply:
        return error_reply(status) if asked(body) == "prompt 2" else chat_reply('{"output": 1}')

    with ScriptedEndpoint(script) as endpoint:
        chosen = using(settings, endpoint, teacher_retries=0, teacher_tries=2)
        if status == 500:
            with pytest.raises(TeacherUnavailable, match="1 of 5"):
                answer(chosen, store, writer_of("answer", 1))
        answer(chosen, store, writer_of("answer", 2))
    assert rows(store, "SELECT count(*) FROM codeio.response") == 4
    (dropped,) = store.fetch_json("funnel.drops")
    assert isinstance(dropped, dict)
    assert (dropped["stage"], dropped["rows"]) == ("answer", 1)
    assert dropped["reason"] == ("rejected" if status == 400 else "unavailable")


def test_an_endpoint_that_is_down_drops_nothing(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(5)
    with ScriptedEndpoint([error_reply(500)]) as endpoint:
        chosen = using(settings, endpoint, teacher_retries=0, teacher_tries=1)
        for number in (1, 2, 3):
            with pytest.raises(TeacherUnavailable, match="status 500"):
                answer(chosen, store, writer_of("answer", number))
    assert rows(store, "SELECT count(*) FROM codeio.pending_answer(NULL)") == 5


def test_a_budget_stops_before_it_is_spent(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(40)
    with ScriptedEndpoint([chat_reply('{"output": 1}')]) as endpoint:
        chosen = using(
            settings,
            endpoint,
            budget_run_usd=Decimal("0.01"),
            price_input_usd=Decimal(10),
            price_output_usd=Decimal(100),
            max_tokens=5,
            teacher_concurrency=4,
        )
        for number in (1, 2):  # a second try does not begin a new budget
            with pytest.raises(BudgetExceeded, match=r"of the run's \$0.01 are spent"):
                answer(chosen, store, writer_of("answer", number))
        cost = Decimal(10 * 10 + 5 * 100) / 1_000_000
        most = Decimal("0.01") + chosen.teacher_concurrency * cost
        assert Decimal("0.01") - cost <= len(endpoint.requests) * cost <= most
    spent = rows(
        store, "SELECT cost_usd * 1e6 FROM codeio.teacher_spending WHERE period = 'run run'"
    )
    assert spent == len(endpoint.requests) * cost * 1_000_000
    waiting = rows(store, "SELECT count(*) FROM codeio.pending_answer(NULL)")
    assert waiting == 40 - len(endpoint.requests)


@pytest.mark.parametrize(("given", "budget"), [(0.25, "0.25"), (0, "9")])
def test_a_run_may_have_a_budget_of_its_own(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, given: float, budget: str
) -> None:
    params = {"limit": 0, "dry_run": False, "model": "", "budget": given}
    monkeypatch.setattr(airflow_clients, "get_current_context", lambda: {"params": params})
    installation = settings.model_copy(update={"budget_run_usd": Decimal(9)})
    chosen = airflow_clients._settings_of_run(installation)
    assert chosen == installation.model_copy(update={"budget_run_usd": Decimal(budget)})


def test_two_clients_share_one_limit_and_use_it(
    settings: Settings, store: Store, writer_of: Writers
) -> None:
    per_minute, seconds = 1200, 3.0
    arrivals: list[float] = []

    def script(_: dict[str, Json]) -> ScriptedReply:
        arrivals.append(time.monotonic())
        return chat_reply("x", delay_s=0.3)

    def run(stage: str) -> None:
        chosen = using(settings, endpoint, teacher_requests_per_minute=per_minute)
        teacher = Teacher.shared(
            chosen, Endpoint.chosen(chosen), store=store, writer=writer_of(stage, 1)
        )
        ends = time.monotonic() + seconds
        messages = (Message(role="user", content=f"prompt of {stage}"),)
        requests = (Request(key=str(i), messages=messages, seed=i) for i in range(10_000))
        for _ in teacher.complete_all(requests):
            if time.monotonic() > ends:
                break

    with ScriptedEndpoint(script) as endpoint:
        threads = [threading.Thread(target=run, args=(stage,)) for stage in ("answer", "revise")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    took = arrivals[-1] - arrivals[0]
    allowed = took * per_minute / 60 + 2
    assert 0.5 * allowed < len(arrivals) <= allowed


def test_a_cool_down_holds_for_every_process(settings: Settings, store: Store) -> None:
    first, second = PostgresPace(store, "teacher"), PostgresPace(store, "teacher")
    assert second.reserve(requests_s=0.0, tokens_s=0.0) <= 0
    first.cool_down(30.0)
    first.cool_down(5.0)
    assert 29 < second.reserve(requests_s=0.0, tokens_s=0.0) <= 30
    assert 29 < second.cooling() <= 30
    assert PostgresPace(store, "other").cooling() == 0


def test_slots_and_tokens_are_spaced_by_the_limits(settings: Settings, store: Store) -> None:
    pace = PostgresPace(store, "teacher")
    waits = [pace.reserve(requests_s=2.0, tokens_s=5.0) for _ in range(3)]
    assert waits[0] <= 0
    assert 4.5 < waits[1] <= 5
    assert 9.5 < waits[2] <= 10


def test_cost_of_an_accepted_row_is_in_a_view(
    settings: Settings, store: Store, writer_of: Writers, seed_prompts: Seed
) -> None:
    seed_prompts(3)
    with ScriptedEndpoint([chat_reply(json.dumps({"output": 0}), model="gpt-4o-mini")]) as endpoint:
        answer(using(settings, endpoint), store, writer_of("answer", 1))
    assert (
        rows(
            store,
            "SELECT count(*) FROM codeio.teacher_cost WHERE purpose = 'answer' AND calls = 3 "
            "AND cost_usd = 0.000015 AND accepted_rows = 0 AND cost_per_accepted_row_usd IS NULL",
        )
        == 1
    )
