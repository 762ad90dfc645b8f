"""The stack with workers: what it starts, and what its processes are told."""

import json
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import StackError
from codeio_ops.local import broker, components, environment, pooler, ports, workers
from codeio_ops.local.components import EVERYTHING
from codeio_ops.local.home import Home
from codeio_ops.local.processes import Component
from codeio_ops.local.programs import PACKAGES, missing_programs, require_programs
from codeio_ops.local.state import Secrets, StackState, remember

SECRETS = Secrets.generate()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    return home


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of the packages that do nothing, on a machine that may lack the packages."""
    for name in PACKAGES:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


def _state(count: int) -> StackState:
    return StackState(ports=ports.PREFERRED, secrets=SECRETS, workers=count)


def _services(home: Home, count: int) -> dict[str, Component]:
    state = _state(count)
    variables = environment.stack_environment(home, state, bucket="codeio", user={})
    settings = Settings.model_validate({"home": home.root})
    found = components.services(home, state, settings, variables, EVERYTHING)
    return {component.name: component for component in found}


def test_workers_are_kept_until_told_otherwise(home: Home) -> None:
    assert remember(home, running=(), preferred=ports.ANY).workers == 0
    assert remember(home, running=(), workers=2).workers == 2
    assert remember(home, running=()).workers == 2
    assert remember(home, running=(), workers=0).workers == 0


def test_a_stack_that_is_older_than_the_workers_has_all_they_need(home: Home) -> None:
    raw = json.loads(_saved(home))
    del raw["workers"], raw["ports"]["redis"], raw["ports"]["pgbouncer"]
    home.state_file.write_text(json.dumps(raw))
    state = remember(home, running=(), workers=1)
    assert state.ports["redis"] and state.ports["pgbouncer"]
    assert broker.url(state) == broker.url(remember(home, running=()))


def _saved(home: Home) -> str:
    remember(home, running=(), preferred=ports.ANY)
    return home.state_file.read_text()


def test_each_worker_has_a_directory_of_its_own(home: Home) -> None:
    found = _services(home, 2)
    first, second = found["worker-1"], found["worker-2"]
    for name in ("AIRFLOW_HOME", "AIRFLOW__LOGGING__BASE_LOG_FOLDER", "WORKER_NAME"):
        assert first.env[name] != second.env[name]
    assert first.cwd != second.cwd


def test_without_workers_nothing_of_them_is_started(home: Home, on_path: None) -> None:
    assert not any(map(workers.is_worker, _services(home, 0)))
    names = {component.name for component in components.storage(home, _state(0), EVERYTHING)}
    assert names == {"postgres", "s3"}
    with_workers = components.storage(home, _state(1), EVERYTHING)
    assert {component.name for component in with_workers} - names == {"pgbouncer", "redis"}


def test_no_secret_stands_on_a_command_line(home: Home, on_path: None) -> None:
    found = (*components.storage(home, _state(1), EVERYTHING), *_services(home, 1).values())
    words = " ".join(word for component in found for word in component.argv)
    assert not [
        secret for secret in (SECRETS.redis_password, SECRETS.app_password) if secret in words
    ]


def test_what_belongs_to_a_session_goes_past_the_pooler(home: Home) -> None:
    state = _state(1)
    variables = environment.stack_environment(home, state, bucket="codeio", user={})
    pooled, direct = f":{state.ports['pgbouncer']}/", f":{state.ports['postgres']}/"
    for name in ("CODEIO_DATABASE_URL", "CODEIO_AUDITOR_DATABASE_URL"):
        assert pooled in variables[name]
    assert pooled in variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert pooled in variables["AIRFLOW__CELERY__RESULT_BACKEND"]
    assert direct in variables["CODEIO_OWNER_DATABASE_URL"]
    assert direct in variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"]


def test_a_message_outlives_the_longest_task(home: Home) -> None:
    for user, longest in (({}, 43_200), ({"CODEIO_TASK_TIMEOUT_S": "100000"}, 100_000)):
        variables = environment.stack_environment(home, _state(1), bucket="codeio", user=user)
        name = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"
        assert int(variables[name]) > longest


def test_the_variables_can_be_written(home: Home) -> None:
    variables = environment.stack_environment(home, _state(2), bucket="codeio", user={})
    connection = json.loads(variables["AIRFLOW_CONN_CODEIO_TASK_LOGS"])
    assert connection["login"] == SECRETS.s3_access_key
    assert "AIRFLOW_CONN_CODEIO_TASK_LOGS" in environment.render(variables)


def test_the_pooler_lets_in_who_has_work_there_and_no_owner() -> None:
    lines = pooler.users(_state(1)).splitlines()
    assert {line.split('"')[1] for line in lines} == {"codeio_app", "codeio_auditor", "airflow"}


def test_what_is_missing_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("codeio_ops.local.programs._SYSTEM_PATH", "/nonexistent")
    assert missing_programs() == list(PACKAGES)
    with pytest.raises(StackError, match="redis-server and pgbouncer") as caught:
        require_programs()
    assert "apt-get install --no-install-recommends redis-server pgbouncer" in caught.value.cure
