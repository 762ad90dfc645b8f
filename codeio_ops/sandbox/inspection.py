"""The engine as a witness: what it says it gave a container, where the inside cannot tell."""

from collections.abc import Iterator, Mapping
from typing import Any

from codeio_ops.sandbox.container import CAPABILITIES, SCRATCH

_FLAGS = frozenset({"noexec", "nosuid", "nodev"})


def complaints(inspected: Mapping[str, Any], *, runtime: str) -> list[str]:
    """Return what is wrong with a container as the engine describes it."""
    host = inspected["HostConfig"]
    return [
        f"the engine gives {name}"
        for name, holds in (*_rights(host, runtime), *_reach(host, inspected["Mounts"]))
        if not holds
    ]


def _rights(host: Mapping[str, Any], runtime: str) -> Iterator[tuple[str, bool]]:
    added = {name.removeprefix("CAP_") for name in host["CapAdd"] or ()}
    yield f"the runtime {host['Runtime']}", host["Runtime"] == runtime
    yield "all privileges", host["Privileged"] is False
    yield f"capabilities {sorted(added)}", added == set(CAPABILITIES)
    yield "capabilities that it did not drop", host["CapDrop"] == ["ALL"]
    yield "new privileges", "no-new-privileges" in (host["SecurityOpt"] or ())


def _reach(host: Mapping[str, Any], mounts: list[Any]) -> Iterator[tuple[str, bool]]:
    scratch = (host["Tmpfs"] or {}).get(SCRATCH, "").split(",")
    yield f"the network {host['NetworkMode']}", host["NetworkMode"] == "none"
    yield f"processes of {host['PidMode']}", host["PidMode"] == ""
    yield f"shared memory {host['IpcMode']}", host["IpcMode"] == "none"
    yield "a writable root", host["ReadonlyRootfs"] is True
    yield "scratch mount flags", set(scratch) >= _FLAGS
    yield "files of the host", not (mounts or host["Binds"])
    yield "devices of the host", not host["Devices"]
