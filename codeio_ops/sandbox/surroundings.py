"""What a program sees around it: two sets, so that a second run shows who reads them.

The sandbox that draws pairs has the first set (hash seed 0), those that confirm and audit them the
second. Every value that a container can be given differs between the two.
"""

from calendar import isleap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

from codeio_ops.jsonvalue import Json

# Where a program branches on the date or the hour, it branches on one of these.
_BRANCHES: tuple[Callable[[datetime], object], ...] = (
    lambda moment: moment.year,
    lambda moment: isleap(moment.year),
    lambda moment: moment.month,
    lambda moment: moment.month % 2,
    lambda moment: (moment.month - 1) // 3,
    lambda moment: moment.day,
    lambda moment: moment.day % 2,
    lambda moment: moment.day <= 15,
    lambda moment: moment.weekday(),
    lambda moment: moment.weekday() < 5,
    lambda moment: moment.hour,
    lambda moment: moment.hour % 2,
    lambda moment: moment.hour < 12,
    lambda moment: moment.minute,
    lambda moment: moment.minute % 2,
)
# Small, so that the moment is not years away; no whole number of minutes.
_STEP = timedelta(hours=1, minutes=13, seconds=7)

# What the engine masks by itself; a list of ours takes the place of its own.
_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
    "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
)  # fmt: skip
# The machine, as its kernel describes it: one value for all containers, or none.
_MACHINE = (
    "/etc/os-release", "/proc/cmdline", "/proc/cpuinfo", "/proc/loadavg", "/proc/stat",
    "/proc/sys/kernel/osrelease", "/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/version",
    "/proc/uptime", "/proc/version", "/sys/devices/system/cpu/online",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a container is started with that a program can read.

    Attributes:
        hostname: Name of the host.
        elsewhere: Whether the container passes for another machine at another time.
        utc_offset: Of local time; `variables` name the time zone.
        variables: Environment variables beside those of the image.
    """

    hostname: str
    elsewhere: bool = False
    utc_offset: timedelta = timedelta(0)
    variables: Mapping[str, str] = field(default_factory=dict)

    def environment(self, now: datetime) -> dict[str, str]:
        """Return the environment of a container that starts now."""
        return {**self.variables, **(self._clock(now) if self.elsewhere else {})}

    @property
    def host_config(self) -> dict[str, Json]:
        """What the engine is told beside the confinement, in its own words."""
        return {"MaskedPaths": [*_MASKED, *_MACHINE]} if self.elsewhere else {}

    def _clock(self, now: datetime) -> dict[str, str]:
        shift = other_moment(now, self.utc_offset) - now
        return {
            # The loader puts the directory of the architecture's libraries for `$LIB`.
            "LD_PRELOAD": "/usr/$LIB/faketime/libfaketimeMT.so.1",
            "FAKETIME": f"{round(shift.total_seconds()):+d}",
            # The supervisor's deadlines are monotonic.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Compiled modules are known by the time of their source.
            "NO_FAKE_STAT": "1",
        }


def other_moment(now: datetime, utc_offset: timedelta) -> datetime:
    """Return a moment of the past on which no usual branch of a program goes as it does now.

    Args:
        now: The host's time; programs of the first set read it as UTC.
        utc_offset: Of local time in the other set: neither it nor UTC may look as now.
    """
    here, there = now.astimezone(UTC), timezone(utc_offset)
    return next(
        moment
        for moment in _earlier(here)
        if _all_differ(here, moment) and _all_differ(here, moment.astimezone(there))
    )


def surroundings_under(hash_seed: int) -> Surroundings:
    """Return the set that goes with a hash seed: the first for 0, the second for all others."""
    return _SECOND if hash_seed else _FIRST


def _earlier(moment: datetime) -> Iterator[datetime]:
    while True:
        moment -= _STEP
        yield moment


def _all_differ(one: datetime, other: datetime) -> bool:
    return all(branch(one) != branch(other) for branch in _BRANCHES)


_FIRST = Surroundings(hostname="sandbox")
_DIRECTORY = "/tmp/elsewhere"  # noqa: S108 - a path in the container
_SECOND = Surroundings(
    hostname="elsewhere",
    elsewhere=True,
    utc_offset=timedelta(hours=3, minutes=30),
    variables=MappingProxyType(
        {
            # Spelt out, as the Debian base has no database of time zones.
            "TZ": "<+0330>-3:30",
            "TMPDIR": _DIRECTORY,
            "HOME": _DIRECTORY,
            "USER": "elsewhere",
            "LC_ALL": "C",
            # The kernels of a CPU of 2004: they add in another order.
            "OPENBLAS_CORETYPE": "Prescott",
        }
    ),
)
