"""Each defence taken away, one at a time: a named attack must show it.

Where several defences stop one attack, the others are taken away first; with the one that is
left the attack must still be contained.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import docker
import pytest

from codeio_ops.sandbox import container, failure, selfcheck
from codeio_ops.sandbox.attack import Attack, Outcome, attack, load_attacks
from codeio_ops.sandbox.container import ContainerSpec
from codeio_ops.sandbox.engine import connect
from codeio_ops.sandbox.image import image_facts
from codeio_ops.sandbox.pool import DockerSandbox

Flags = dict[str, Any]
ATTACKS = {one.name: one for one in load_attacks()}
HALF_A_GIBIBYTE = Attack(
    name="half a gibibyte of touched memory",
    acceptable=frozenset({"memory_limit"}),
    code="def main_solution(): return len(b'x' * (1 << 29))",
)

# Statements that run in the supervisor before it starts.
PRELUDE = """
import os, resource
import runner.child, runner.cleanup, runner.seccomp_filter, runner.supervisor, runner.watch
set_limit, watch_init = resource.setrlimit, runner.watch.Watch.__init__
missing = set()
resource.setrlimit = lambda name, value: name in missing or set_limit(name, value)
loose = {}
def init(self, *arguments):
    watch_init(self, *arguments)
    self.__dict__.update(loose)
runner.watch.Watch.__init__ = init
def kill_one(pid):
    os.kill(pid, 9)
    _, status, usage = os.wait4(pid, 0)
    return runner.cleanup.Remains(status, usage.ru_utime, usage.ru_maxrss, 0)
"""
START = "runner.supervisor.main()"


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A defence taken away: a statement in the supervisor, a flag, or the container's memory."""

    statement: str = ""
    flag: Callable[[Flags], None] | None = None
    memory_mib: int = 0


def _limit(name: str) -> Removal:
    return Removal(statement=f"missing.add(resource.RLIMIT_{name})")


def _scratch(flags: Flags, old: str, new: str) -> None:
    [options] = flags["tmpfs"].values()
    assert old in options
    flags["tmpfs"] = {"/tmp": options.replace(old, new)}


def _without(flags: Flags, name: str) -> None:
    del flags[name]


def _unconfined(flags: Flags) -> None:
    flags["security_opt"] = ["no-new-privileges", "seccomp=unconfined"]


FILTER = Removal(statement="runner.seccomp_filter.SeccompFilter.install = lambda self: None")
PROFILE = Removal(flag=_unconfined)
UID = Removal(
    statement="""
os.setresuid = os.setresgid = lambda *ids: None
empty = runner.supervisor.empty
runner.supervisor.empty = lambda place, uid: empty(place, 0)
"""
)
CPU_CLOCK = Removal(statement="loose['_cpu_s'] = 1e6")
WALL_CLOCK = Removal(statement="loose['_wall_s'] = 1e6")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A defence, the attack that needs it, and the other defences that stop that attack."""

    name: str
    removed: Removal
    shown_by: Attack
    others: list[Removal] = field(default_factory=list)
    only_traces: bool = False

    def held(self, outcome: Outcome) -> bool:
        return not outcome.traces if self.only_traces else outcome.contained


def case(name: str, removed: Removal, shown_by: str, *others: Removal, **options: Any) -> Case:
    attack = ATTACKS.get(shown_by, HALF_A_GIBIBYTE)
    return Case(name=name, removed=removed, shown_by=attack, others=list(others), **options)


CASES = [
    case("the child's system-call filter", FILTER, "another program"),
    case("the child's filter against sockets", FILTER, "a socket", PROFILE),
    case(
        "the container's system-call profile",
        PROFILE,
        "system calls that only the container's profile denies",
    ),
    case("the profile against sockets", PROFILE, "a socket", FILTER),
    case("a uid without rights", UID, "the supervisor's memory and descriptors"),
    case("the child's filter against drivers", FILTER, "requests to drivers"),
    case(
        "the child's filter against packet filters", FILTER, "a packet filter on a pair of sockets"
    ),
    case(
        "the child's filter against signals",
        FILTER,
        "a signal of one's own choice to oneself",
    ),
    case(
        "closed devices",
        Removal(statement="runner.supervisor._close_devices = lambda: None"),
        "a pseudo-terminal",
    ),
    case("limit of address space", _limit("AS"), "a huge mapping that is never touched"),
    case("limit of data", _limit("DATA"), "a buffer that is never touched (JavaScript)"),
    case(
        "the container's memory",
        Removal(memory_mib=1024),
        HALF_A_GIBIBYTE.name,
        Removal(memory_mib=256),
        _limit("AS"),
        _limit("DATA"),
    ),
    case("limit of a file", _limit("FSIZE"), "one file over the limit"),
    case("limit of open files", _limit("NOFILE"), "a hundred open files"),
    case("limit of processes", _limit("NPROC"), "forty threads"),
    case(
        "the container's processes",
        Removal(flag=partial(_without, name="pids_limit")),
        "eighty threads",
        _limit("NPROC"),
    ),
    case(
        "size of scratch",
        Removal(flag=partial(_scratch, old="size=16777216", new="size=1073741824")),
        "filling the disk",
    ),
    case(
        "files in scratch",
        Removal(flag=partial(_scratch, old="nr_inodes=512", new="nr_inodes=9999")),
        "two thousand empty files",
    ),
    case(
        "no code from scratch",
        Removal(flag=partial(_scratch, old="noexec", new="exec")),
        "a library of its own",
    ),
    case(
        "no shared memory",
        Removal(flag=partial(_without, name="ipc_mode")),
        "writing outside of scratch",
    ),
    case(
        "CPU time of a call", CPU_CLOCK, "computing past the CPU limit", WALL_CLOCK, _limit("CPU")
    ),
    case(
        "CPU time of a process",
        _limit("CPU"),
        "computing past the CPU limit",
        WALL_CLOCK,
        CPU_CLOCK,
    ),
    case("wall time of a call", WALL_CLOCK, "sleeping past the wall limit"),
    case(
        "closed descriptors",
        Removal(statement="os.closerange = lambda *range: None"),
        "descriptors of the supervisor",
    ),
    case(
        "killing what a job leaves",
        Removal(statement="runner.supervisor.kill_everything = kill_one"),
        "a daemon left behind",
        FILTER,
        only_traces=True,
    ),
    case(
        "emptying scratch",
        Removal(statement="runner.supervisor.empty = lambda *place: None"),
        "a file left in scratch",
        only_traces=True,
    ),
]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    # The self-check refuses most of these containers: see test_lifecycle.
    monkeypatch.setattr(selfcheck, "check_hello", lambda *_, **__: None)
    monkeypatch.setattr(selfcheck, "check_canary", lambda *_, **__: None)
    client = connect()
    yield client
    client.close()


def outcome_without(
    removals: list[Removal],
    one: Attack,
    *,
    client: docker.DockerClient,
    image: str,
) -> Outcome:
    """Attack a sandbox that lacks these defences."""
    script = "\n".join([PRELUDE, *(removal.statement for removal in removals), START])
    memory = [removal.memory_mib for removal in removals if removal.memory_mib]
    with pytest.MonkeyPatch.context() as patch:
        confinement, create = container._confinement, client.api.create_container

        def weakened(spec: ContainerSpec) -> Flags:
            flags = confinement(spec)
            for removal in removals:
                if removal.flag:
                    removal.flag(flags)
            return flags

        def create_container(*arguments: Any, **options: Any) -> Any:
            entrypoint = ["python3.11", "-s", "-P", "-c", script]
            return create(*arguments, **{**options, "entrypoint": entrypoint})

        patch.setattr(container, "_confinement", weakened)
        patch.setattr(client.api, "create_container", create_container)
        spec = ContainerSpec(image=image, memory_mib=memory[-1] if memory else 1024)
        sandbox = DockerSandbox(client, spec, image_facts(client, image), 1)
        [outcome] = attack(sandbox, [one])
        for worker in sandbox._idle:
            worker.stop()
    return outcome


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.name)
def test_an_attack_shows_that_a_defence_is_missing(
    client: docker.DockerClient, image: str, one: Case
) -> None:
    run = partial(outcome_without, one=one.shown_by, client=client, image=image)
    if one.others:  # with every defence in place, it is a row of test_attack
        assert one.held(run(one.others))
    assert not one.held(run([*one.others, one.removed]))


def test_an_attack_shows_that_the_host_does_not_check_values(
    sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = ATTACKS["a patched json module"]
    assert attack(sandbox, [forged])[0].contained
    monkeypatch.setattr(failure, "parse", json.loads)
    assert not attack(sandbox, [forged])[0].contained
