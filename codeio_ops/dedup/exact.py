"""Near duplicates of programs: an exact join on the Jaccard similarity of token shingles.

Two sets whose similarity is at least t share an element among the rarest
n - ceil(t * n) + 1 of each, so only programs that meet there are compared. Nothing is left
to chance, unlike with MinHash. Source: Bayardo, Ma, Srikant, "Scaling up all pairs
similarity search", 2007.

Shingles are 64-bit hashes in flat arrays: about 2 KiB a program, and no text.
"""

import re
from array import array
from collections.abc import Iterable, Iterator
from math import ceil
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from codeio_ops.dedup import SHINGLE_TOKENS, THRESHOLD
from codeio_ops.dedup.lexer import Hashes
from codeio_ops.dedup.minhash import distinct, shingle_hashes
from codeio_ops.machine_code import compiled

K = TypeVar("K")
Numbers = NDArray[np.int32]
Counts = NDArray[np.uint8]

_TOKEN = re.compile(r"\w+|[^\w\s]")
_LARGEST_COUNT = 255
_MOST_COUNTERS = 1 << 26


def shingles(code: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of 5 tokens of a program; of a shorter one all its tokens."""
    tokens = _TOKEN.findall(code)
    last = max(1, len(tokens) - SHINGLE_TOKENS + 1)
    return frozenset(tuple(tokens[start : start + SHINGLE_TOKENS]) for start in range(last))


def near_duplicate_pairs(codes: Iterable[tuple[K, str]]) -> Iterator[tuple[K, K]]:
    """Yield each pair of programs that is at least 70 % similar, the earlier one first.

    Args:
        codes: Programs by key; each is read once.
    """
    keys: list[K] = []
    return ((keys[one], keys[other]) for one, other in _similar_pairs(codes, keys))


def clusters(codes: Iterable[tuple[K, str]]) -> dict[K, K]:
    """Return for each program the first one of its cluster: near duplicates, transitively."""
    keys: list[K] = []
    pairs = _similar_pairs(codes, keys)
    parent = list(range(len(keys)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    return {key: keys[root(number)] for number, key in enumerate(keys)}


def _similar_pairs(codes: Iterable[tuple[K, str]], keys: list[K]) -> Iterator[tuple[int, int]]:
    """Read the programs, append their keys to `keys`, and give the similar ones by number."""
    hashes, starts = array("Q"), array("q", [0])
    for key, code in codes:
        keys.append(key)
        hashes.frombytes(_hashes_of(code).tobytes())
        starts.append(len(hashes))
    join = _Join(np.frombuffer(hashes, np.uint64), np.frombuffer(starts, np.int64))
    return ((one, other) for other in range(len(keys)) for one in join.similar_before(other))


def _hashes_of(code: str) -> Hashes:
    """Return the shingles of a program, sorted and distinct; there is always one."""
    tokens = _TOKEN.findall(code)
    hashes = np.fromiter(map(hash, tokens), np.int64, len(tokens)).view(np.uint64)
    found = shingle_hashes(hashes, np.zeros(len(tokens), np.bool_))
    return distinct(found) if tokens else np.zeros(1, np.uint64)


class _Join:
    """Programs that were met before, by their rarest shingles."""

    def __init__(self, hashes: Hashes, starts: NDArray[np.int64]) -> None:
        """Count how many programs hold each shingle, at most 255.

        Some share a counter: which is rarest decides only how many programs are compared.
        """
        self._hashes, self._starts = hashes, starts
        self._counts = np.zeros(_power_of_2(2 * len(hashes), most=_MOST_COUNTERS), np.uint8)
        _count(hashes, self._counts)
        prefixes = sum(_prefix(int(size)) for size in np.diff(starts))
        self._heads = np.full(_power_of_2(prefixes // 2), -1, np.int32)
        self._following = np.empty(prefixes, np.int32)
        self._owners = np.empty(prefixes, np.int32)
        self._met_by = np.full(len(starts) - 1, -1, np.int32)
        self._entries = 0

    def similar_before(self, number: int) -> list[int]:
        """Return the earlier programs that are near duplicates of one, and let later ones meet it.

        Programs are asked about in their order.
        """
        size = int(self._starts[number + 1] - self._starts[number])
        found, self._entries = _meet(
            number, _prefix(size), self._hashes, self._starts, self._counts, self._heads,
            self._following, self._owners, self._met_by, self._entries,
        )  # fmt: skip
        similar: list[int] = found.tolist()
        return similar


def _power_of_2(least: int, *, most: int = 1 << 62) -> int:
    return min(1 << max(least - 1, 1).bit_length(), most)


def _prefix(size: int) -> int:
    return size - ceil(THRESHOLD * size) + 1


@compiled()
def _count(hashes: Hashes, counts: Counts) -> None:
    mask = np.uint64(len(counts) - 1)
    for value in hashes:
        place = value & mask
        if counts[place] < _LARGEST_COUNT:
            counts[place] += np.uint8(1)


@compiled()
def _rarest(mine: Hashes, counts: Counts) -> Hashes:
    """Return shingles with the rarest first; those of one count in the order of their hashes."""
    mask = np.uint64(len(counts) - 1)
    ranks = np.empty(len(mine), np.uint64)
    for place in range(len(mine)):
        held = np.uint64(counts[mine[place] & mask])
        ranks[place] = (held << np.uint64(56)) | (mine[place] >> np.uint64(8))
    return mine[np.argsort(ranks)]


@compiled()
def _similar(one: Hashes, other: Hashes) -> bool:
    if min(len(one), len(other)) < THRESHOLD * max(len(one), len(other)):
        return False
    shared = left = right = 0
    while left < len(one) and right < len(other):
        if one[left] == other[right]:
            shared += 1
        step_left, step_right = one[left] <= other[right], one[left] >= other[right]
        left += step_left
        right += step_right
    return shared >= THRESHOLD * (len(one) + len(other) - shared)


@compiled()
def _meet(
    number: int,
    prefix: int,
    hashes: Hashes,
    starts: NDArray[np.int64],
    counts: Counts,
    heads: Numbers,
    following: Numbers,
    owners: Numbers,
    met_by: Numbers,
    entries: int,
) -> tuple[Numbers, int]:
    """Return the similar programs met in the prefix of one, and the entries there are then."""
    mine = hashes[starts[number] : starts[number + 1]]
    mask, slots = np.uint64(len(counts) - 1), np.uint64(len(heads) - 1)
    similar = [np.int32(0) for _ in range(0)]
    for value in _rarest(mine, counts)[:prefix]:
        if counts[value & mask] == 1:
            continue  # nobody else holds it
        slot = (value >> np.uint64(20)) & slots
        entry = heads[slot]
        while entry >= 0:
            other = owners[entry]
            if other != number and met_by[other] != number:
                met_by[other] = number
                if _similar(hashes[starts[other] : starts[other + 1]], mine):
                    similar.append(other)
            entry = following[entry]
        owners[entries], following[entries], heads[slot] = number, heads[slot], entries
        entries += 1
    return np.sort(np.array(similar, np.int32)), entries
