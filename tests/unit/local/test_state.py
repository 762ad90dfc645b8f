"""Ports and secrets: generated once, remembered, readable by their owner only."""

from dataclasses import astuple
from pathlib import Path

import pytest

from codeio_ops.errors import StackError
from codeio_ops.local import ports
from codeio_ops.local.home import Home, exclusive, is_locked, write_private
from codeio_ops.local.state import Secrets, StackState, remember


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def test_secrets_are_generated_once(home: Home) -> None:
    first = remember(home, running=(), preferred=ports.ANY)
    assert remember(home, running=()).secrets == first.secrets


def test_ports_are_remembered(home: Home) -> None:
    first = remember(home, running=(), preferred=ports.ANY)
    assert remember(home, running=()).ports == first.ports


def test_no_two_secrets_are_equal() -> None:
    drawn = (*astuple(Secrets.generate()), *astuple(Secrets.generate()))
    assert len(set(drawn)) == len(drawn)


def test_airflow_signs_with_at_least_64_bytes() -> None:
    secrets = Secrets.generate()
    assert min(len(secrets.airflow_jwt_secret), len(secrets.airflow_api_secret)) >= 64


def test_the_state_is_readable_by_its_owner_only(home: Home) -> None:
    remember(home, running=(), preferred=ports.ANY)
    assert home.state_file.stat().st_mode & 0o777 == 0o600
    assert home.root.stat().st_mode & 0o066 == 0


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"ports": {}, "secrets": {"x": "y"}}'])
def test_a_broken_state_file_names_the_cure(home: Home, text: str) -> None:
    home.state_file.write_text(text)
    with pytest.raises(StackError) as caught:
        StackState.load(home)
    assert str(home.root) in caught.value.cure


def test_private_files_are_replaced_in_one_step(home: Home) -> None:
    path = home.root / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(home.root.glob("*.draft")) == []


def test_a_lock_is_seen_while_it_is_held(home: Home) -> None:
    lock = home.root / "lock"
    assert not is_locked(lock)
    with exclusive(lock):
        assert is_locked(lock)
    assert not is_locked(lock)
