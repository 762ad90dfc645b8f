"""Finding an engine: nothing is started where the user named one."""

import subprocess

import pytest

from codeio_ops.errors import EngineUnavailable
from codeio_ops.sandbox.engine import ensure_engine


def test_a_named_engine_that_is_down_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(EngineUnavailable) as caught:
        ensure_engine(print)
    assert caught.value.cure == (
        "start the engine at DOCKER_HOST=tcp://127.0.0.1:1, or unset DOCKER_HOST"
    )


def test_without_root_the_cure_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("docker.from_env", _nothing_answers)
    with pytest.raises(EngineUnavailable) as caught:
        ensure_engine(said.append)
    assert caught.value.cure.startswith("sudo ")
    assert said == []


def _nothing_answers(**_: object) -> None:
    import docker.errors

    raise docker.errors.DockerException("no socket")
