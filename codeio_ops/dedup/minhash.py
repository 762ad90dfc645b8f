"""MinHash signatures of source code, by a spec that keeps them comparable for years.

`SPEC` names the rules written down in `docs/decisions/0040-near-duplicates.md`: what a token
is, 5-token shingles in which names are replaced by their order, 256 permutations, 32 bands of
8 rows, and the similarity above which two files are near-duplicates.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeio_ops.dedup import SHINGLE_TOKENS
from codeio_ops.dedup.lexer import Hashes, tokenize
from codeio_ops.dedup.same_code import normal_form
from codeio_ops.machine_code import compiled

SPEC = "cio-near-1"
PERMUTATIONS = 256
BANDS = 32
ROWS = PERMUTATIONS // BANDS
# Of fewer shingles a similarity says nothing.
MIN_SHINGLES = 24

Signature = NDArray[np.uint32]

_GOLDEN = 0x9E3779B97F4A7C15
_BASE = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What is kept of a file to find its near-duplicates.

    Attributes:
        content: The file.
        language: Its language.
        shingles: Sorted distinct shingle hashes, of shape (shingles,).
        bands: Band keys, of shape (32,); all zero when there are too few shingles to compare.
    """

    content: bytes
    language: str
    shingles: Hashes
    bands: Hashes

    @property
    def text(self) -> bytes:
        """The program, by which equal code is known."""
        return normal_form(self.content, language=self.language)


def sketch(content: bytes, *, language: str) -> Sketch:
    """Reduce a file to its shingles and band keys."""
    tokens = tokenize(content, language=language)
    shingles = distinct(shingle_hashes(tokens.hashes, tokens.names))
    bands = np.zeros(BANDS, np.uint64)
    if len(shingles) >= MIN_SHINGLES:
        _band_keys(_minhash(shingles, _MULTIPLIERS, _OFFSETS), bands)
    return Sketch(content=content, language=language, shingles=shingles, bands=bands)


def distinct(values: Hashes) -> Hashes:
    """Sort and deduplicate in place; `numpy.unique` takes many times as long on so few values."""
    values.sort()
    return values[: _move_distinct(values)]


def similarity(one: Hashes, other: Hashes) -> float:
    """Return the Jaccard similarity of two sets of shingles, each sorted and distinct."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(len(one) + len(other) - shared, 1)


def signature(shingles: Hashes) -> Signature:
    """Return the MinHash signature, of shape (256,)."""
    result: Signature = _minhash(shingles, _MULTIPLIERS, _OFFSETS)
    return result


@compiled(inline="always")
def _mix(value: np.uint64) -> np.uint64:
    """Finalise by splitmix64."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled()
def shingle_hashes(hashes: Hashes, names: NDArray[np.bool_]) -> Hashes:
    """Return a hash of each run of 5 tokens, in their order; of fewer tokens, of all of them.

    Args:
        hashes: Tokens, of shape (tokens,).
        names: Which of them are names, which count by their order in the run.
    """
    count = len(hashes)
    width = min(SHINGLE_TOKENS, count)
    found = np.empty(count - width + 1 if count else 0, np.uint64)
    for start in range(len(found)):
        value = np.uint64(0)
        for offset in range(width):
            token = hashes[start + offset]
            if names[start + offset]:
                first = 0
                while not (names[start + first] and hashes[start + first] == token):
                    first += 1
                token = np.uint64(first)
            value = value * _BASE + _mix(token)
        found[start] = _mix(value)
    return found


@compiled()
def _move_distinct(ordered: Hashes) -> int:
    """Move the distinct values to the front, and return how many there are."""
    count = 0
    for value in ordered:
        if count == 0 or value != ordered[count - 1]:
            ordered[count] = value
            count += 1
    return count


@compiled()
def _minhash(shingles: Hashes, multipliers: Signature, offsets: Signature) -> Signature:
    rows = np.full(len(multipliers), 0xFFFFFFFF, np.uint32)
    for shingle in shingles:
        high = np.uint32(shingle >> np.uint64(32))
        for row in range(len(multipliers)):
            value = np.uint32(multipliers[row] * high + offsets[row])
            value = np.uint32(value ^ (value >> np.uint32(15)))
            rows[row] = min(rows[row], value)
    return rows


@compiled()
def _band_keys(rows: Signature, bands: Hashes) -> None:
    for band in range(len(bands)):
        value = np.uint64(band)
        for row in range(ROWS):
            value = _mix(value * _BASE + rows[band * ROWS + row])
        # Zero means "not compared".
        bands[band] = max(value, np.uint64(1))


def _permutations() -> tuple[Signature, Signature]:
    counter = np.arange(1, 2 * PERMUTATIONS + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    words = np.array([_mix(value) for value in counter], np.uint64) >> np.uint64(32)
    return (words[:PERMUTATIONS] | np.uint64(1)).astype(np.uint32), words[PERMUTATIONS:].astype(
        np.uint32
    )


_MULTIPLIERS, _OFFSETS = _permutations()
