"""Each missing protection alone must stop everything."""

from typing import Any

import pytest

from codeio_ops.errors import SandboxUnsafe
from codeio_ops.sandbox.base import RunResult, Verdict
from codeio_ops.sandbox.protocol import Hello
from codeio_ops.sandbox.selfcheck import check_canary, check_hello

CONFINED: dict[str, Any] = {
    "kind": "hello",
    "version": 2,
    "languages": ["python"],
    "python": "3.11.2",
    "hash_seed": "0",
    "pid": 1,
    "uid": 0,
    "capabilities": {"Eff": "00000000000000e0", "Bnd": "00000000000000e0"},
    "no_new_privs": "1",
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
    "pids_max": 64,
    "core_max": 0,
}


def test_a_confined_container_passes() -> None:
    check_hello(Hello.model_validate(CONFINED), hash_seed=0, memory_bytes=1 << 30)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"hash_seed": None},
        {"pid": 7},
        {"uid": 1000},
        {"capabilities": {"Eff": "00000000a80425fb"}},
        {"capabilities": {"Bnd": None}},
        {"no_new_privs": "0"},
        {"seccomp": "0"},
        {"seccomp": None},
        {"threads": 2},
        {"interfaces": ["eth0", "lo"]},
        {"root_read_only": False},
        {"scratch": CONFINED["scratch"] | {"bytes": 1 << 30}},
        {"scratch": CONFINED["scratch"] | {"inodes": 1 << 20}},
        {"scratch": CONFINED["scratch"] | {"noexec": False}},
        {"memory_max": None},
        {"memory_max": 1 << 62},
        {"pids_max": None},
        {"core_max": -1},
    ],
    ids=str,
)
def test_a_missing_protection_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SandboxUnsafe, match="not confined"):
        check_hello(Hello.model_validate(CONFINED | change), hash_seed=0, memory_bytes=1 << 30)


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
        check_canary(result)
