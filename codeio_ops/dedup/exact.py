"""Near duplicates of programs: an exact join on the Jaccard similarity of token shingles.

Two sets whose similarity is at least t share an element among the rarest
n - ceil(t * n) + 1 of each, so only programs that meet there are compared. Nothing is left
to chance, unlike with MinHash. Source: Bayardo, Ma, Srikant, "Scaling up all pairs
similarity search", 2007.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from math import ceil
from typing import TypeVar

from codeio_ops.dedup import SHINGLE_TOKENS, THRESHOLD

K = TypeVar("K")

_TOKEN = re.compile(r"\w+|[^\w\s]")


def shingles(code: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of 5 tokens of a program; of a shorter one all its tokens."""
    tokens = _TOKEN.findall(code)
    count = max(1, len(tokens) - SHINGLE_TOKENS + 1)
    return frozenset(tuple(tokens[start : start + SHINGLE_TOKENS]) for start in range(count))


def near_duplicate_pairs(codes: Mapping[K, str]) -> Iterator[tuple[K, K]]:
    """Yield each pair of programs that is at least 70 % similar, the earlier one first."""
    sets = {key: shingles(code) for key, code in codes.items()}
    frequency = Counter(shingle for found in sets.values() for shingle in found)
    holders: defaultdict[tuple[str, ...], list[K]] = defaultdict(list)
    for key, found in sets.items():
        rarest = sorted(found, key=lambda shingle: (frequency[shingle], shingle))
        prefix = rarest[: len(rarest) - ceil(THRESHOLD * len(rarest)) + 1]
        met = dict.fromkeys(other for shingle in prefix for other in holders[shingle])
        for other in met:
            if _similar(found, sets[other]):
                yield other, key
        for shingle in prefix:
            holders[shingle].append(key)


def clusters(codes: Mapping[K, str]) -> dict[K, K]:
    """Return for each program the first one of its cluster: near duplicates, transitively."""
    parent = {key: key for key in codes}

    def root(key: K) -> K:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    order = {key: number for number, key in enumerate(codes)}
    for one, other in near_duplicate_pairs(codes):
        first, second = sorted((root(one), root(other)), key=order.__getitem__)
        parent[second] = first
    return {key: root(key) for key in codes}


def _similar(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> bool:
    smaller, larger = sorted((len(one), len(other)))
    if smaller < THRESHOLD * larger:
        return False
    shared = len(one & other)
    return shared >= THRESHOLD * (len(one) + len(other) - shared)
