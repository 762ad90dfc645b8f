"""A small client of Airflow's REST API: what the command line and the demo need of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
import tenacity

from codeio_ops.errors import StackError
from codeio_ops.jsonvalue import Json

# A machine whose cores are all taken answers late; whoever follows a run can wait.
TIMEOUT_S = 120.0
TERMINAL_STATES = frozenset({"success", "failed"})
PAGE = 1000

# Reading is tried again: who follows a run for hours must not lose it to one slow answer.
_READ_TRIES = 4
_READ_PAUSE_S = 2.0
# While its database starts again, the API answers, with faults of its own.
_FAULTS_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DagRun:
    """One run of a DAG; times are ISO 8601 texts in UTC, or None."""

    dag_id: str
    run_id: str
    state: str
    run_type: str
    start_date: str | None
    end_date: str | None

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> "DagRun":
        """Read the API's form of a run."""
        return cls(
            dag_id=str(raw["dag_id"]),
            run_id=str(raw["dag_run_id"]),
            state=str(raw["state"]),
            run_type=str(raw["run_type"]),
            start_date=_text(raw.get("start_date")),
            end_date=_text(raw.get("end_date")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DagState:
    """Whether a DAG is paused; `most_runs` go on at a time, and 0 is no limit."""

    is_paused: bool
    most_runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInstance:
    """One task of a run; `map_index` is -1 when it is not mapped, `state` "" when not set."""

    task_id: str
    map_index: int
    state: str
    try_number: int
    label: str

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> "TaskInstance":
        """Read the API's form of a task instance."""
        return cls(
            task_id=str(raw["task_id"]),
            map_index=int(str(raw["map_index"])),
            state=_text(raw.get("state")) or "",
            try_number=int(str(raw["try_number"])),
            label=_text(raw.get("rendered_map_index")) or "",
        )


class AirflowApi:
    """Calls Airflow as one user; the token is fetched on first use and renewed when refused.

    Args:
        base_url: Address of the API server, without a path.
        user: Name of the user.
        password: Password of the user.
        timeout_s: Seconds a call may take.
    """

    def __init__(
        self, base_url: str, user: str, password: str, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, trust_env=False)
        self._login = {"username": user, "password": password}

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._http.close()

    def health(self) -> dict[str, str]:
        """Return the state ("healthy", ...) of each component by the API's name for it.

        Raises:
            StackError: Airflow does not answer.
        """
        raw = self._object(self._send("GET", "/api/v2/monitor/health"))
        return {
            name: str(part.get("status")) for name, part in raw.items() if isinstance(part, dict)
        }

    def dag_ids(self) -> list[str]:
        """Return the ids of all DAGs that Airflow has parsed."""
        raw = self._get("/api/v2/dags", {"limit": PAGE, "exclude_stale": True})
        return sorted(str(dag["dag_id"]) for dag in _rows(raw, "dags"))

    def import_errors(self) -> dict[str, str]:
        """Return the stack trace of each DAG file that cannot be imported."""
        raw = self._get("/api/v2/importErrors", {"limit": PAGE})
        return {
            str(item["filename"]): str(item["stack_trace"]) for item in _rows(raw, "import_errors")
        }

    def unpause_dag(self, dag_id: str) -> None:
        """Let a DAG run."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def dag_state(self, dag_id: str) -> "DagState":
        """Return whether a DAG is paused, and how many runs it may have at a time."""
        raw = self._get(f"/api/v2/dags/{dag_id}", {})
        return DagState(
            is_paused=bool(raw["is_paused"]), most_runs=int(str(raw["max_active_runs"] or 0))
        )

    def trigger(self, dag_id: str, conf: Mapping[str, Json]) -> str:
        """Start a run and return its id."""
        body: Json = {"logical_date": None, "conf": dict(conf)}
        return str(self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def fail_run(self, dag_id: str, run_id: str) -> None:
        """Stop a run: its tasks are killed, and it counts as failed."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", {"state": "failed"})

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return "queued", "running", "success" or "failed"."""
        return str(self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", {})["state"])

    def list_runs(self, dag_id: str, *, limit: int = 100) -> list[DagRun]:
        """Return a DAG's runs, the newest first."""
        raw = self._get(
            f"/api/v2/dags/{dag_id}/dagRuns", {"limit": limit, "order_by": "-run_after"}
        )
        return [DagRun.from_json(item) for item in _rows(raw, "dag_runs")]

    def task_instances(self, dag_id: str, run_id: str) -> list[TaskInstance]:
        """Return every task of a run, mapped ones one by one, in the API's order."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[TaskInstance] = []
        while True:
            raw = self._get(path, {"limit": PAGE, "offset": len(found)})
            rows = _rows(raw, "task_instances")
            found += [TaskInstance.from_json(item) for item in rows]
            if not rows or len(found) >= int(str(raw["total_entries"])):
                return found

    def upstream_runs(self, dag_id: str, run_id: str) -> list[str]:
        """Return the ids of the runs whose asset events started this run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/upstreamAssetEvents"
        events = _rows(self._get(path, {}), "asset_events")
        return [str(event["source_run_id"]) for event in events]

    def returned(self, dag_id: str, run_id: str, task_id: str) -> Json:
        """Return what a task of a run returned, as it is stored.

        Raises:
            StackError: it returned nothing.
        """
        task = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        return self._get(f"{task}/xcomEntries/return_value", {})["value"]

    def put_pool(self, name: str, *, slots: int, description: str) -> None:
        """Create a pool, or give an existing one this size."""
        body: dict[str, Json] = {
            "slots": slots,
            "description": description,
            "include_deferred": False,
        }
        answer = self._authorised("PATCH", f"/api/v2/pools/{name}", {**body, "pool": name})
        if answer.status_code == httpx.codes.NOT_FOUND:
            answer = self._authorised("POST", "/api/v2/pools", {**body, "name": name})
        self._object(answer)

    def _get(self, path: str, query: Mapping[str, str | int | bool]) -> dict[str, Json]:
        tries = tenacity.Retrying(
            stop=_has_failed_for_good,
            wait=tenacity.wait_fixed(_READ_PAUSE_S),
            retry=tenacity.retry_if_exception_cause_type(httpx.TransportError)
            | tenacity.retry_if_result(lambda answer: answer.is_server_error),
            retry_error_callback=_last_outcome,
        )
        return self._object(tries(self._authorised, "GET", path, None, query=query))

    def _call(self, method: str, path: str, body: Json) -> dict[str, Json]:
        return self._object(self._authorised(method, path, body))

    def _authorised(
        self,
        method: str,
        path: str,
        body: Json,
        *,
        query: Mapping[str, str | int | bool] | None = None,
    ) -> httpx.Response:
        if "Authorization" not in self._http.headers and (fault := self._sign_in()):
            return fault
        answer = self._send(method, path, body, query=query)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            if fault := self._sign_in():
                return fault
            answer = self._send(method, path, body, query=query)
        return answer

    def _sign_in(self) -> httpx.Response | None:
        """Fetch a token; return the answer of a server that has a fault and gives none."""
        answer = self._send("POST", "/auth/token", dict(self._login))
        if answer.is_server_error:
            return answer
        self._http.headers["Authorization"] = f"Bearer {self._object(answer)['access_token']}"
        return None

    def _send(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Mapping[str, str | int | bool] | None = None,
    ) -> httpx.Response:
        try:
            return self._http.request(method, path, json=body, params=query)
        except httpx.HTTPError as exc:
            raise StackError(
                f"Airflow does not answer at {self._http.base_url}: {exc}", cure="Run `codeio up`."
            ) from exc

    def _object(self, answer: httpx.Response) -> dict[str, Json]:
        if answer.is_error:
            where = f"{answer.request.method} {answer.request.url.path}"
            raise StackError(f"Airflow refuses {where}: {answer.status_code} {answer.text[:300]}")
        raw = answer.json()
        if not isinstance(raw, dict):
            raise StackError(f"Airflow answers {answer.request.url.path} with no JSON object")
        return raw


def _has_failed_for_good(state: tenacity.RetryCallState) -> bool:
    if state.outcome is not None and state.outcome.failed:
        return state.attempt_number >= _READ_TRIES
    return (state.seconds_since_start or 0.0) >= _FAULTS_S


def _last_outcome(state: tenacity.RetryCallState) -> httpx.Response:
    assert state.outcome is not None
    answer: httpx.Response = state.outcome.result()
    return answer


def _rows(raw: Mapping[str, Json], name: str) -> list[dict[str, Json]]:
    rows = raw[name]
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _text(value: Json) -> str | None:
    return None if value is None else str(value)
