"""Shards: equal ranges of the id space, so that a shard is a query and not a file.

Ids are digests, hence spread evenly; a shard takes what is still pending in its range, so
running it twice does nothing the second time.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Literal, cast
from uuid import UUID

# What waits for a stage, or what it did by means that are no longer current; each is a file
# of `sql/queries`.
Rows = Literal["pending", "stale"]

MAX_SHARDS = 256
_IDS = 1 << 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The `rows` with ids in [`low`, `high`).

    Attributes:
        name: What a person sees: `3 of 8, about 120 rows, ids 4000.. to 5fff..`.
    """

    name: str
    low: UUID
    high: UUID
    rows: Rows = "pending"

    def to_json(self) -> dict[str, str]:
        """Return the shard as it travels between tasks."""
        return {
            "name": self.name,
            "low": str(self.low),
            "high": str(self.high),
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, value: dict[str, str]) -> "Shard":
        """Read what `to_json` wrote."""
        return cls(
            name=value["name"],
            low=UUID(value["low"]),
            high=UUID(value["high"]),
            rows=cast("Rows", value["rows"]),
        )


def whole_range(rows: Rows = "pending") -> Shard:
    """Return the one shard that holds every id."""
    return replace(split_range(1)[0], rows=rows)


def split_range(count: int, *, held: int = 0, share: Fraction = Fraction(1)) -> list[Shard]:
    """Split the first `share` of the id space, which holds `held` rows, into equal ranges."""
    end = int(_IDS * share)
    borders = [min(end * index // count, _IDS - 1) for index in range(count + 1)]
    return [
        Shard(
            name=f"{index + 1} of {count}, about {ceil(held / count)} rows, "
            f"ids {_begin(low)} to {_begin(high - 1)}",
            low=UUID(int=low),
            high=UUID(int=high),
        )
        for index, (low, high) in enumerate(pairwise(borders))
    ]


def _begin(number: int) -> str:
    return f"{number >> 112:04x}.."


def plan_shards(
    held: int, *, shard_rows: int, least: int = 1, limit: int = 0, rows: Rows = "pending"
) -> list[Shard]:
    """Cut the `held` rows that a stage would take into shards of about `shard_rows` rows.

    Args:
        held: Rows that the stage would take.
        shard_rows: Rows wanted in one shard.
        least: Fewest shards to make when anything is held: the tasks that can run at
            the same time.
        limit: About how many rows to take; 0 takes all.
        rows: Whether what waits is cut, or what is stale.

    Returns:
        No shard when nothing is held; at most `MAX_SHARDS`.
    """
    if not held:
        return []
    taken = min(limit or held, held)
    count = min(max(ceil(taken / shard_rows), least), MAX_SHARDS)
    shards = split_range(count, held=taken, share=Fraction(taken, held))
    return [replace(shard, rows=rows) for shard in shards]
