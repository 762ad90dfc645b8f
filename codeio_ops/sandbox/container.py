"""One sandbox container: how it is confined, started, spoken to and ended.

The container's stdin is tied to our connection: when this process dies, however it dies,
the engine closes it, and the supervisor ends. `AutoRemove` then leaves nothing behind.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import psutil

from codeio_ops.bundled import SANDBOX_IMAGE
from codeio_ops.errors import SandboxFault
from codeio_ops.sandbox.engine import engine_errors, ignoring_absent
from codeio_ops.sandbox.protocol import PREFIX, Header, decode_header, decode_prefix
from codeio_ops.sandbox.surroundings import Surroundings, surroundings_under

if TYPE_CHECKING:
    from docker import DockerClient

log = logging.getLogger(__name__)

LABEL = "codeio.sandbox"
OWNER_LABEL = "codeio.owner"

MEMORY_MIB = 1024
PIDS = 64
SCRATCH = "/tmp"  # noqa: S108 - a path in the container
SCRATCH_BYTES = 16 << 20
SCRATCH_INODES = 512
CAPABILITIES = ("SETUID", "SETGID", "KILL")

_READ_BYTES = 1 << 20
_STREAM_PREFIX_BYTES = 8
_STDOUT = 1
_STDERR_KEPT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """What differs between containers; the confinement is the same for all.

    Attributes:
        runtime: Container runtime of the engine: `runc`, or `runsc` for gVisor.
        hash_seed: PYTHONHASHSEED of all programs; it decides what else surrounds them.
        memory_mib: Memory of the container; it has no swap.
        labels: Labels beside our own, for example the run and the task.
    """

    image: str
    runtime: str = "runc"
    hash_seed: int = 0
    memory_mib: int = MEMORY_MIB
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def memory_bytes(self) -> int:
        """Memory of the container in bytes."""
        return self.memory_mib << 20

    @property
    def surroundings(self) -> Surroundings:
        """What programs see around them."""
        return surroundings_under(self.hash_seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stream:
    """The hijacked connection, and the SDK's object that would close it when collected."""

    connection: socket.socket
    wrapper: Any

    def close(self) -> None:
        self.wrapper.close()
        self.connection.close()


class Container:
    """A running container and the connection to its supervisor."""

    def __init__(self, client: "DockerClient", container_id: str, stream: _Stream) -> None:
        self.id = container_id
        self._client = client
        self._stream = stream
        self._connection = stream.connection
        self._received = bytearray()
        self._stdout = bytearray()
        self._stderr = b""

    def send(self, frame: bytes, *, timeout_s: float) -> None:
        """Write one frame.

        Raises:
            SandboxFault: the container does not take it in time, or is gone.
        """
        self._connection.settimeout(timeout_s)
        try:
            self._connection.sendall(frame)
        except OSError as exc:
            raise SandboxFault(f"the sandbox does not listen: {exc}{self._last_words()}") from exc

    def receive(self, *, timeout_s: float) -> tuple[Header, bytes]:
        """Read one frame.

        Raises:
            SandboxFault: none came in time, the container is gone, or the frame is broken.
        """
        deadline = time.monotonic() + timeout_s
        header_bytes, body_bytes = decode_prefix(self._take(PREFIX.size, deadline))
        header = self._take(header_bytes, deadline)
        return decode_header(header), self._take(body_bytes, deadline)

    def inspect(self) -> dict[str, Any]:
        """Return what the engine says of this container.

        Raises:
            SandboxFault: the engine does not say.
        """
        with engine_errors("inspecting a sandbox"):
            inspected: dict[str, Any] = self._client.api.inspect_container(self.id)
        return inspected

    def remove(self) -> None:
        """End the container and everything in it."""
        self._stream.close()
        with engine_errors("removing a sandbox"), ignoring_absent():
            self._client.api.remove_container(self.id, force=True)

    def _take(self, size: int, deadline: float) -> bytes:
        while len(self._stdout) < size:
            self._read_stream_piece(deadline)
        data = bytes(self._stdout[:size])
        del self._stdout[:size]
        return data

    def _read_stream_piece(self, deadline: float) -> None:
        """Move one piece of the engine's stream (kind, 3 bytes, length) to where it belongs."""
        while len(self._received) < _STREAM_PREFIX_BYTES:
            self._read_socket(deadline)
        kind = self._received[0]
        end = _STREAM_PREFIX_BYTES + int.from_bytes(self._received[4:8], "big")
        while len(self._received) < end:
            self._read_socket(deadline)
        piece = bytes(self._received[_STREAM_PREFIX_BYTES:end])
        del self._received[:end]
        if kind == _STDOUT:
            self._stdout += piece
        else:
            self._stderr = (self._stderr + piece)[-_STDERR_KEPT:]

    def _read_socket(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise SandboxFault(f"the sandbox is silent{self._last_words()}")
        self._connection.settimeout(left)
        try:
            chunk = self._connection.recv(_READ_BYTES)
        except OSError as exc:
            raise SandboxFault(f"the sandbox is silent: {exc}{self._last_words()}") from exc
        if not chunk:
            raise SandboxFault(f"the sandbox ended{self._last_words()}")
        self._received += chunk

    def _last_words(self) -> str:
        # The supervisor's own stderr: jobs have none.
        return f"; it said: {self._stderr.decode(errors='replace')}" if self._stderr else ""


def launch(client: "DockerClient", spec: ContainerSpec) -> Container:
    """Start a container; nothing has run in it yet, and its supervisor waits for settings.

    Raises:
        ImageMissing: the image is not on this engine.
        SandboxFault: the engine did not start it.
    """
    api = client.api
    with engine_errors("starting a sandbox"):
        created = api.create_container(
            spec.image,
            user="0:0",
            hostname=spec.surroundings.hostname,
            stdin_open=True,
            network_disabled=True,
            environment={
                "PYTHONHASHSEED": str(spec.hash_seed),
                **spec.surroundings.environment(datetime.fromtimestamp(time.time(), UTC)),
            },
            labels={**spec.labels, LABEL: "1", OWNER_LABEL: owner()},
            host_config={
                **api.create_host_config(**_confinement(spec)),
                **spec.surroundings.host_config,
            },
        )
        container_id: str = created["Id"]
        try:
            stream = _attach(client, container_id)
            api.start(container_id)
        except BaseException:
            # It was created and never started: no hang-up would ever end it.
            with ignoring_absent():
                api.remove_container(container_id, force=True)
            raise
    log.debug("started sandbox %s", container_id[:12])
    return Container(client, container_id, stream)


def owner() -> str:
    """Name this process, in a way that no later process with the same pid shares."""
    process = psutil.Process(os.getpid())
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def _confinement(spec: ContainerSpec) -> dict[str, Any]:
    return {
        "auto_remove": True,
        "runtime": spec.runtime,
        "network_mode": "none",
        "ipc_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "cap_add": list(CAPABILITIES),
        "security_opt": ["no-new-privileges", f"seccomp={_seccomp_profile()}"],
        "pids_limit": PIDS,
        "mem_limit": spec.memory_bytes,
        "memswap_limit": spec.memory_bytes,
        "nano_cpus": 1_000_000_000,
        "tmpfs": {
            SCRATCH: "rw,noexec,nosuid,nodev,mode=1777,"
            f"size={SCRATCH_BYTES},nr_inodes={SCRATCH_INODES}"
        },
        "ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": 256, "Hard": 256},
            {"Name": "memlock", "Soft": 0, "Hard": 0},
            {"Name": "msgqueue", "Soft": 0, "Hard": 0},
        ],
        # The engine would keep every frame in a file.
        "log_config": {"Type": "none", "Config": {}},
    }


@cache
def _seccomp_profile() -> str:
    return (SANDBOX_IMAGE / "seccomp.json").read_text(encoding="utf-8")


def _attach(client: "DockerClient", container_id: str) -> _Stream:
    """Connect to stdin, stdout and stderr, before the start, so that no byte is lost."""
    wrapper = client.api.attach_socket(
        container_id, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    )
    # The wrapper only reads; the SDK's own examples reach through it to write.
    return _Stream(connection=getattr(wrapper, "_sock", wrapper), wrapper=wrapper)
