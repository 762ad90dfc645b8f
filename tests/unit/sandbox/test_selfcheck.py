"""Each missing protection alone must stop everything."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from codeio_ops.bundled import SANDBOX_IMAGE
from codeio_ops.errors import SandboxFault, SandboxUnsafe
from codeio_ops.sandbox.base import RunResult, Verdict
from codeio_ops.sandbox.container import ContainerSpec
from codeio_ops.sandbox.protocol import Hello
from codeio_ops.sandbox.runtimes import RUNTIMES, Witness
from codeio_ops.sandbox.selfcheck import check_canary, check_hello, check_inspection

SPEC = ContainerSpec(image="any")
GVISOR_SPEC = replace(SPEC, runtime="runsc")

CONFINED: dict[str, Any] = {
    "kind": "hello",
    "version": 4,
    "languages": ["python"],
    "kernel": "6.1.0 #1 SMP Debian 6.1",
    "python": "3.11.2",
    "hash_seed": "0",
    "clock": 0.0,
    "pid": 1,
    "uid": 0,
    "capabilities": {"Eff": "00000000000000e0", "Bnd": "00000000000000e0"},
    "no_new_privs": True,
    "seccomp": "2",
    "threads": 1,
    "interfaces": ["lo"],
    "root_read_only": True,
    "scratch": {
        "bytes": 16 << 20,
        "inodes": 512,
        "noexec": True,
        "nosuid": True,
        "nodev": True,
    },
    "memory_max": 1 << 30,
    "guarded_bytes": None,
    "pids_max": 64,
    "core_max": 0,
}
# What gVisor's kernel says otherwise, and does not say.
GVISOR: dict[str, Any] = {
    "kernel": "4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016",
    "capabilities": {"Eff": "00000000000000e0", "Amb": None},
    "seccomp": "0",
    "scratch": {
        "bytes": 16 << 20,
        "inodes": 0,
        "noexec": True,
        "nosuid": False,
        "nodev": False,
    },
    "memory_max": None,
    "guarded_bytes": 1 << 30,
    "pids_max": None,
}
INSPECTED: dict[str, Any] = {
    "Mounts": [],
    "HostConfig": {
        "Runtime": "runsc",
        "Privileged": False,
        "CapAdd": ["CAP_SETUID", "CAP_SETGID", "CAP_KILL"],
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges", "seccomp={}"],
        "NetworkMode": "none",
        "PidMode": "",
        "IpcMode": "none",
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,mode=1777"},
        "Binds": None,
        "Devices": [],
    },
}


def test_a_confined_container_passes() -> None:
    check_hello(Hello.model_validate(CONFINED), spec=SPEC)
    check_hello(Hello.model_validate(CONFINED | GVISOR), spec=GVISOR_SPEC)


@pytest.mark.parametrize(
    "change",
    [
        {"kernel": CONFINED["kernel"]},
        {"capabilities": {"Eff": "00000000a80425fb", "Amb": None}},
        {"capabilities": {"Eff": None, "Amb": None}},
        {"no_new_privs": False},
        {"interfaces": ["eth0", "lo"]},
        {"root_read_only": False},
        {"scratch": GVISOR["scratch"] | {"bytes": 1 << 30}},
        {"scratch": GVISOR["scratch"] | {"noexec": False}},
        {"guarded_bytes": None},
        {"guarded_bytes": 1 << 31},
        {"core_max": -1},
    ],
    ids=str,
)
def test_a_missing_protection_under_gvisor_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SandboxUnsafe, match="not confined"):
        check_hello(Hello.model_validate(CONFINED | GVISOR | change), spec=GVISOR_SPEC)


def test_what_gvisor_does_not_tell_inside_the_engine_must() -> None:
    check_inspection(INSPECTED, spec=GVISOR_SPEC)


@pytest.mark.parametrize(
    "change",
    [
        {"Runtime": "runc"},
        {"Privileged": True},
        {"CapAdd": ["SETUID", "SETGID", "KILL", "SYS_ADMIN"]},
        {"CapAdd": None},
        {"CapDrop": None},
        {"SecurityOpt": None},
        {"SecurityOpt": ["seccomp=unconfined"]},
        {"NetworkMode": "host"},
        {"PidMode": "host"},
        {"IpcMode": "host"},
        {"ReadonlyRootfs": False},
        {"Tmpfs": None},
        {"Tmpfs": {"/tmp": "rw,noexec,nosuid"}},
        {"Binds": ["/:/host"]},
        {"Devices": [{"PathOnHost": "/dev/kvm"}]},
    ],
    ids=str,
)
def test_what_the_engine_gives_too_much_is_refused(change: dict[str, Any]) -> None:
    changed = {**INSPECTED, "HostConfig": INSPECTED["HostConfig"] | change}
    with pytest.raises(SandboxUnsafe, match="the engine gives"):
        check_inspection(changed, spec=GVISOR_SPEC)


def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(SandboxUnsafe, match="'crun'") as caught:
        check_hello(Hello.model_validate(CONFINED), spec=replace(SPEC, runtime="crun"))
    assert caught.value.cure == "set CODEIO_SANDBOX_RUNTIME to one of: runc, runsc"


def test_the_threat_model_names_every_witness() -> None:
    text = (SANDBOX_IMAGE / "README.md").read_text(encoding="utf-8")
    for runtime in RUNTIMES.values():
        witnesses = {value for value in asdict(runtime).values() if isinstance(value, Witness)}
        assert [one for one in witnesses if one not in text] == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"hash_seed": None},
        {"pid": 7},
        {"uid": 1000},
        {"capabilities": {"Eff": "00000000a80425fb"}},
        {"capabilities": {"Bnd": None}},
        {"no_new_privs": False},
        {"kernel": GVISOR["kernel"]},
        {"seccomp": "0"},
        {"seccomp": None},
        {"threads": 2},
        {"interfaces": ["eth0", "lo"]},
        {"root_read_only": False},
        {"scratch": CONFINED["scratch"] | {"bytes": 1 << 30}},
        {"scratch": CONFINED["scratch"] | {"inodes": 1 << 20}},
        {"scratch": CONFINED["scratch"] | {"noexec": False}},
        {"memory_max": None},
        {"memory_max": None, "guarded_bytes": 1 << 30},
        {"memory_max": 1 << 62},
        {"pids_max": None},
        {"core_max": -1},
    ],
    ids=str,
)
def test_a_missing_protection_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SandboxUnsafe, match="not confined"):
        check_hello(Hello.model_validate(CONFINED | change), spec=SPEC)


@pytest.mark.parametrize(
    "result",
    [
        RunResult(verdict=Verdict.EXCEPTION),
        RunResult(verdict=Verdict.OK, value=None),
        RunResult(verdict=Verdict.OK, value={}),
        RunResult(verdict=Verdict.OK, value={"fork": "possible"}),
    ],
    ids=str,
)
def test_a_canary_that_does_not_report_is_refused(result: RunResult) -> None:
    with pytest.raises(SandboxUnsafe):
        check_canary(result, runtime=RUNTIMES["runc"])


def test_a_canary_that_has_not_ended_in_its_time_says_nothing_and_another_try_may() -> None:
    with pytest.raises(SandboxFault, match="did not end in its time"):
        check_canary(RunResult(verdict=Verdict.TIMEOUT), runtime=RUNTIMES["runc"])
