"""The client of Airflow's REST API keeps following when an answer fails to come."""

import json
from http.server import BaseHTTPRequestHandler

import pytest

from codeio_ops.errors import StackError
from codeio_ops.jsonvalue import Json
from codeio_ops.local import airflow_api
from codeio_ops.local.airflow_api import AirflowApi
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler


class Airflow(LocalEndpoint):
    """Signs anyone in; the first `faults` requests for DAG runs get no answer, or this status."""

    def __init__(self, faults: int, *, status: int = 0) -> None:
        """Start to listen."""
        self.asked: list[str] = []
        airflow = self

        class Handler(QuietHandler, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.body()
                if "dagRuns" not in self.path:
                    self._reply({"access_token": "t"})
                    return
                airflow.asked.append("POST")

            def do_GET(self) -> None:
                airflow.asked.append("GET")
                if len(airflow.asked) > faults:
                    self._reply({"state": "running"})
                elif status:
                    self.answer(b"a fault", status=status)

            def _reply(self, body: Json) -> None:
                self.answer(json.dumps(body).encode())

        super().__init__(Handler)

    def client(self) -> AirflowApi:
        """Return a client of it."""
        return AirflowApi(self.url, "admin", "secret")


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_api, "_READ_PAUSE_S", 0.0)


def test_reading_survives_a_lost_answer() -> None:
    with Airflow(faults=2) as airflow, airflow.client() as api:
        assert api.run_state("ingest_code", "r") == "running"
    assert airflow.asked == ["GET"] * 3


def test_reading_ends_when_no_answer_ever_comes() -> None:
    refused = pytest.raises(StackError, match="does not answer")
    with Airflow(faults=99) as airflow, airflow.client() as api, refused:
        api.run_state("ingest_code", "r")
    assert airflow.asked == ["GET"] * 4


def test_reading_outlives_the_minute_in_which_the_database_starts_again() -> None:
    with Airflow(faults=20, status=500) as airflow, airflow.client() as api:
        assert api.run_state("ingest_code", "r") == "running"
    assert len(airflow.asked) == 21


def test_a_fault_that_lasts_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_api, "_FAULTS_S", 0.1)
    refused = pytest.raises(StackError, match=r"refuses GET .*: 503 a fault")
    with Airflow(faults=10**9, status=503) as airflow, airflow.client() as api, refused:
        api.run_state("ingest_code", "r")


def test_what_airflow_does_not_know_is_asked_once() -> None:
    refused = pytest.raises(StackError, match="404")
    with Airflow(faults=9, status=404) as airflow, airflow.client() as api, refused:
        api.run_state("ingest_code", "r")
    assert airflow.asked == ["GET"]


def test_a_run_is_triggered_once() -> None:
    refused = pytest.raises(StackError, match="does not answer")
    with Airflow(faults=99) as airflow, airflow.client() as api, refused:
        api.trigger("ingest_code", {})
    assert airflow.asked == ["POST"]
