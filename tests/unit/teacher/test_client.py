"""Promises of the client, over real HTTP against a scripted endpoint."""

import json
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from codeio_ops.config import OFFLINE_MODEL, Settings
from codeio_ops.errors import SettingsError, TeacherRefused, TeacherUnavailable
from codeio_ops.jsonvalue import Json
from codeio_ops.teacher.client import Teacher
from codeio_ops.teacher.messages import CallFailure, Completion, FailedCall, Message, Request
from codeio_ops.teacher.session import Result
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply, error_reply


def settings(base_url: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "home": Path("/nonexistent"),
        "openai_base_url": base_url,
        "openai_api_key": "key",
        "model": "scripted",
        "teacher_timeout_s": 5.0,
        "teacher_retries": 2,
        **changes,
    }
    return Settings.model_validate(values)


def requests(count: int) -> Iterator[Request]:
    for number in range(count):
        message = Message(role="user", content=f"prompt {number}")
        yield Request(key=str(number), messages=(message,), seed=number)


def complete(endpoint: ScriptedEndpoint, count: int = 1, **changes: object) -> list[Result]:
    teacher = Teacher.open(settings(endpoint.base_url, **changes))
    return list(teacher.complete_all(requests(count)))


def test_completion_carries_text_usage_and_provenance() -> None:
    extra: dict[str, Json] = {"codeio": {"hidden_share": 0.5, "evidence": {"n": "trace"}}}
    with ScriptedEndpoint([chat_reply("hello", model="gpt-4o-mini", extra=extra)]) as endpoint:
        (result,) = complete(endpoint)
    assert isinstance(result, Completion)
    assert (result.key, result.text, result.finish_reason) == ("0", "hello", "stop")
    assert (result.prompt_tokens, result.completion_tokens) == (10, 5)
    assert result.cost_usd == Decimal("0.0000045")
    assert result.provenance == {"hidden_share": 0.5, "evidence": {"n": "trace"}}
    sent = endpoint.requests[0]
    assert (sent["model"], sent["seed"], sent["temperature"]) == ("scripted", 0, 0.7)
    assert sent["messages"] == [{"role": "user", "content": "prompt 0"}]


def test_unknown_model_has_no_price() -> None:
    with ScriptedEndpoint([chat_reply("hello")]) as endpoint:
        (result,) = complete(endpoint)
    assert isinstance(result, Completion)
    assert result.cost_usd is None


def test_rate_limit_is_waited_out() -> None:
    busy = error_reply(429, headers={"retry-after": "0.05"})
    with ScriptedEndpoint([busy, busy, chat_reply("hello")]) as endpoint:
        (result,) = complete(endpoint)
        assert len(endpoint.requests) == 3
    assert isinstance(result, Completion)


def test_lasting_rate_limit_is_a_failed_call() -> None:
    with ScriptedEndpoint([error_reply(429, headers={"retry-after-ms": "10"})]) as endpoint:
        (result,) = complete(endpoint)
    assert isinstance(result, FailedCall)
    assert result.reason is CallFailure.RATE_LIMITED


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            ScriptedReply(body="<html>busy</html>", headers={"content-type": "text/html"}),
            "bad_reply",
        ),
        (ScriptedReply(body="<html>busy</html>"), "bad_reply"),
        (ScriptedReply(body='{"choices": []}'), "bad_reply"),
        (ScriptedReply(body='{"choices": null}'), "bad_reply"),
        (ScriptedReply(body="[]"), "bad_reply"),
        (chat_reply(""), "bad_reply"),
        (chat_reply("x", finish_reason="tool_calls"), "bad_reply"),
        (chat_reply("cut", finish_reason="length"), "truncated"),
        (chat_reply("", finish_reason="content_filter"), "content_filter"),
        (error_reply(400, "content_filter"), "content_filter"),
        (error_reply(400, "context_length_exceeded"), "rejected"),
        (error_reply(422), "rejected"),
    ],
)
def test_fault_of_one_request_is_a_failed_call(reply: ScriptedReply, reason: str) -> None:
    def script(body: dict[str, Json]) -> ScriptedReply:
        return reply if body["seed"] == 1 else chat_reply("fine")

    with ScriptedEndpoint(script) as endpoint:
        results = {result.key: result for result in complete(endpoint, 3)}
    assert isinstance(results["0"], Completion)
    assert isinstance(results["2"], Completion)
    failed = results["1"]
    assert isinstance(failed, FailedCall)
    assert failed.reason == reason
    assert "prompt 1" not in failed.detail


def test_truncated_reply_keeps_its_cost() -> None:
    reply = chat_reply("cut", finish_reason="length", model="gpt-4o-mini")
    with ScriptedEndpoint([reply]) as endpoint:
        (result,) = complete(endpoint)
    assert isinstance(result, FailedCall)
    assert result.cost_usd == Decimal("0.0000045")


@pytest.mark.parametrize(
    ("reply", "setting"),
    [
        (error_reply(401), "OPENAI_API_KEY"),
        (error_reply(403), "OPENAI_API_KEY"),
        (error_reply(404, "model_not_found"), "CODEIO_MODEL"),
        (error_reply(402), "credit"),
        (error_reply(400, "unsupported_parameter"), "CODEIO_MAX_TOKENS_FIELD"),
        (ScriptedReply(status=405, body="<html>not here</html>"), "OPENAI_BASE_URL"),
        (
            error_reply(429, "insufficient_quota", headers={"retry-after-ms": "5"}),
            "credit",
        ),
    ],
)
def test_refusing_endpoint_is_raised_with_a_cure(reply: ScriptedReply, setting: str) -> None:
    with ScriptedEndpoint([reply]) as endpoint, pytest.raises(TeacherRefused) as caught:
        complete(endpoint, 5)
    assert setting in caught.value.cure


def test_the_embedded_teacher_may_refuse_every_prompt() -> None:
    with ScriptedEndpoint([error_reply(400, "unknown_prompt")]) as endpoint:
        embedded = {"home": Path("/nonexistent"), "teacher_url": endpoint.base_url}
        teacher = Teacher.open(Settings.model_validate(embedded))
        results = list(teacher.complete_all(requests(2)))
    assert [isinstance(result, FailedCall) and result.reason for result in results] == [
        CallFailure.REJECTED,
        CallFailure.REJECTED,
    ]


def test_server_errors_only_mean_that_the_endpoint_is_down() -> None:
    reply = error_reply(500, headers={"retry-after-ms": "5"})
    with ScriptedEndpoint([reply]) as endpoint, pytest.raises(TeacherUnavailable):
        complete(endpoint, 3)


def test_one_prompt_that_always_fails_does_not_stop_the_others() -> None:
    def script(body: dict[str, Json]) -> ScriptedReply:
        broken = error_reply(503, headers={"x-should-retry": "false"})
        return broken if body["seed"] == 3 else chat_reply("fine")

    with ScriptedEndpoint(script) as endpoint:
        results = complete(endpoint, 6, teacher_concurrency=1)
    failed = [result for result in results if isinstance(result, FailedCall)]
    assert [(result.key, result.reason) for result in failed] == [("3", CallFailure.UNAVAILABLE)]
    assert len(results) == 6


def test_slow_endpoint_is_unavailable() -> None:
    with ScriptedEndpoint([chat_reply("late", delay_s=1.0)]) as endpoint:
        teacher = Teacher.open(
            settings(endpoint.base_url, teacher_timeout_s=0.2, teacher_retries=0)
        )
        with pytest.raises(TeacherUnavailable) as caught:
            list(teacher.complete_all(requests(1)))
    assert "CODEIO_TEACHER_TIMEOUT_S" in caught.value.cure


def test_closed_port_is_unavailable() -> None:
    with ScriptedEndpoint([chat_reply("x")]) as endpoint:
        base_url = endpoint.base_url
    teacher = Teacher.open(settings(base_url, teacher_retries=0))
    with pytest.raises(TeacherUnavailable) as caught:
        list(teacher.complete_all(requests(1)))
    assert "OPENAI_BASE_URL" in caught.value.cure


def test_requests_are_in_flight_together_but_not_more_than_allowed() -> None:
    with ScriptedEndpoint([chat_reply("x", delay_s=0.1)]) as endpoint:
        results = complete(endpoint, 40, teacher_concurrency=10)
    assert len(results) == 40
    assert 5 <= endpoint.most_at_once <= 10


def test_requests_are_read_lazily() -> None:
    taken: list[str] = []

    def endless() -> Iterator[Request]:
        for request in requests(10**9):
            taken.append(request.key)
            yield request

    with ScriptedEndpoint([chat_reply("x")]) as endpoint:
        teacher = Teacher.open(settings(endpoint.base_url, teacher_concurrency=4))
        results = teacher.complete_all(endless())
        for _ in range(10):
            next(results)
        results.close()  # type: ignore[attr-defined]
    assert len(taken) < 40


def test_memory_does_not_grow_with_the_number_of_requests() -> None:
    with ScriptedEndpoint(lambda _: chat_reply("x" * 10_000)) as endpoint:
        teacher = Teacher.open(settings(endpoint.base_url, teacher_concurrency=4))
        sizes: list[int] = []
        tracemalloc.start()
        for number, _ in enumerate(teacher.complete_all(requests(120))):
            endpoint.requests.clear()
            if number % 40 == 39:
                sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert sizes[-1] - sizes[0] < 500_000


def test_an_address_with_a_password_is_refused_and_not_repeated() -> None:
    values = {"home": Path("/nonexistent"), "openai_base_url": "https://user:secret@host/v1"}
    with pytest.raises(SettingsError, match="holds a user or a password") as caught:
        Teacher.open(Settings.model_validate(values))
    assert "secret" not in str(caught.value)


def test_no_endpoint_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="no URL"):
        Teacher.open(
            Settings.model_validate(
                {"home": Path("/nonexistent"), "openai_base_url": "", "openai_api_key": ""}
            )
        )


@pytest.mark.parametrize(
    ("values", "kind", "host"),
    [
        ({"openai_base_url": "http://127.0.0.1:8000/v1"}, "local-model", "127.0.0.1:8000"),
        ({"openai_base_url": "http://10.1.2.3/v1"}, "local-model", "10.1.2.3"),
        ({"openai_base_url": "https://api.deepseek.com"}, "api-model", "api.deepseek.com"),
        ({"openai_base_url": "https://a.example/one/v1/"}, "api-model", "a.example/one"),
        ({"openai_base_url": "https://a.example:8443/two"}, "api-model", "a.example:8443/two"),
        ({"openai_base_url": "", "openai_api_key": "k"}, "api-model", "api.openai.com"),
    ],
)
def test_identity_says_who_answers(values: dict[str, object], kind: str, host: str) -> None:
    identity = Teacher.open(settings("", **{"model": "m", **values})).identity
    assert (identity.kind, identity.endpoint_host, identity.model_id) == (kind, host, "m")
    assert identity.version == ""


def embedded(base_url: str, model: str = OFFLINE_MODEL) -> Teacher:
    return Teacher.open(settings("", openai_api_key="", teacher_url=base_url, model=model))


def test_the_embedded_teacher_says_its_own_version() -> None:
    with ScriptedEndpoint([chat_reply("hello")]) as endpoint:
        identity = embedded(endpoint.base_url).identity
        assert (identity.kind, identity.version) == ("offline-trace", "scripted")
        assert endpoint.requests == []


def test_without_its_version_nothing_is_sent_to_the_embedded_teacher() -> None:
    with ScriptedEndpoint([chat_reply("hello")]) as endpoint:
        with pytest.raises(TeacherRefused, match="does not know the model 'm'"):
            list(embedded(endpoint.base_url, model="m").complete_all(requests(1)))
        assert endpoint.requests == []
    with pytest.raises(TeacherUnavailable, match="no teacher answers"):
        list(embedded(endpoint.base_url).complete_all(requests(1)))


def test_offline_teacher_gets_its_own_key() -> None:
    teacher = Teacher.open(
        settings("", openai_api_key="", teacher_url="http://127.0.0.1:9/v1", teacher_key="secret")
    )
    assert teacher._endpoint.key.get_secret_value() == "secret"


def test_reasoning_is_kept_apart() -> None:
    reply = json.loads(chat_reply("answer").body)
    reply["choices"][0]["message"]["reasoning_content"] = "because"
    with ScriptedEndpoint([ScriptedReply(body=json.dumps(reply))]) as endpoint:
        (result,) = complete(endpoint)
    assert isinstance(result, Completion)
    assert (result.text, result.reasoning) == ("answer", "because")


def chunks(*deltas: dict[str, Json], finish: str | None = "stop") -> ScriptedReply:
    """Return a streamed reply; without a finish reason it breaks off."""
    head: dict[str, Json] = {"id": "c", "object": "chat.completion.chunk", "created": 0}
    events: list[dict[str, Json]] = [
        {**head, "model": "scripted", "choices": [{"index": 0, "delta": delta}]} for delta in deltas
    ]
    if finish:
        ending: Json = [{"index": 0, "delta": {}, "finish_reason": finish}]
        usage: Json = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        events.append({**head, "model": "scripted", "choices": ending})
        events.append({**head, "model": "scripted", "choices": [], "usage": usage})
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return ScriptedReply(
        body=body + ("data: [DONE]\n\n" if finish else ""),
        headers={"content-type": "text/event-stream"},
    )


def test_a_stream_is_put_together() -> None:
    reply = chunks({"reasoning_content": "be"}, {"reasoning_content": "cause"}, {"content": "an"},
                   {"content": "swer"})  # fmt: skip
    with ScriptedEndpoint([reply]) as endpoint:
        (result,) = complete(endpoint, teacher_stream=True)
    assert isinstance(result, Completion)
    assert (result.text, result.reasoning) == ("answer", "because")
    assert (result.prompt_tokens, result.completion_tokens) == (7, 3)
    assert endpoint.requests[0]["stream"] is True


@pytest.mark.parametrize(
    "half",
    [
        chunks({"content": "ans"}, finish=None),
        ScriptedReply(body="data: {broken", headers={"content-type": "text/event-stream"}),
        ScriptedReply(
            body='data: {"error": {"message": "overloaded"}}\n\n',
            headers={"content-type": "text/event-stream"},
        ),
        ScriptedReply(status=0),
    ],
)
def test_half_a_stream_is_asked_for_again(half: ScriptedReply) -> None:
    with ScriptedEndpoint([half, chunks({"content": "whole"})]) as endpoint:
        (result,) = complete(endpoint, teacher_stream=True)
        assert len(endpoint.requests) == 2
    assert isinstance(result, Completion)
    assert result.text == "whole"


def test_bytes_that_are_no_text_are_replaced_and_judged() -> None:
    body = chat_reply("ab").body.replace("ab", "a\udcffb")
    with ScriptedEndpoint([ScriptedReply(body=body), chat_reply("c\x00d\ud800")]) as endpoint:
        results = complete(endpoint, 2, teacher_concurrency=1)
    texts = [result.text for result in results if isinstance(result, Completion)]
    assert texts == ["a\ufffdb", "c\ufffdd\ufffd"]


def test_truncated_replies_can_be_kept() -> None:
    with ScriptedEndpoint([chat_reply("cut", finish_reason="length")]) as endpoint:
        (result,) = complete(endpoint, teacher_truncated="keep")
    assert isinstance(result, Completion)
    assert (result.text, result.finish_reason) == ("cut", "length")


def test_the_settings_price_comes_before_the_table() -> None:
    with ScriptedEndpoint([chat_reply("x", model="gpt-4o-mini")]) as endpoint:
        (result,) = complete(endpoint, price_input_usd="1", price_output_usd="2")
        assert isinstance(result, Completion)
        assert result.cost_usd == Decimal("0.00002")
        with pytest.raises(SettingsError, match="two halves"):
            complete(endpoint, price_input_usd="1")


def test_a_budget_needs_a_price() -> None:
    with ScriptedEndpoint([chat_reply("x")]) as endpoint:
        with pytest.raises(SettingsError) as caught:
            complete(endpoint, budget_run_usd="0.01")
        assert not endpoint.requests
    assert "CODEIO_PRICE_INPUT_USD" in caught.value.cure


def test_html_at_every_request_names_the_address() -> None:
    page = ScriptedReply(body="<html></html>", headers={"content-type": "text/html"})
    with ScriptedEndpoint([page]) as endpoint, pytest.raises(TeacherUnavailable) as caught:
        complete(endpoint, 5, teacher_retries=0)
    assert "OPENAI_BASE_URL" in caught.value.cure


def test_replies_in_flight_are_kept_when_the_endpoint_refuses() -> None:
    def script(body: dict[str, Json]) -> ScriptedReply:
        return error_reply(401) if body["seed"] == 2 else chat_reply("paid", delay_s=0.3)

    got: list[str] = []
    with ScriptedEndpoint(script) as endpoint:
        teacher = Teacher.open(settings(endpoint.base_url))
        with pytest.raises(TeacherRefused):
            for result in teacher.complete_all(requests(5)):
                got.append(result.key)
    assert sorted(got) == ["0", "1", "3", "4"]


def test_a_fault_while_the_run_ends_says_nothing_of_the_request() -> None:
    def script(body: dict[str, Json]) -> ScriptedReply:
        match body["seed"]:
            case 0:
                return chat_reply("fine")
            case 1:
                return error_reply(401)
            case _:
                return ScriptedReply(body="<html></html>", delay_s=0.5)

    found: list[Result] = []
    with ScriptedEndpoint(script) as endpoint:
        teacher = Teacher.open(settings(endpoint.base_url))
        with pytest.raises(TeacherRefused):
            for result in teacher.complete_all(requests(4)):
                found.append(result)
    assert [result.key for result in found] == ["0"]
