"""Finding an engine: nothing is started where the user named one."""

import hashlib
import http.server
import json
import socketserver
import subprocess
from pathlib import Path
from threading import Thread

import pytest

from codeio_ops.errors import EngineUnavailable
from codeio_ops.sandbox.engine import connect, ensure_engine


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


def _use_context(directory: Path, name: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write what `docker context create` and `docker context use` write."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(directory))
    (directory / "config.json").write_text(json.dumps({"currentContext": name}))
    place = directory / "contexts" / "meta" / hashlib.sha256(b"rootless").hexdigest()
    place.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    meta = {"Name": "rootless", "Metadata": {}, "Endpoints": {"docker": endpoint}}
    (place / "meta.json").write_text(json.dumps(meta))


def test_the_engine_of_the_current_context_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socketserver.UnixStreamServer(str(tmp_path / "engine.sock"), _Engine) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        _use_context(tmp_path, "rootless", f"unix://{tmp_path}/engine.sock", monkeypatch)
        connect().close()
        monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
        with pytest.raises(EngineUnavailable, match="no Docker engine answers"):
            connect()
        server.shutdown()


class _Engine(http.server.BaseHTTPRequestHandler):
    """Answers to what a client asks at first."""

    def address_string(self) -> str:
        return "client"

    def do_GET(self) -> None:
        body = b"OK" if self.path.endswith("_ping") else b'{"ApiVersion": "1.41"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.parametrize(
    ("chosen", "said"),
    [("rootless", "no Docker engine answers"), ("gone", "there is no Docker context gone")],
)
def test_the_engine_of_a_context_is_not_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, said: str
) -> None:
    _use_context(tmp_path, chosen, "tcp://127.0.0.1:1", monkeypatch)
    with pytest.raises(EngineUnavailable, match=said) as caught:
        ensure_engine(print)
    assert caught.value.cure == (
        f"start the engine of the Docker context {chosen}, or set DOCKER_HOST to another"
    )


def _nothing_answers(**_: object) -> None:
    import docker.errors

    raise docker.errors.DockerException("no socket")
