"""Candidates of a scan: where the kernel saw a hash of the index in a batch of texts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeio_ops.quality.leakage.definition import is_cjk
from codeio_ops.quality.leakage.hashing import ALONE
from codeio_ops.quality.leakage.index import BenchmarkIndex
from codeio_ops.quality.leakage.text import is_squeezed, normalise

Hashes = NDArray[np.uint64]

_ASCII = 128
_FIRST_ROOM = 1 << 14
_BITS_PER_SLOT = 16


@dataclass(frozen=True, slots=True)
class GramCandidate:
    """A gram of `length` tokens that ends with token `last_token` of its text."""

    last_token: int
    length: int
    hashed: int


@dataclass(frozen=True, slots=True)
class WindowCandidate:
    """A window that begins at character `place` of its squeezed text."""

    place: int
    hashed: int


@dataclass(slots=True)
class Candidates:
    """Candidates by the number of their text in the batch."""

    grams: defaultdict[int, list[GramCandidate]] = field(default_factory=lambda: defaultdict(list))
    windows: defaultdict[int, list[WindowCandidate]] = field(
        default_factory=lambda: defaultdict(list)
    )


class CandidateFinder:
    """Runs the kernel over texts with the merged hashes of several indexes."""

    def __init__(self, indexes: Sequence[BenchmarkIndex]) -> None:
        self._long = _lookup(index.long.hashes for index in indexes)
        self._short = _lookup(
            part for index in indexes for part in (index.short.hashes, index.whole.hashes)
        )
        self._windows = _lookup(index.squeezed.hashes for index in indexes)
        self._any_window = any(len(index.squeezed.hashes) for index in indexes)

    def find(self, texts: Sequence[str]) -> Candidates:
        """Find candidates in texts."""
        from codeio_ops.quality.leakage.kernel import ascii_documents

        # A lone surrogate is no letter, and neither is what stands for it.
        clean = [text.encode(errors="replace") for text in texts]
        data = np.frombuffer(b"".join(clean), np.uint8)
        offsets = np.cumsum([0, *map(len, clean)], dtype=np.int64)
        starts, ends = offsets[:-1], offsets[1:]
        plain = ascii_documents(data, starts, ends)
        result = Candidates()
        for some, kinds in ((plain, _ascii_kinds), (~plain, _unicode_kinds)):
            numbers = np.flatnonzero(some)
            if not len(numbers):
                continue
            text = _Text(data, starts[numbers], ends[numbers])
            if kinds is _unicode_kinds:
                text = _code_points([normalise(clean[int(n)].decode()) for n in numbers])
            self._find(text, numbers, kinds(), result)
        return result

    def _find(
        self, text: "_Text", numbers: NDArray[np.intp], kinds: "_Kinds", result: Candidates
    ) -> None:
        from codeio_ops.quality.leakage.kernel import find_grams, find_windows

        def grams(*out: NDArray[np.generic]) -> int:
            return int(find_grams(*text, kinds.tokens, *self._long, *self._short, *out))

        def windows(*out: NDArray[np.generic]) -> int:
            return int(find_windows(*text, kinds.squeezed, *self._windows, *out))

        for document, token, length, hashed in _with_room(grams, columns=4):
            result.grams[int(numbers[document])].append(GramCandidate(token, length, hashed))
        if self._any_window:
            for document, place, hashed in _with_room(windows, columns=3):
                result.windows[int(numbers[document])].append(WindowCandidate(place, hashed))


class _Text(NamedTuple):
    """Documents as units: document d is units[starts[d]:ends[d]]."""

    units: NDArray[np.uint8] | NDArray[np.uint32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


class _Kinds(NamedTuple):
    """What a unit counts as, when text is cut into tokens and when it is squeezed."""

    tokens: NDArray[np.uint32]
    squeezed: NDArray[np.uint32]


@cache
def _ascii_kinds() -> _Kinds:
    return _kinds(128)


@cache
def _unicode_kinds() -> _Kinds:
    return _kinds(0x110000)


def _kinds(size: int) -> _Kinds:
    tokens, squeezed = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
    for code in range(size):
        char = chr(code)
        folded = ord(char.lower()) if code < _ASCII else code
        if char.isalpha():
            tokens[code] = folded | (ALONE if is_cjk(char) else 0)
        if is_squeezed(char):
            squeezed[code] = folded
    return _Kinds(tokens, squeezed)


def _code_points(texts: Sequence[str]) -> _Text:
    units = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    return _Text(units, np.concatenate([[0], ends[:-1]]).astype(np.int64), ends)


def _lookup(parts: Iterable[Hashes]) -> tuple[Hashes, Hashes]:
    """Return the bit set and the table of all hashes."""
    from codeio_ops.quality.leakage.kernel import fill

    hashes = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))
    size = max(64, 1 << (2 * len(hashes)).bit_length())
    bits, table = np.zeros(size * _BITS_PER_SLOT // 64, np.uint64), np.zeros(size, np.uint64)
    fill(bits, table, hashes)
    return bits, table


def _with_room(kernel: Callable[..., int], *, columns: int) -> Iterator[tuple[int, ...]]:
    """Run the kernel, again with more room where its candidates did not fit."""
    room = _FIRST_ROOM
    while True:
        out = [np.empty(room, np.int64) for _ in range(columns - 1)] + [np.empty(room, np.uint64)]
        found = kernel(*out)
        if found <= room:
            break
        room = found
    return zip(*(column[:found].tolist() for column in out), strict=True)
