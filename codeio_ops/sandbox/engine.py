"""The Docker engine: find one that answers, or start one where that is allowed.

Beside `address` the only module that imports the Docker SDK; the others get a client from
`connect` and wrap their calls in `engine_errors`.
"""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import docker
import docker.errors
import requests.exceptions

from codeio_ops.errors import EngineUnavailable, ImageMissing, SandboxFault, SandboxUnsafe
from codeio_ops.sandbox.address import EngineAddress, context_name
from codeio_ops.sandbox.runtimes import runtime_named

Say = Callable[[str], None]

CALL_TIMEOUT_S = 60
_PING_TIMEOUT_S = 5
_START_TIMEOUT_S = 40.0
_LOG = Path("/var/log/codeio-dockerd.log")
_INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", "docker.io", "iptables")

# Tried in turn. Jobs have no network, so an engine without one serves them as well; vfs is
# slow and large, and works on any file system.
_DAEMON_FLAGS: tuple[tuple[str, ...], ...] = (
    (),
    ("--bridge", "none", "--iptables=false"),
    ("--bridge", "none", "--iptables=false", "--storage-driver=vfs"),
)


USUAL_ENGINE = EngineAddress()


def connect(
    address: EngineAddress = USUAL_ENGINE, *, timeout_s: float = CALL_TIMEOUT_S
) -> docker.DockerClient:
    """Return a client of an engine.

    Raises:
        EngineUnavailable: no engine answers.
    """
    try:
        with ExitStack() as unless_it_answers:
            client = unless_it_answers.enter_context(closing(address.client(timeout_s)))
            client.ping()
            unless_it_answers.pop_all()
    except (docker.errors.DockerException, requests.exceptions.RequestException) as exc:
        raise EngineUnavailable(f"no Docker engine answers: {exc}", cure=_cure()) from exc
    return client


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn the SDK's errors into ours.

    Raises:
        ImageMissing: the engine does not have the image.
        SandboxFault: the engine failed at this request.
    """
    try:
        yield
    except docker.errors.ImageNotFound as exc:
        raise ImageMissing(f"{doing}: the sandbox image is not on this engine") from exc
    except (docker.errors.DockerException, requests.exceptions.RequestException) as exc:
        raise SandboxFault(f"{doing}: {exc}") from exc


@contextmanager
def ignoring_absent() -> Iterator[None]:
    """Let a container be gone already, or going."""
    try:
        yield
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as exc:
        if exc.status_code != 409:  # "removal is already in progress"
            raise


def require_runtime(client: docker.DockerClient, name: str) -> None:
    """Make sure that a container runtime is known here and on the engine.

    Raises:
        SandboxUnsafe: it is not.
        SandboxFault: the engine does not say.
    """
    runtime_named(name)
    with engine_errors("asking for the engine's runtimes"):
        offered = client.info().get("Runtimes") or {}
    if name not in offered:
        raise SandboxUnsafe(
            f"the engine has no container runtime {name}, but: {', '.join(offered)}",
            cure=f"register it (dockerd --add-runtime {name}=PATH), or set "
            "CODEIO_SANDBOX_RUNTIME=runc",
        )


def ensure_engine(say: Say) -> None:
    """Make sure that an engine answers; as root on Debian or Ubuntu, install and start one.

    The engine goes on running after this process. Nothing is installed or started when
    `DOCKER_HOST` or the current Docker context names an engine, or without root.

    Args:
        say: Called with one line for each step that changes the machine.

    Raises:
        EngineUnavailable: no engine answers and none could be started; `cure` says what
            to run.
    """
    try:
        connect(timeout_s=_PING_TIMEOUT_S).close()
        return
    except EngineUnavailable:
        if not _may_start():
            raise
    if shutil.which("dockerd") is None:
        _install(say)
    _start(say)


def _may_start() -> bool:
    local = not (os.environ.get("DOCKER_HOST") or context_name())
    known = shutil.which("dockerd") is not None or is_debian()
    return local and known and os.geteuid() == 0


def is_debian() -> bool:
    """Say whether this machine installs packages with apt."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return "debian" in family and shutil.which("apt-get") is not None


def apt_install(command: Sequence[str], say: Say) -> None:
    """Run one `apt-get install` without questions, after refreshing the lists.

    Raises:
        EngineUnavailable: apt failed.
    """
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (("apt-get", "update"), command):
        say(" ".join(step))
        done = subprocess.run(
            step, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment
        )
        if done.returncode != 0 and step is command:
            raise EngineUnavailable(
                f"apt-get failed: {done.stderr.strip()[-500:]}", cure=" ".join(command)
            )


def _install(say: Say) -> None:
    say("no Docker engine is installed; installing docker.io")
    apt_install(_INSTALL, say)


def _start(say: Say) -> None:
    for flags in _DAEMON_FLAGS:
        command = ("dockerd", *flags)
        say(f"starting the Docker engine: {' '.join(command)} (log: {_LOG})")
        if _answers(_spawn(command)):
            return
    raise EngineUnavailable(
        f"dockerd does not start; see {_LOG}", cure=f"dockerd  # then read {_LOG}"
    )


def _spawn(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own, so that it outlives this process and its terminal.
    with _LOG.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _answers(daemon: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and daemon.poll() is None:
        try:
            connect(timeout_s=_PING_TIMEOUT_S).close()
            return True
        except EngineUnavailable:
            time.sleep(0.5)
    daemon.terminate()
    daemon.wait()
    return False


def _cure() -> str:
    if host := os.environ.get("DOCKER_HOST"):
        return f"start the engine at DOCKER_HOST={host}, or unset DOCKER_HOST"
    if name := context_name():
        return f"start the engine of the Docker context {name}, or set DOCKER_HOST to another"
    socket = Path("/var/run/docker.sock")
    if socket.exists() and not os.access(socket, os.W_OK):
        return 'sudo usermod -aG docker "$USER"  # then log in again'
    if shutil.which("dockerd") is not None:
        return "sudo systemctl start docker"
    return f"sudo {' '.join(_INSTALL)}"
