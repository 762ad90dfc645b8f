"""`stack.env`: one file that a shell and pydantic-settings read the same."""

import subprocess
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError
from codeio_ops.local import components, environment
from codeio_ops.local.home import Home
from codeio_ops.local.ports import PREFERRED
from codeio_ops.local.state import Secrets, StackState


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "a home")
    home.create()
    return home


@pytest.fixture
def state() -> StackState:
    return StackState(ports=PREFERRED, secrets=Secrets.generate())


def _variables(home: Home, state: StackState, **user: str) -> dict[str, str]:
    return environment.stack_environment(home, state, bucket="codeio", user=user)


def test_settings_read_what_the_stack_wrote(
    home: Home, state: StackState, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CODEIO_S3_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    variables = _variables(home, state)
    environment.write(home, variables)
    settings = Settings.load(home.root)
    assert settings.database_url.get_secret_value() == variables["CODEIO_DATABASE_URL"]
    assert settings.s3_secret_key.get_secret_value() == state.secrets.s3_secret_key
    assert settings.teacher_url == "http://127.0.0.1:8900/v1"
    assert settings.uses_offline_teacher
    assert settings.home == home.root


def test_a_shell_reads_the_same_values(home: Home, state: StackState) -> None:
    variables = {**_variables(home, state), "CODEIO_ODD": 'a "b" $HOME; #c'}
    environment.write(home, variables)
    script = f'set -a; . "{home.env_file}"; env -0'
    done = subprocess.run(
        ("sh", "-c", script), env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )
    read = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
    assert {name: read.get(name) for name in variables} == variables


def test_the_file_is_readable_by_its_owner_only(home: Home, state: StackState) -> None:
    environment.write(home, _variables(home, state))
    assert home.env_file.stat().st_mode & 0o777 == 0o600


def test_the_user_chooses_the_endpoint(home: Home, state: StackState) -> None:
    variables = _variables(home, state, OPENAI_BASE_URL="http://model:1/v1", OTHER="x")
    assert variables["OPENAI_BASE_URL"] == "http://model:1/v1"
    assert "OTHER" not in variables


def test_the_user_tunes_airflow(home: Home, state: StackState) -> None:
    variables = _variables(home, state, AIRFLOW__CORE__PARALLELISM="2")
    assert variables["AIRFLOW__CORE__PARALLELISM"] == "2"


def test_the_home_is_the_one_asked_for(home: Home, state: StackState) -> None:
    assert _variables(home, state, CODEIO_HOME="/elsewhere")["CODEIO_HOME"] == str(home.root)


def test_airflow_listens_on_loopback_and_fetches_nothing(home: Home, state: StackState) -> None:
    variables = _variables(home, state)
    assert variables["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert variables["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"


@pytest.mark.parametrize("value", ["it's", "two\nlines", "${HOME}"])
def test_a_value_that_would_be_read_differently_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="CODEIO_X"):
        environment.render({"CODEIO_X": value})


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ({}, True),
        ({"openai_base_url": "http://127.0.0.1:1/v1"}, False),
        ({"openai_base_url": "http://127.0.0.1:1/v1", "transform_mode": "mixed"}, True),
    ],
)
def test_the_offline_teacher_is_started_when_it_is_asked(
    home: Home, state: StackState, settings: dict[str, str], starts: bool
) -> None:
    chosen = Settings.model_validate({"home": Path("/nonexistent"), **settings})
    parts = frozenset({components.Part.TEACHER})
    assert bool(components.services(home, state, chosen, {}, parts)) is starts


def test_a_start_says_on_which_rows_settings_act_that_have_another_value(
    home: Home, state: StackState
) -> None:
    assert list(environment.changes(home, _variables(home, state, CODEIO_MIN_PAIRS="3"))) == []
    environment.write(home, _variables(home, state, CODEIO_MIN_PAIRS="3", CODEIO_TEMPERATURE="0.7"))
    changed = _variables(
        home, state, CODEIO_PAIRS_PER_PROGRAM="4", CODEIO_SHARD_ROWS="7", CODEIO_LICENCES='["MIT"]'
    )
    assert list(environment.changes(home, changed)) == [
        "CODEIO_PAIRS_PER_PROGRAM was 10, is 4: acts on new rows",
        "CODEIO_MIN_PAIRS was 3, is 2: acts on new rows, and those it dropped",
        'CODEIO_LICENCES was not set, is ["MIT"]: acts on all files of all sources, when they are '
        "read next",
    ]


def test_a_shell_is_refused_that_sets_what_the_stack_was_started_without(
    home: Home, state: StackState
) -> None:
    environment.write(home, _variables(home, state, CODEIO_MODEL="a", OPENAI_API_KEY="sk-old"))
    same = {"CODEIO_MODEL": "a", "CODEIO_MIN_PAIRS": "2", "CODEIO_HOME": "elsewhere", "TERM": "x"}
    environment.require_same(home, {})
    environment.require_same(home, same)
    other = {**same, "CODEIO_MODEL": "b", "OPENAI_API_KEY": "sk-new", "CODEIO_MIN_PAIRS": "4"}
    with pytest.raises(SettingsError) as caught:
        environment.require_same(home, other)
    assert str(caught.value) == (
        "the stack was started with other values of "
        "OPENAI_API_KEY, CODEIO_MODEL, CODEIO_MIN_PAIRS than this shell has"
    )
    assert "codeio up" in caught.value.cure


def test_the_cache_of_a_user_is_left_alone(
    home: Home, state: StackState, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert "XDG_CACHE_HOME" not in _variables(home, state)
