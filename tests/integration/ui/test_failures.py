"""A task that fails says why in its log, and on the Overview page with the cure."""

import asyncio
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from codeio_airflow import failures
from codeio_airflow.connections import settings_of_task
from codeio_airflow.ui.app import build_app
from codeio_ops.cli.follow import explained, following
from codeio_ops.config import Settings
from codeio_ops.errors import CodeIOError, EngineUnavailable, PipelineFailed, TeacherUnavailable
from codeio_ops.storage.engine import Store

RUN_ID = "manual__2026-01-02T00:00:00+00:00"


def _context(error: BaseException, try_number: int = 2) -> Any:
    instance = SimpleNamespace(
        dag_id="answer_prompts", run_id=RUN_ID, task_id="answer", map_index=3, try_number=try_number
    )
    return {"ti": instance, "exception": error}


@pytest.fixture(autouse=True)
def _fresh_task() -> None:
    """Each test is a task of its own: a task reads its settings once."""
    settings_of_task.cache_clear()


@pytest.fixture
def client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: settings))
    with TestClient(build_app(settings, logged_in=None, active_tasks=list)) as client:
        yield client


@pytest.mark.parametrize(
    "error",
    [
        TeacherUnavailable("the endpoint is down", cure="start it"),
        EngineUnavailable("no Docker engine answers", cure="start dockerd"),
    ],
)
def test_the_cause_and_the_cure_are_in_the_log_and_on_the_page(
    client: TestClient, caplog: pytest.LogCaptureFixture, error: CodeIOError
) -> None:
    failures.report_failure(_context(error))
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert str(error) in line and error.cure in line
    for path in ("/overview", f"/run?dag_id=answer_prompts&run_id={RUN_ID.replace('+', '%2B')}"):
        html = client.get(path).text
        assert str(error) in html and f"What to do: {error.cure}" in html
        assert "answer[3], try 2" in html
    assert "1 task failed" in client.get("/overview").text


def test_a_try_that_is_followed_by_another_is_no_failed_task(client: TestClient) -> None:
    failures.report_retry(_context(TeacherUnavailable("slow")))
    html = client.get("/overview").text
    assert "is tried again" in html
    assert "1 task had to be tried again" in html


def test_of_a_task_only_the_last_try_is_listed(client: TestClient) -> None:
    for number in (1, 2):
        failures.report_retry(_context(TeacherUnavailable("slow"), number))
    failures.report_failure(_context(TeacherUnavailable("down"), 3))
    html = client.get("/overview").text
    assert "answer[3], try 3" in html and "failed for good" in html
    assert "answer[3], try 1" not in html and "is tried again" not in html


def test_who_follows_a_run_reads_the_cause_and_the_cure_of_its_task(
    client: TestClient, store: Store
) -> None:
    error = TeacherUnavailable("the endpoint is down", cure="start it")
    failures.report_retry(_context(TeacherUnavailable("slow"), 1))
    failures.report_failure(_context(error))
    failed = PipelineFailed("answer_prompts failed", dag_id="answer_prompts", run_id=RUN_ID)
    with pytest.raises(PipelineFailed) as told, following(store):
        raise failed
    assert str(told.value) == "answer_prompts failed\nanswer: the endpoint is down"
    assert told.value.cure == "start it"


def test_a_run_whose_tasks_said_nothing_keeps_the_usual_cure(store: Store) -> None:
    failed = PipelineFailed("ingest_code failed", dag_id="ingest_code", run_id=RUN_ID)
    assert explained(failed, store) is failed
    assert failed.cure == PipelineFailed.usual_cure


def test_a_bug_is_named_by_its_class(client: TestClient) -> None:
    failures.report_failure(_context(KeyError("<b>")))
    html = client.get("/overview").text
    assert "KeyError" in html and failures.UNKNOWN_CURE in html
    assert "<b>&" not in html


def test_a_missed_deadline_is_shown(client: TestClient) -> None:
    context = {"dag_run": {"dag_id": "ingest_code", "dag_run_id": RUN_ID}}
    asyncio.run(failures.report_deadline(context))
    assert "DeadlineMissed" in client.get("/overview").text


def test_a_database_that_is_down_hides_no_cause(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = type(settings.database_url)("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    broken = settings.model_copy(update={"database_url": nowhere})
    monkeypatch.setattr(Settings, "load", classmethod(lambda cls: broken))
    failures.report_failure(_context(TeacherUnavailable("the endpoint is down")))
    assert "the endpoint is down" in caplog.text
    assert "is not on the Overview page" in caplog.text
