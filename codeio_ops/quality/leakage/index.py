"""The index of one benchmark: what a scan needs of it, as hashes and digests only."""

import io
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from codeio_ops.errors import BlobCorrupt
from codeio_ops.quality.leakage.definition import NAME

T = TypeVar("T")

Integers = NDArray[np.int32]
Hashes = NDArray[np.uint64]
Digests = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class GramTable:
    """Grams sorted by hash; gram g occurs at the places [`starts`[g], `starts`[g + 1]).

    Attributes:
        hashes: Hash of each gram; equal ones stand side by side.
        digests: Digest of its tokens, 16 bytes a row.
        kept: Whether the filters let it count; others only count for `paper_any13`.
        starts: First place of each gram, and the number of places.
        items: Item of each place.
        segments: Number of the distinct segment in that item.
        positions: Its first token in the segment.
    """

    hashes: Hashes
    digests: Digests
    kept: NDArray[np.bool_]
    starts: Integers
    items: Integers
    segments: Integers
    positions: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternTable:
    """Texts found by their first gram or window, then confirmed whole.

    Attributes:
        hashes: Hash of the first 8 tokens, or of the first 24 squeezed characters; sorted.
        digests: Digest of the whole.
        lengths: Tokens, or characters, of the whole.
        items: Item of each pattern.
        segments: Number of the distinct segment in that item.
    """

    hashes: Hashes
    digests: Digests
    lengths: Integers
    items: Integers
    segments: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkIndex:
    """All that is kept of a benchmark.

    Attributes:
        name: Name of the benchmark.
        item_ids: Ids of its items, in its order.
        all_tokens: Tokens of each item, a repeated segment as often as it stands there.
        distinct_tokens: Tokens of each item, a repeated segment once.
        unscannable: Whether no rule can ever find the item.
        long: All its 13-grams.
        short: Its 8-grams that the filters keep.
        whole: Segments of 8 to 12 tokens that count as a whole.
        squeezed: Squeezed segments of the items that 8-grams cannot find (rule L4).
        functions: Shapes of functions (rule L5); only digests and items are filled.
    """

    name: str
    item_ids: tuple[str, ...]
    all_tokens: Integers
    distinct_tokens: Integers
    unscannable: NDArray[np.bool_]
    long: GramTable
    short: GramTable
    whole: PatternTable
    squeezed: PatternTable
    functions: PatternTable

    def to_bytes(self) -> bytes:
        """Return the index as an npz archive; the same index gives the same bytes."""
        arrays: dict[str, NDArray[np.generic]] = {
            "definition": np.array(NAME),
            "name": np.array(self.name),
            "item_ids": np.array(self.item_ids, dtype=np.str_),
        }
        for column in fields(self)[2:]:
            value = getattr(self, column.name)
            if isinstance(value, GramTable | PatternTable):
                for part in fields(value):
                    arrays[f"{column.name}.{part.name}"] = getattr(value, part.name)
            else:
                arrays[column.name] = value
        target = io.BytesIO()
        np.savez_compressed(target, allow_pickle=False, **arrays)
        return target.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "BenchmarkIndex":
        """Read what `to_bytes` wrote.

        Raises:
            BlobCorrupt: it is no index, or one of another definition.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                if str(arrays["definition"]) != NAME:
                    raise BlobCorrupt(
                        f"the index was built for {arrays['definition']}, not {NAME}",
                        cure="index the benchmark again",
                    )
                return cls(
                    name=str(arrays["name"]),
                    item_ids=tuple(arrays["item_ids"].tolist()),
                    all_tokens=arrays["all_tokens"],
                    distinct_tokens=arrays["distinct_tokens"],
                    unscannable=arrays["unscannable"],
                    long=_read(GramTable, "long", arrays),
                    short=_read(GramTable, "short", arrays),
                    whole=_read(PatternTable, "whole", arrays),
                    squeezed=_read(PatternTable, "squeezed", arrays),
                    functions=_read(PatternTable, "functions", arrays),
                )
        except (OSError, ValueError, KeyError) as exc:
            raise BlobCorrupt(f"a benchmark index cannot be read: {exc}") from exc


def _read(kind: type[T], name: str, arrays: "np.lib.npyio.NpzFile") -> T:
    parts = {part.name: arrays[f"{name}.{part.name}"] for part in fields(kind)}  # type: ignore[arg-type]
    return kind(**parts)
