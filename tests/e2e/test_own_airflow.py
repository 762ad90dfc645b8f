"""The steps of docs/own_airflow.md, in an Airflow that the embedded stack knows nothing of."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from codeio_ops.local import (
    components,
    pipeline,
    ports,
    postgres,
    postgres_roles,
    processes,
    seaweed,
    stack,
)
from codeio_ops.local.airflow_api import AirflowApi
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState
from support.installed import REPOSITORY, build_wheel, clean_environment, install
from support.planted_benchmark import benchmark_line
from support.road import CORPUS
from support.storage import quiet, settings_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PAGE = REPOSITORY / "docs" / "own_airflow.md"
DATABASE = "own"
PASSWORD = "of-the-test"
START_S = 800.0
ASK = """
import json
from airflow.sdk import Connection
names = ("codeio_postgres", "codeio_s3", "codeio_teacher", "codeio_docker")
print(json.dumps({name: Connection.get(name).test_connection() for name in names}))
"""
SERVICES = frozenset({components.Part.POSTGRES, components.Part.S3, components.Part.TEACHER})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAirflow:
    """A running Airflow, and what to ask it with."""

    url: str
    programs: Path
    variables: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the steps of the page exported."""
        entries = self.variables.read_text().rstrip("\0").split("\0")
        return dict(entry.split("=", 1) for entry in entries)

    def api(self) -> AirflowApi:
        return AirflowApi(self.url, "admin", PASSWORD)


@pytest.fixture(scope="module")
def services() -> Iterator[StackState]:
    """Postgres with an empty database, S3 with an empty bucket, and a teacher."""
    with tempfile.TemporaryDirectory(prefix="codeio-own-", dir="/tmp") as directory:
        home = Home(Path(directory))
        try:
            state = stack.up(home, parts=SERVICES, say=quiet, user={}, preferred=ports.ANY).state
            with postgres.connect(state) as link, link.cursor() as cursor:
                users = (postgres.APP, postgres.AUDITOR)
                postgres_roles.create_database(cursor, DATABASE, owner=postgres.OWNER, users=users)
            seaweed.ensure_bucket(state, DATABASE)
            yield state
        finally:
            stack.down(home, say=quiet)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of ten files."""
    directory = tmp_path_factory.mktemp("code")
    for path in sorted(CORPUS.glob("[nst]*/*.py"))[:10]:
        shutil.copy(path, directory)
    return directory


@pytest.fixture(scope="module")
def airflow(
    services: StackState, corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnAirflow]:
    """Airflow, started by `airflow standalone` after what the page says was done."""
    directory = tmp_path_factory.mktemp("own")
    programs = install(build_wheel(directory), directory / "environment", extra="airflow")
    home = directory / "airflow"
    home.mkdir()
    (home / "passwords.json").write_text(json.dumps({"admin": PASSWORD}))
    port = ports.choose(0, taken=())
    log, variables = directory / "log", directory / "variables"
    steps = ["set -eu", "airflow db migrate", *_steps(services, corpus), f"env -0 > {variables}"]
    with log.open("w") as output:
        process = subprocess.Popen(
            ("bash", "-c", "\n".join([*steps, "exec airflow standalone"])),
            env=clean_environment(programs, **_airflow_options(home, port)),
            cwd=home, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    own = OwnAirflow(url=f"http://127.0.0.1:{port}", programs=programs, variables=variables)
    try:
        assert processes.wait_until(lambda: _answers(own.url), START_S, every_s=1), log.read_text()
        yield own
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _airflow_options(home: Path, port: int) -> dict[str, str]:
    options = {
        "API__BASE_URL": f"http://127.0.0.1:{port}",
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "CORE__LOAD_EXAMPLES": "False",
        # LocalExecutor starts as many processes, and all of them at once.
        "CORE__PARALLELISM": "4",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }
    named = {f"AIRFLOW__{name}": value for name, value in options.items()}
    return {"AIRFLOW_HOME": str(home), "HOME": str(home), **named}


def _steps(state: StackState, corpus: Path) -> list[str]:
    """Return the commands of the page, with the addresses and secrets of this test."""
    settings = settings_of(state, DATABASE, Path("/nonexistent"))
    given = {
        "db.example.com:5432/codeio": f"{state.postgres_host}:{state.ports['postgres']}/{DATABASE}",
        '"port": 5432': f'"port": {state.ports["postgres"]}',
        '"schema": "codeio"': f'"schema": "{DATABASE}"',
        "db.example.com": state.postgres_host,
        "owner-secret": state.secrets.owner_password,
        "app-secret": state.secrets.app_password,
        "auditor-secret": state.secrets.auditor_password,
        "key-id": state.secrets.s3_access_key,
        "key-secret": state.secrets.s3_secret_key,
        "https://s3.example.com": settings.s3_endpoint_url,
        "https://llm.example.com/v1": f"http://127.0.0.1:{state.ports['teacher']}/v1",
        "teacher-secret": state.secrets.teacher_key,
        "your-model": "offline-trace-v1",
        "/path/to/code": str(corpus),
    }
    page = PAGE.read_text()
    for example, value in given.items():
        assert example in page, f"the page no longer says {example}"
        page = page.replace(example, value)
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    return blocks


def _answers(url: str) -> bool:
    try:
        parts = httpx.get(f"{url}/api/v2/monitor/health", trust_env=False, timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return False
    return {parts[name]["status"] for name in ("scheduler", "dag_processor")} == {"healthy"}


@pytest.fixture(scope="module")
def run_id(airflow: OwnAirflow, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first run of the pipeline, which has ended in a release."""
    items = tmp_path_factory.mktemp("benchmark") / "items.jsonl"
    items.write_text(benchmark_line())
    with airflow.api() as api:
        api.unpause_dag("index_benchmarks")
        indexing = api.trigger("index_benchmarks", {"benchmarks": {"of the tests": str(items)}})
        assert processes.wait_until(
            lambda: api.run_state("index_benchmarks", indexing) == "success", START_S, every_s=1
        )
        run_id = pipeline.start(api)
        pipeline.follow(api, run_id, show=lambda _: None)
    return run_id


def test_the_release_is_published_and_can_be_verified(
    airflow: OwnAirflow, run_id: str, services: StackState
) -> None:
    settings = settings_of(services, DATABASE, Path("/nonexistent"))
    where = {
        "CODEIO_DATABASE_URL": settings.database_url.get_secret_value(),
        "CODEIO_S3_ENDPOINT_URL": settings.s3_endpoint_url,
        "CODEIO_S3_ACCESS_KEY": settings.s3_access_key.get_secret_value(),
        "CODEIO_S3_SECRET_KEY": settings.s3_secret_key.get_secret_value(),
        "CODEIO_S3_BUCKET": settings.s3_bucket,
    }
    verified = subprocess.run(
        ("codeio", "release", "verify", "codeio_pp", "--json"),
        env={**airflow.environment, **where}, capture_output=True, text=True,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["verified_files"] >= 4


def test_tasks_say_where_their_settings_come_from(
    airflow: OwnAirflow, run_id: str, services: StackState
) -> None:
    logs = airflow.environment["AIRFLOW_HOME"]
    (log,) = Path(logs, "logs").glob("dag_id=ingest_code/run_id=*/task_id=ingest/map_index=0/*.log")
    said = log.read_text()
    assert "codeio_postgres, codeio_s3, codeio_teacher, codeio_docker" in said
    assert services.secrets.app_password not in said


def test_the_pages_read_as_the_auditor_of_the_connection(airflow: OwnAirflow, run_id: str) -> None:
    with httpx.Client(base_url=airflow.url, trust_env=False, timeout=60) as http:
        login = {"username": "admin", "password": PASSWORD}
        token = http.post("/auth/token", json=login).json()["access_token"]
        page = http.get("/codeio/releases", headers={"Authorization": f"Bearer {token}"})
    assert page.status_code == 200
    assert "codeio_pp" in page.text


def test_each_connection_can_be_tested(airflow: OwnAirflow, run_id: str) -> None:
    done = subprocess.run(
        (airflow.programs / "python", "-c", ASK), env=airflow.environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = json.loads(done.stdout.strip().splitlines()[-1])
    assert {name: works for name, (works, _) in answers.items()} == dict.fromkeys(answers, True)
    assert answers["codeio_postgres"][1] == "1 releases in the database"
