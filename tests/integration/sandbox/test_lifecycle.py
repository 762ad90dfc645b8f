"""Containers: confined or refused, replaced when they fail, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import docker.errors
import pytest

from codeio_airflow import maintenance_tasks
from codeio_ops.errors import ImageMissing, SandboxFault, SandboxUnsafe
from codeio_ops.sandbox import container, failure
from codeio_ops.sandbox import image as image_module
from codeio_ops.sandbox.base import Limits, Program, Verdict
from codeio_ops.sandbox.container import LABEL, OWNER_LABEL, ContainerSpec, owner
from codeio_ops.sandbox.engine import connect
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.sandbox.protocol import PREFIX
from codeio_ops.sandbox.sweep import sweep_orphans
from codeio_ops.sandbox.worker import Worker

DOUBLE = Program(code="def f(x): return 2 * x", entry_point="f")


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


def ours(client: docker.DockerClient, label: str) -> list[str]:
    """Return the ids of all containers with this label, running or not."""
    return [row["Id"] for row in client.api.containers(all=True, filters={"label": label})]


def wait_until_gone(client: docker.DockerClient, label: str, *, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while (left := ours(client, label)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _drop(name: str) -> Callable[[dict[str, Any]], None]:
    def change(flags: dict[str, Any]) -> None:
        del flags[name]

    return change


def _replace(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(flags: dict[str, Any]) -> None:
        flags[name] = value

    return change


def _add_capability(flags: dict[str, Any]) -> None:
    flags["cap_add"] = [*flags["cap_add"], "SYS_PTRACE"]


def _unfiltered(flags: dict[str, Any]) -> None:
    flags["security_opt"] = ["no-new-privileges", "seccomp=unconfined"]


def _new_privileges(flags: dict[str, Any]) -> None:
    flags["security_opt"] = flags["security_opt"][1:]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(_add_capability, "capabilities", id="one capability more"),
        pytest.param(_drop("cap_drop"), "capabilities", id="capabilities not dropped"),
        pytest.param(_unfiltered, "seccomp is off", id="no system-call profile"),
        pytest.param(_new_privileges, "no-new-privileges", id="new privileges"),
        pytest.param(_replace("read_only", False), "root file system", id="writable root"),
        pytest.param(_replace("network_mode", "host"), "network interfaces", id="host network"),
        pytest.param(_replace("pid_mode", "host"), "PID 1", id="host processes"),
        pytest.param(_drop("pids_limit"), "process limit", id="no process limit"),
        pytest.param(_replace("mem_limit", 2 << 30), "memory limit", id="more memory"),
        pytest.param(_drop("tmpfs"), "scratch", id="no scratch mount"),
        pytest.param(
            _replace("tmpfs", {"/tmp": "rw,size=16m,nr_inodes=512,mode=1777,exec"}),
            "scratch mount flags",
            id="scratch that can execute",
        ),
        pytest.param(_drop("ulimits"), "core dumps", id="core dumps"),
    ],
)
def test_nothing_runs_when_a_flag_is_missing(
    client: docker.DockerClient,
    image: str,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Any]], None],
    complaint: str,
) -> None:
    confinement = container._confinement
    create_container = client.api.create_container

    def with_network(*arguments: Any, **options: Any) -> Any:
        # A second lock on the same door: it alone would keep the network out.
        return create_container(*arguments, **options | {"network_disabled": False})

    def weakened(spec: ContainerSpec) -> dict[str, Any]:
        flags = confinement(spec)
        flags["memswap_limit"] = 4 << 30
        change(flags)
        return flags

    monkeypatch.setattr(container, "_confinement", weakened)
    monkeypatch.setattr(client.api, "create_container", with_network)
    label = f"codeio.test={os.getpid()}-unsafe"
    spec = ContainerSpec(image=image, labels=dict([label.split("=")]))
    with pytest.raises(SandboxUnsafe, match=complaint):
        Worker.start(client, spec)
    assert wait_until_gone(client, label, seconds=5) == []


def test_a_killed_host_process_leaves_no_container(client: docker.DockerClient, image: str) -> None:
    label = f"codeio.test={os.getpid()}-killed"
    name, value = label.split("=")
    script = (
        "from codeio_ops.sandbox.pool import DockerSandbox\n"
        "from codeio_ops.sandbox.base import Program, Limits\n"
        f"sandbox = DockerSandbox.open({image!r}, workers=1, labels={{{name!r}: {value!r}}})\n"
        "print('running', flush=True)\n"
        "endless = Program(code='def f():\\n while True: pass', entry_point='f')\n"
        "sandbox.run(endless, [{}], limits=Limits(cpu_s=600))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None and host.stdout.readline() == b"running\n"
        time.sleep(0.5)
        assert len(ours(client, label)) == 1
        host.send_signal(signal.SIGKILL)
    assert wait_until_gone(client, label, seconds=5) == []


def _leave_container(client: docker.DockerClient, image: str, owner_text: str) -> str:
    created = client.api.create_container(image, labels={LABEL: "1", OWNER_LABEL: owner_text})
    return str(created["Id"])


def test_sweep_removes_only_containers_of_dead_processes_here(
    client: docker.DockerClient, image: str
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    here = socket.gethostname()
    orphan = _leave_container(client, image, f"{here}:{dead.pid}:1.00")
    reused_pid = _leave_container(client, image, f"{here}:{os.getpid()}:1.00")
    alive = _leave_container(client, image, owner())
    elsewhere = _leave_container(client, image, f"another-host:{dead.pid}:1.00")
    try:
        assert set(sweep_orphans(client)) >= {orphan, reused_pid}
        left = ours(client, f"{LABEL}=1")
        assert orphan not in left and reused_pid not in left
        assert alive in left and elsewhere in left
    finally:
        for container_id in (alive, elsewhere):
            client.api.remove_container(container_id, force=True)


def test_maintenance_sweeps(client: docker.DockerClient, image: str) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    orphan = _leave_container(client, image, f"{socket.gethostname()}:{dead.pid}:1.00")
    assert maintenance_tasks.sweep() >= 1
    assert orphan not in ours(client, f"{LABEL}=1")


def test_a_dead_container_is_replaced_and_the_program_runs_again(
    client: docker.DockerClient, image: str
) -> None:
    label = f"codeio.test={os.getpid()}-replaced"
    with DockerSandbox.open(image, workers=1, labels=dict([label.split("=")])) as sandbox:
        [first] = ours(client, label)
        client.api.kill(first)
        assert [result.value for result in sandbox.run(DOUBLE, [1, 2])] == [2, 4]
        assert ours(client, label) != [first]
    assert wait_until_gone(client, label, seconds=5) == []


def test_a_program_that_breaks_two_containers_is_a_fault(
    image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DockerSandbox.open(image, workers=1) as sandbox:
        # The kernel kills it at a limit of its own, which the host is made not to know.
        monkeypatch.setattr(failure, "_SHORTEST_CPU_LIMIT_MS", 1e9)
        suicide = Program(
            entry_point="f",
            code=(
                "import resource\n"
                "def f():\n"
                " resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\n"
                " while True: pass\n"
            ),
        )
        with pytest.raises(SandboxFault, match="killed from outside"):
            sandbox.run(suicide, [{}])
        assert sandbox.run(DOUBLE, [1])[0].value == 2


def test_nothing_of_an_earlier_job_is_left_in_the_memory_of_a_later_one(image: str) -> None:
    earlier = Program(
        code="def main_solution():\n # SOURCE_qqqqqqqq\n return 'OUT' + 'PUT_qqqqqqqq' * 2",
        entry_point="main_solution",
    )
    # It cuts its own needles in two, so that it finds those of the job before it only.
    later = Program(
        code=(
            "import ctypes\n"
            "NEEDLES = [b'SOURCE' + b'_qqqqqqqq', b'OUTPUT' + b'_qqqqqqqq']\n"
            "LENGTH = len(NEEDLES[0])\n"
            "def main_solution():\n"
            " found = 0\n"
            " for line in open('/proc/self/maps'):\n"
            "  place, rights, *_ = line.split()\n"
            "  if rights[:2] != 'rw' or '[v' in line: continue\n"
            "  start, end = (int(text, 16) for text in place.split('-'))\n"
            "  data = ctypes.string_at(start, end - start)\n"
            "  found += sum(data.count(needle) for needle in NEEDLES)\n"
            " return found\n"
        ),
        entry_point="main_solution",
    )
    with DockerSandbox.open(image, workers=1) as sandbox:
        [alone] = sandbox.run_in_turn([later])
        first, after = sandbox.run_in_turn([earlier, later])
    assert first.value == "OUTPUT_qqqqqqqqPUT_qqqqqqqq"
    assert after.value == alone.value


def test_callers_share_the_workers_and_get_their_own_results(image: str) -> None:
    with DockerSandbox.open(image, workers=2) as sandbox, ThreadPoolExecutor(6) as threads:
        futures = [threads.submit(sandbox.run, DOUBLE, [n, -n]) for n in range(60)]
        values = [[result.value for result in future.result()] for future in futures]
    assert values == [[2 * n, -2 * n] for n in range(60)]


def test_another_hash_seed_shows_what_depends_on_it(image: str) -> None:
    program = Program(code="def f(): return list({str(i) for i in range(20)})", entry_point="f")
    orders = []
    for hash_seed in (0, 0, 1):
        with DockerSandbox.open(image, workers=1, hash_seed=hash_seed) as sandbox:
            [result] = sandbox.run(program, [{}])
            assert result.verdict is Verdict.OK
            orders.append(result.value)
    assert orders[0] == orders[1] != orders[2]


def test_a_container_is_recycled_after_its_share_of_jobs(
    client: docker.DockerClient, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codeio_ops.sandbox.worker._JOBS", 3)
    label = f"codeio.test={os.getpid()}-recycled"
    with DockerSandbox.open(image, workers=1, labels=dict([label.split("=")])) as sandbox:
        before = ours(client, label)
        for _ in range(4):
            sandbox.run(DOUBLE, [1], limits=Limits(cpu_s=1))
        assert ours(client, label) != before


def test_an_image_that_is_not_ours_is_refused() -> None:
    with pytest.raises(ImageMissing):
        DockerSandbox.open(image_module._DEBIAN_BASE, workers=1)
    with pytest.raises(ImageMissing):
        DockerSandbox.open("codeio-no-such-image:latest", workers=1)


def test_the_digest_is_that_of_the_inputs(image: str) -> None:
    with DockerSandbox.open(image, workers=1) as sandbox:
        assert sandbox.image_digest.startswith("sha256:")
        assert sandbox.image_id.startswith("sha256:")
        assert sandbox.image_digest != sandbox.image_id


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"\x00", id="half a prefix"),
        pytest.param(PREFIX.pack(2**32 - 1, 0), id="a header of 4 GiB"),
        pytest.param(PREFIX.pack(2, 2**32 - 1) + b"{}", id="a body of 4 GiB"),
        pytest.param(PREFIX.pack(3, 0) + b"\xff{}", id="a header that is not JSON"),
        pytest.param(PREFIX.pack(2, 0) + b"[]", id="a header of another shape"),
        pytest.param(PREFIX.pack(13, 0) + b'{"sizes":[9]}', id="no code in the body"),
        pytest.param(PREFIX.pack(2000, 0) + b"[" * 2000, id="a header too deep to read"),
    ],
)
def test_a_supervisor_that_is_sent_a_broken_frame_ends(
    client: docker.DockerClient, image: str, sent: bytes
) -> None:
    label = f"codeio.test={os.getpid()}-broken"
    worker = Worker.start(client, ContainerSpec(image=image, labels=dict([label.split("=")])))
    worker._container.send(sent, timeout_s=5)
    worker._container._connection.shutdown(socket.SHUT_WR)
    with pytest.raises(SandboxFault, match="ended"):
        worker._container.receive(timeout_s=5)
    assert wait_until_gone(client, label, seconds=5) == []
    worker._container._stream.close()


def test_a_runtime_that_the_engine_lacks_is_refused_with_the_way_to_register_it(
    image: str, client: docker.DockerClient
) -> None:
    if "runsc" in client.info()["Runtimes"]:
        pytest.skip("this engine has it")
    with pytest.raises(SandboxUnsafe, match="no container runtime runsc") as caught:
        DockerSandbox.open(image, workers=1, runtime="runsc")
    assert caught.value.cure.startswith("register it (dockerd --add-runtime runsc=PATH)")


def test_a_runtime_that_nobody_has_judged_is_refused(image: str) -> None:
    with pytest.raises(SandboxUnsafe, match="nobody has shown"):
        DockerSandbox.open(image, workers=1, runtime="io.containerd.runc.v2")
