"""The inner loops of the leakage scan, compiled by numba; imported only where text is scanned.

Both loops read text as an array of units (bytes of ASCII text, code points of any other)
through a table that says what a unit counts as. They hash n consecutive tokens, or 24
consecutive characters, with a polynomial that rolls, modulo 2**64, and look each hash up
first in a bit set that fits the cache, then in a table with open addressing. A hash that is
found is a candidate; `scan` confirms it on the tokens themselves.

Compiled code is kept where `codeio_ops.machine_code` says.
"""

import numpy as np
from numba import njit

from codeio_ops.machine_code import compiled
from codeio_ops.quality.leakage.hashing import ALONE, BASE, EMPTY, PRIME, SEED

_BLOCK = 4096
_U64 = np.uint64
_BASE, _PRIME, _SEED, _EMPTY = _U64(BASE), _U64(PRIME), _U64(SEED), _U64(EMPTY)
_BASE_8 = _U64(pow(BASE, 8, 1 << 64))
_BASE_13 = _U64(pow(BASE, 13, 1 << 64))
_BASE_24 = _U64(pow(BASE, 24, 1 << 64))
_ALONE = np.uint32(ALONE)
_ONE, _SIX, _LOW6, _SHIFT = _U64(1), _U64(6), _U64(63), _U64(20)
_M1, _M2 = _U64(0xBF58476D1CE4E5B9), _U64(0x94D049BB133111EB)
_S30, _S27, _S31 = _U64(30), _U64(27), _U64(31)


@njit(inline="always")
def _mix(value):  # type: ignore[no-untyped-def]
    value = (value ^ (value >> _S30)) * _M1
    value = (value ^ (value >> _S27)) * _M2
    return value ^ (value >> _S31)


@njit(inline="always")
def _holds(table, hashed):  # type: ignore[no-untyped-def]
    mask = _U64(table.shape[0] - 1)
    slot = (hashed >> _SHIFT) & mask
    while table[slot] != _EMPTY:
        if table[slot] == hashed:
            return True
        slot = (slot + _ONE) & mask
    return False


@njit(inline="always")
def _may_hold(bits, hashed):  # type: ignore[no-untyped-def]
    bit = hashed & _U64(bits.shape[0] * 64 - 1)
    return (bits[bit >> _SIX] >> (bit & _LOW6)) & _ONE


@compiled(error_model="numpy", boundscheck=False)
def find_grams(  # type: ignore[no-untyped-def] # noqa: C901 - calls would cost more than the work
    units, starts, ends, kinds, long_bits, long_table, short_bits, short_table,
    out_document, out_token, out_length, out_hash,
):  # fmt: skip
    """Find 13-grams and 8-grams of tokens; return the number of candidates.

    Args:
        units: The text of all documents.
        starts: Document d is units[starts[d]:ends[d]].
        ends: See `starts`.
        kinds: Of each unit: 0 separates, else its code; the bit `ALONE` makes it a token.
        long_bits: Bit set of the 13-grams wanted, with its table.
        long_table: See `long_bits`.
        short_bits: Bit set of the 8-grams wanted, with its table.
        short_table: See `long_bits`.
        out_document: Document of each candidate, as far as there is room.
        out_token: Index of its last token in the document.
        out_length: 13 or 8.
        out_hash: Its hash.
    """
    ring = np.zeros(16, np.uint64)
    long_hash = np.empty(_BLOCK, np.uint64)
    short_hash = np.empty(_BLOCK, np.uint64)
    found, room = 0, out_document.shape[0]
    for document in range(starts.shape[0]):
        place, end = starts[document], ends[document]
        count = 0
        long_gram = short_gram = _U64(0)
        word, inside = _SEED, False
        while place <= end:
            filled = 0
            # One unit may end a word and be a token as well.
            while place <= end and filled < _BLOCK - 1:
                kind = kinds[units[place]] if place < end else np.uint32(0)
                place += 1
                alone = kind & _ALONE
                if kind != 0 and not alone:
                    word = (word ^ _U64(kind)) * _PRIME
                    inside = True
                    continue
                for turn in range(2):
                    if turn == 0:
                        if not inside:
                            continue
                        token = _mix(word)
                        word, inside = _SEED, False
                    else:
                        if not alone:
                            continue
                        token = _mix((_SEED ^ _U64(kind)) * _PRIME)
                    long_gram = long_gram * _BASE + token
                    short_gram = short_gram * _BASE + token
                    if count >= 13:
                        long_gram -= ring[(count - 13) & 15] * _BASE_13
                    if count >= 8:
                        short_gram -= ring[(count - 8) & 15] * _BASE_8
                    ring[count & 15] = token
                    count += 1
                    long_hash[filled] = _mix(long_gram)
                    short_hash[filled] = _mix(short_gram)
                    filled += 1
            before = count - filled
            for index in range(max(0, 7 - before), filled):
                if _may_hold(short_bits, short_hash[index]) and _holds(
                    short_table, short_hash[index]
                ):
                    if found < room:
                        out_document[found] = document
                        out_token[found] = before + index
                        out_length[found] = 8
                        out_hash[found] = short_hash[index]
                    found += 1
                if (
                    before + index >= 12
                    and _may_hold(long_bits, long_hash[index])
                    and _holds(long_table, long_hash[index])
                ):
                    if found < room:
                        out_document[found] = document
                        out_token[found] = before + index
                        out_length[found] = 13
                        out_hash[found] = long_hash[index]
                    found += 1
    return found


@compiled(error_model="numpy", boundscheck=False)
def find_windows(units, starts, ends, kinds, bits, table, out_document, out_place, out_hash):  # type: ignore[no-untyped-def]
    """Find windows of 24 characters in squeezed text; return the number of candidates.

    Args:
        units: The text of all documents.
        starts: As in `find_grams`, like `ends`.
        ends: See `starts`.
        kinds: Of each unit: 0 is left out, else its code.
        bits: Bit set of the windows wanted.
        table: Their table.
        out_document: Document of each candidate, as far as there is room.
        out_place: Index of its first character in the squeezed document.
        out_hash: Its hash.
    """
    ring = np.zeros(32, np.uint64)
    found, room = 0, out_document.shape[0]
    for document in range(starts.shape[0]):
        count = 0
        window = _U64(0)
        for place in range(starts[document], ends[document]):
            kind = kinds[units[place]]
            if kind == 0:
                continue
            unit = _U64(kind)
            window = window * _BASE + unit
            if count >= 24:
                window -= ring[(count - 24) & 31] * _BASE_24
            ring[count & 31] = unit
            count += 1
            if count < 24:
                continue
            hashed = _mix(window)
            if _may_hold(bits, hashed) and _holds(table, hashed):
                if found < room:
                    out_document[found] = document
                    out_place[found] = count - 24
                    out_hash[found] = hashed
                found += 1
    return found


@compiled(error_model="numpy", boundscheck=False)
def ascii_documents(data, starts, ends):  # type: ignore[no-untyped-def]
    """Say of each document whether all its bytes are ASCII."""
    flags = np.empty(starts.shape[0], np.bool_)
    for document in range(starts.shape[0]):
        seen = np.uint8(0)
        for place in range(starts[document], ends[document]):
            seen |= data[place]
        flags[document] = seen < 128
    return flags


@compiled(error_model="numpy", boundscheck=False)
def fill(bits, table, hashes):  # type: ignore[no-untyped-def]
    """Enter distinct hashes into a bit set and a table, whose sizes are powers of two."""
    mask = _U64(table.shape[0] - 1)
    for index in range(hashes.shape[0]):
        hashed = hashes[index]
        bit = hashed & _U64(bits.shape[0] * 64 - 1)
        bits[bit >> _SIX] |= _ONE << (bit & _LOW6)
        slot = (hashed >> _SHIFT) & mask
        while table[slot] != _EMPTY:
            slot = (slot + _ONE) & mask
        table[slot] = hashed
