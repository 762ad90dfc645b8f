"""A benchmark that would take much of the dataset is asked about first: it may be a wrong one."""

from dataclasses import dataclass

from codeio_ops.config import Settings
from codeio_ops.errors import BenchmarkTooBroad

# In a small corpus one leak is a large share, and what the screen is for.
FEW = 2


@dataclass(frozen=True, slots=True)
class Leaking:
    """How many of a kind a benchmark would quarantine, of how many."""

    kind: str
    rows: int
    total: int


def require_meant(name: str, leaking: Leaking, settings: Settings) -> None:
    """Refuse a benchmark that would quarantine more than the share that passes unasked.

    Raises:
        BenchmarkTooBroad: it would.
    """
    share = settings.benchmark_share
    if leaking.rows > FEW and leaking.rows > share * leaking.total:
        raise BenchmarkTooBroad(
            f"benchmark {name} would quarantine {leaking.rows} of {leaking.total} {leaking.kind}, "
            f"more than a share of {share:g} (CODEIO_BENCHMARK_SHARE)",
            cure=f"look whether it is the right text: `codeio benchmark remove {name}` takes it "
            f"out; `codeio benchmark add {name} LOCATION --yes` says that it is meant",
        )
