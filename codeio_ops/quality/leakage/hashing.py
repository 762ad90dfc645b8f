"""The hashes of the leakage index, as `kernel` computes them.

A 64-bit hash finds candidates quickly; a 128-bit digest of the tokens decides. Neither can
be turned back into the benchmark's text.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache

from codeio_ops.quality.leakage.definition import SQUEEZED_WINDOW, is_cjk

BASE = 0x9E3779B97F4A7C15
PRIME = 0x100000001B3
SEED = 0xCBF29CE484222325
EMPTY = 0
# Bit of a unit's kind: the unit is a token alone.
ALONE = 1 << 31

_MASK = (1 << 64) - 1


def mix(value: int) -> int:
    """Spread a 64-bit number over all its bits (the finaliser of splitmix64)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


@cache
def token_hash(token: str) -> int:
    """Hash one token."""
    alone = ALONE if is_cjk(token[0]) else 0
    value = SEED
    for char in token:
        value = ((value ^ (ord(char) | alone)) * PRIME) & _MASK
    return mix(value)


def gram_hash(tokens: Sequence[str]) -> int:
    """Hash consecutive tokens."""
    return _polynomial(map(token_hash, tokens))


def window_hash(squeezed: str) -> int:
    """Hash the first window of a squeezed text."""
    return _polynomial(map(ord, squeezed[:SQUEEZED_WINDOW]))


def digest(parts: Iterable[str]) -> bytes:
    """Return 16 bytes that stand for these parts, in this order."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def _polynomial(values: Iterable[int]) -> int:
    total = 0
    for value in values:
        total = (total * BASE + value) & _MASK
    # Zero marks a free slot of the table.
    return mix(total)
