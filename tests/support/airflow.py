"""A stand-in for Airflow's REST API: a road of runs whose states a test sets."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler

from codeio_ops.jsonvalue import Json
from codeio_ops.local.nights import NIGHTLY
from codeio_ops.local.pipeline import ROAD
from codeio_ops.testing.servers import LocalEndpoint, QuietHandler

_RUN = re.compile(r"/api/v2/dags/(\w+)/dagRuns/([^/?]+)(/\w+)?")


class FakeAirflow(LocalEndpoint):
    """Answers what `codeio run` asks.

    Attributes:
        states: State of each run, by DAG and id; each run but those of the first DAG was started
            by the one of the DAG before it.
        releases: Release that a run came to, by id of the run.
        polled: Set when the state of a run was asked for.
        paused: DAGs that do not run.
        announced: Runs, failed or not, that updated their asset.
    """

    def __init__(self) -> None:
        """Start to listen."""
        self.states: dict[tuple[str, str], str] = {}
        self.releases: dict[str, str] = {}
        self.polled = threading.Event()
        self.paused: set[str] = set()
        self.announced: set[tuple[str, str]] = set()
        airflow = self

        class Handler(QuietHandler, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._read()
                self._reply({"access_token": "t", "dag_run_id": "started"})

            def do_PATCH(self) -> None:
                state = self._read().get("state")
                if found := _RUN.match(self.path):
                    airflow.states[found[1], found[2]] = str(state)
                else:
                    airflow.paused.discard(self.path.rpartition("/")[2])
                self._reply({})

            def do_GET(self) -> None:
                self._reply(airflow.answer(self.path))

            def _read(self) -> dict[str, Json]:
                body: dict[str, Json] = json.loads(self.body())
                return body

            def _reply(self, body: dict[str, Json]) -> None:
                self.answer(json.dumps(body).encode())

        super().__init__(Handler)

    def answer(self, path: str) -> dict[str, Json]:
        """Return what a GET gives."""
        if path.startswith("/api/v2/dags?"):
            return {"dags": [{"dag_id": dag_id} for dag_id in (*ROAD, *NIGHTLY)]}
        if found := _RUN.match(path):
            return self._of_run(found[1], found[2], found[3] or "")
        dag_id = path.split("/")[4]
        if path.endswith(f"/dags/{dag_id}"):
            return {"is_paused": dag_id in self.paused, "max_active_runs": 1}
        runs: list[Json] = [
            {"dag_id": dag_id, "dag_run_id": run_id, "state": state, "run_type": "manual"}
            for (owner, run_id), state in self.states.items()
            if owner == dag_id
        ]
        return {"dag_runs": runs}

    def _of_run(self, dag_id: str, run_id: str, part: str) -> dict[str, Json]:
        if part == "/upstreamAssetEvents":
            before = ROAD[ROAD.index(dag_id) - 1]
            started = [run for owner, run in self.states if owner == before]
            return {"asset_events": [{"source_run_id": run} for run in started]}
        if part == "/taskInstances":
            failed = self.states[dag_id, run_id] == "failed"
            task: dict[str, Json] = {
                "task_id": "assemble", "map_index": -1, "try_number": 1,
                "state": "failed" if failed else "running",
            }  # fmt: skip
            told: Json = {**task, "task_id": "announce", "state": "success"}
            tasks: list[Json] = [task, told] if (dag_id, run_id) in self.announced else [task]
            return {
                "task_instances": tasks,
                "total_entries": len(tasks),
                "value": self.releases.get(run_id),
            }
        self.polled.set()
        return {"state": self.states[dag_id, run_id]}
