"""What each container runtime must prove before a program runs, and by which witness.

A protection that no witness can show is not passed over: a runtime that is not in the table is
refused, and so is one whose container lacks what its row asks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from codeio_ops.errors import SandboxUnsafe


class Witness(StrEnum):
    """Who shows that a protection is there."""

    KERNEL = "the kernel, seen from inside"
    ENGINE = "the engine's inspection of the container"
    SUPERVISOR = "the supervisor's own limit, tried by the canary"
    SENTRY = "gVisor's kernel, which answers the calls in place of the host's"
    NOBODY = "nobody: there is no such limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A container runtime, and the witness of each protection on which runtimes differ.

    Every other protection has the kernel, seen from inside, as its witness under each of them:
    PID 1, uids, effective, permitted, inherited and bounding capabilities, no-new-privileges, the
    child's filter, the network's interfaces, the read-only root, size and noexec of scratch, core
    dumps, the supervisor's memory and channels, terminals.

    Attributes:
        name: As engines call it.
        own_kernel: Whether it brings a kernel of its own: gVisor's.
        ambient_capabilities: Who shows that there are none.
        container_filter: Who stands between a job and the calls that the profile denies.
        scratch_flags: Who shows nosuid and nodev of scratch.
        scratch_inodes: Who limits the number of files.
        environment: Who keeps jobs from reading that of the supervisor, which holds no setting.
        memory: Who limits the container's memory.
        processes: Who limits its processes and threads.
        slowness: How many times as much CPU time an attack is given: Node starts that much slower.
    """

    name: str
    own_kernel: bool
    ambient_capabilities: Witness
    container_filter: Witness
    scratch_flags: Witness
    scratch_inodes: Witness
    environment: Witness
    memory: Witness
    processes: Witness
    slowness: float

    @property
    def is_inspected(self) -> bool:
        """Whether the engine has to bear witness."""
        return Witness.ENGINE in (self.ambient_capabilities, self.scratch_flags)


_RUNTIMES = (
    Runtime(
        name="runc",
        own_kernel=False,
        ambient_capabilities=Witness.KERNEL,
        container_filter=Witness.KERNEL,
        scratch_flags=Witness.KERNEL,
        scratch_inodes=Witness.KERNEL,
        environment=Witness.KERNEL,
        memory=Witness.KERNEL,
        processes=Witness.KERNEL,
        slowness=1.0,
    ),
    Runtime(
        name="runsc",
        own_kernel=True,
        ambient_capabilities=Witness.ENGINE,
        container_filter=Witness.SENTRY,
        scratch_flags=Witness.ENGINE,
        scratch_inodes=Witness.NOBODY,
        environment=Witness.NOBODY,
        memory=Witness.SUPERVISOR,
        processes=Witness.SUPERVISOR,
        slowness=4.0,
    ),
)
RUNTIMES: Mapping[str, Runtime] = MappingProxyType({one.name: one for one in _RUNTIMES})


def runtime_named(name: str) -> Runtime:
    """Return what is known of a runtime.

    Raises:
        SandboxUnsafe: nothing is known of it.
    """
    known = RUNTIMES.get(name)
    if known is None:
        raise SandboxUnsafe(
            f"nobody has shown what the container runtime {name!r} protects from",
            cure=f"set CODEIO_SANDBOX_RUNTIME to one of: {', '.join(RUNTIMES)}",
        )
    return known
