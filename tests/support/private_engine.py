"""A Docker engine of a test's own, that it may kill and start again."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import docker
import docker.errors

START_S = 60.0
NO_RUNTIMES: Mapping[str, Path] = MappingProxyType({})


class PrivateEngine:
    """A `dockerd` with a socket, a data directory and processes of its own.

    Containers here have no network, so the engine needs no bridge and no firewall rules, and the
    one of the machine does not notice it.
    """

    def __init__(self, directory: Path, *, runtimes: Mapping[str, Path] = NO_RUNTIMES) -> None:
        """Name the directory, and container runtimes beside `runc`; `start` starts the engine."""
        self._directory = directory
        self._runtimes = [f"--add-runtime={name}={path}" for name, path in runtimes.items()]
        self._data = directory / "data"
        self.url = f"unix://{directory / 'docker.sock'}"
        self._daemon: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the engine and wait until it answers."""
        command = [
            "dockerd",
            *("--host", self.url),
            *("--data-root", str(self._data)),
            *("--exec-root", str(self._directory / "exec")),
            *("--pidfile", str(self._directory / "pid")),
            *("--bridge", "none", "--iptables=false"),
            *self._runtimes,
        ]
        with (self._directory / "log").open("ab") as log:
            self._daemon = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        ask = ["docker", "--host", self.url, "version"]
        while subprocess.run(ask, capture_output=True).returncode != 0:
            if time.monotonic() > deadline or self._daemon.poll() is not None:
                raise RuntimeError(
                    f"dockerd did not start: {(self._directory / 'log').read_text()}"
                )
            time.sleep(0.2)

    def kill(self) -> None:
        """End the engine as a crash would."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait()
        # Its containerd ends with it. In a container whose PID 1 reaps nothing, the next engine
        # would take the zombie for a living one.
        (self._directory / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)

    def remove(self) -> None:
        """End the engine and what runs in it, and delete its copies of images."""
        assert self._daemon is not None
        self._daemon.terminate()
        self._daemon.wait()
        # It mounts its data directory on itself, and an engine that was killed leaves that behind.
        while subprocess.run(["umount", self._data], capture_output=True).returncode == 0:
            continue
        shutil.rmtree(self._directory)

    def containers(self) -> list[str]:
        """Return the ids of all its containers, running or not.

        An engine that was killed may go on listing one that it does not have any more.
        """
        with self.client() as client:
            return [row["Id"] for row in client.api.containers(all=True) if _has(client, row["Id"])]

    @contextmanager
    def client(self) -> Iterator[docker.DockerClient]:
        """Open a client of this engine."""
        client = docker.DockerClient(base_url=self.url)
        try:
            yield client
        finally:
            client.close()

    def copy_image(self, reference: str) -> None:
        """Take an image over from the engine of the machine."""
        theirs = docker.from_env(timeout=120)
        with self.client() as ours:
            ours.api.timeout = 300
            # The stubs leave this one method untyped.
            ours.api.load_image(theirs.images.get(reference).save(named=True))  # type: ignore[no-untyped-call]
        theirs.close()


def _has(client: docker.DockerClient, container_id: str) -> bool:
    try:
        client.api.inspect_container(container_id)
    except docker.errors.NotFound:
        return False
    return True
