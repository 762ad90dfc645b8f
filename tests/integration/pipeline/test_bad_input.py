"""Bad input ends in a drop record with its reason, or in one clear error that can be cured."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from codeio_ops.config import Settings
from codeio_ops.errors import (
    BlobStoreRefused,
    BlobStoreUnavailable,
    CodeIOError,
    SourceEmpty,
    SourceNotFound,
    SourceUnavailable,
    StoreRefused,
    StoreUnavailable,
    TeacherRefused,
    TeacherUnavailable,
)
from codeio_ops.ingest.pypi import PyPIReader
from codeio_ops.local import ports
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply, error_reply
from support.road import CORPUS, Road

GOOD = (CORPUS / "numbers" / "luhn.py").read_bytes()


def _drops(road: Road, stage: str) -> dict[str, int]:
    return dict(
        road.ask("SELECT reason, rows FROM codeio.drop_reason WHERE stage = :stage", stage=stage)
    )


def _with(road: Road, **settings: object) -> Road:
    return road.with_parts(settings=road.settings.model_copy(update=settings))


def test_bad_files_are_dropped_and_the_good_one_goes_on(empty_road: Road, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_bytes(GOOD)
    (tmp_path / "unparsable.py").write_bytes(GOOD + b"\ndef (:\n")
    (tmp_path / "nested.py").write_bytes(GOOD + b"\nx = " + b"[" * 5000 + b"]" * 5000)
    (tmp_path / "latin1.py").write_bytes(GOOD + b"\n# caf\xe9\n")
    (tmp_path / "empty.py").touch()
    with (tmp_path / "huge.py").open("wb") as huge:
        huge.truncate(50_000_000)
    empty_road.add(f"directory:{tmp_path}")
    counts = empty_road.ingest()
    reasons = {"unparsable": 2, "not_utf8": 1, "too_small": 1, "too_large": 1}
    assert counts == {"new": 1, **reasons}
    assert _drops(empty_road, "ingest") == reasons
    details = empty_road.ask("SELECT detail FROM codeio.drop_record WHERE reason = 'too_large'")
    assert "huge.py" in details[0][0] and "50000000 bytes" in details[0][0]
    assert empty_road.ingest() == {"known": 6}


def test_an_empty_source_is_an_error_with_a_cure(empty_road: Road, tmp_path: Path) -> None:
    empty_road.add(f"directory:{tmp_path}")
    with pytest.raises(SourceEmpty, match="holds no source file") as caught:
        empty_road.ingest()
    assert caught.value.cure
    (tmp_path / "good.py").write_bytes(GOOD)
    assert empty_road.ingest() == {"new": 1}


def test_a_source_that_does_not_exist_is_not_added(empty_road: Road, tmp_path: Path) -> None:
    for source in (f"directory:{tmp_path}/nothing", f"jsonl:{tmp_path}/nothing.jsonl"):
        with pytest.raises(SourceNotFound):
            empty_road.add(source)
    assert empty_road.rows("source") == 0


@pytest.fixture
def package_index() -> Iterator[str]:
    """The address of an index that holds no package at all."""

    class Empty(QuietHandler, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

    with LocalEndpoint(Empty) as server:
        yield f"{server.url}/simple/"


def test_an_unknown_package_is_not_found(package_index: str) -> None:
    with pytest.raises(SourceNotFound, match="no package 'nothing'"):
        PyPIReader("nothing==1.0", licence="", index=package_index).cursor()


def test_an_index_that_is_down_is_unavailable() -> None:
    index = f"http://127.0.0.1:{_closed_port()}/simple/"
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        PyPIReader("nothing==1.0", licence="", index=index).cursor()


def _closed_port() -> int:
    port = 20_000
    while not ports.is_free(port):
        port += 1
    return port


def test_an_unreachable_s3_loses_nothing(empty_road: Road) -> None:
    empty_road.add(f"directory:{CORPUS / 'grids'}")
    nowhere = f"http://127.0.0.1:{_closed_port()}"
    with pytest.raises(BlobStoreUnavailable, match="S3 cannot be reached") as caught:
        _with(empty_road, s3_endpoint_url=nowhere).ingest()
    assert caught.value.cure
    assert empty_road.rows("raw_file") == empty_road.rows("drop_record") == 0
    assert empty_road.ingest()["new"] == 4


@pytest.mark.parametrize("wrong", [{"s3_secret_key": SecretStr("x")}, {"s3_bucket": "not-there"}])
def test_an_s3_that_refuses_says_so(empty_road: Road, wrong: dict[str, object]) -> None:
    empty_road.add(f"directory:{CORPUS / 'grids'}")
    with pytest.raises(BlobStoreRefused, match="S3 refuses") as caught:
        _with(empty_road, **wrong).ingest()
    assert "CODEIO_S3" in caught.value.cure
    assert empty_road.rows("blob") == 0


def _other_url(settings: Settings, *, password: str = "", port: int = 0) -> SecretStr:
    from sqlalchemy import make_url

    url = make_url(settings.database_url.get_secret_value())
    url = url.set(password=password or url.password, port=port or url.port)
    return SecretStr(url.render_as_string(hide_password=False))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"password": "wrong"}, StoreRefused),
        ({"port": 1}, StoreUnavailable),
    ],
)
def test_a_wrong_password_is_refused_and_a_dead_server_unavailable(
    settings: Settings,
    open_road: Callable[[Settings], Road],
    change: dict[str, Any],
    error: type[CodeIOError],
) -> None:
    url = _other_url(settings, **change)
    with pytest.raises(error) as caught:
        open_road(settings.model_copy(update={"database_url": url})).ingest()
    assert caught.value.cure and "wrong" not in str(caught.value)


NO_COMPLETIONS = [
    ScriptedReply(body="<html>It works!</html>", headers={"content-type": "text/html"}),
    ScriptedReply(body="{}"),
    ScriptedReply(body='{"choices": []}'),
]
GARBAGE = [
    chat_reply("I'd rather talk about the weather."),
    chat_reply('```json\n{"reference_code": 7}\n```'),
    chat_reply("\x00\ufffd" * 50),
    chat_reply("half of", finish_reason="length"),
]


@pytest.mark.parametrize("reply", NO_COMPLETIONS)
def test_an_address_that_is_no_teacher_stops_the_stage(
    empty_road: Road, reply: ScriptedReply
) -> None:
    empty_road.add(f"directory:{CORPUS / 'numbers'}")
    empty_road.ingest()
    with ScriptedEndpoint([reply]) as endpoint:
        road = _with(empty_road, openai_base_url=endpoint.base_url, teacher_retries=0)
        with pytest.raises(TeacherUnavailable) as caught:
            road.do("transform")
    assert endpoint.base_url in str(caught.value) and "OPENAI_BASE_URL" in caught.value.cure
    assert _drops(empty_road, "transform") == {}, "the files stay pending"


@pytest.mark.parametrize("reply", GARBAGE)
def test_garbage_from_a_teacher_is_dropped_with_a_reason(
    empty_road: Road, reply: ScriptedReply
) -> None:
    empty_road.add(f"directory:{CORPUS / 'numbers'}")
    empty_road.ingest()
    with ScriptedEndpoint([reply]) as endpoint:
        road = _with(empty_road, openai_base_url=endpoint.base_url)
        counts = road.do("transform")
    assert counts.total() == empty_road.rows("raw_file") == len(endpoint.requests)
    assert _drops(empty_road, "transform") == dict(counts)
    assert empty_road.rows("program") == 0
    assert empty_road.rows("teacher_call") == counts.total()
    assert "program" not in counts and "" not in counts


def test_garbage_as_answers_gets_verdicts_and_is_never_right(empty_road: Road) -> None:
    road = empty_road
    road.add(f"directory:{CORPUS / 'grids'}")
    with ScriptedEndpoint([chat_reply("The answer is {42}, surely.")]) as endpoint:
        garbage = _with(road, openai_base_url=endpoint.base_url, teacher_concurrency=4).tasks()
        for name, task in road.tasks().items():
            answers = name.startswith("answer_prompts.")
            (garbage[name] if answers else task)()
    verdicts = road.ask("SELECT turn, verdict, count(*) FROM codeio.current_verdict GROUP BY 1, 2")
    prompts = road.rows("prompt")
    assert sorted(verdicts) == [(1, "no_json", prompts), (2, "no_json", prompts)]
    assert road.ask("SELECT count(*) FROM codeio.finished_conversation")[0][0] == prompts


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (error_reply(401), TeacherRefused),
        (error_reply(404), TeacherRefused),
        (error_reply(503, headers={"x-should-retry": "false"}), TeacherUnavailable),
    ],
)
def test_a_teacher_that_fails_leaves_every_file_pending(
    empty_road: Road, reply: ScriptedReply, error: type[CodeIOError]
) -> None:
    empty_road.add(f"directory:{CORPUS / 'grids'}")
    empty_road.ingest()
    with ScriptedEndpoint([reply]) as endpoint, pytest.raises(error) as caught:
        _with(empty_road, openai_base_url=endpoint.base_url).do("transform")
    assert caught.value.cure
    assert empty_road.rows("drop_record") == 1  # the empty file, at ingest
    assert empty_road.ask("SELECT pending FROM codeio.funnel WHERE stage = 'transform'") == [(4,)]
    assert empty_road.do("transform").total() == 4
