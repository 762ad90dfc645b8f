"""Splits source code into the tokens that near-duplicate detection compares.

The rules are part of the signature spec (`docs/decisions/0040-near-duplicates.md`): a change
here is a new `minhash.SPEC`. The scan is compiled, for it sees every byte ever ingested.
"""

import builtins
import keyword
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeio_ops.machine_code import compiled

Bytes = NDArray[np.uint8]
Hashes = NDArray[np.uint64]

_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
# Mixed into the hash of a string, so that `"if"` is not the keyword.
_STRING = np.uint64(0x9E3779B97F4A7C15)
# An interpolated string holds names, which renaming changes: all of them are one token.
_INTERPOLATED = np.uint64(0xD1B54A32D192ED03)

_SPACE = frozenset(b" \t\r\n\f\v\\")
_QUOTES = frozenset(b"\"'`")
# A reformatter adds and removes these.
_OPTIONAL = frozenset(b",;()")
_OTHER, _BLANK, _WORD, _QUOTE, _IGNORED = range(5)

_JAVASCRIPT_WORDS = (
    "abstract await break case catch class const continue debugger default delete do else enum "
    "export extends false finally for function if implements import in instanceof interface let "
    "new null of package private protected public return static super switch this throw true try "
    "typeof undefined var void while with yield Array Boolean Date Error Function JSON Map Math "
    "Number Object Promise RegExp Set String Symbol console require module exports"
)


def _byte_classes() -> Bytes:
    classes = np.full(256, _OTHER, np.uint8)
    for byte in range(256):
        letter = chr(byte)
        if byte >= 128 or letter.isalnum() or letter == "_":
            classes[byte] = _WORD
        elif byte in _SPACE:
            classes[byte] = _BLANK
        elif byte in _QUOTES:
            classes[byte] = _QUOTE
        elif byte in _OPTIONAL:
            classes[byte] = _IGNORED
    return classes


def _word_hash(word: str) -> int:
    value = int(_FNV_OFFSET)
    for byte in word.encode():
        value = (value ^ byte) * int(_FNV_PRIME) % (1 << 64)
    return value


def _kept_words(words: set[str]) -> Hashes:
    return np.array(sorted(_word_hash(word) for word in words), np.uint64)


_CLASSES = _byte_classes()
_IMPORT, _FROM = np.uint64(_word_hash("import")), np.uint64(_word_hash("from"))
# Python 3.11's; a later Python must not change signatures.
_PYTHON_BUILTINS = {name for name in dir(builtins) if not name.startswith("_")} - {
    "PythonFinalizationError"
}
_NO_WORDS = np.empty(0, np.uint64)
# Of each language: words that never are names, and words that are none where they are called.
_WORDS = {
    "python": (
        _kept_words(set(keyword.kwlist)),
        _kept_words(_PYTHON_BUILTINS | {"exec", "raw_input", "unicode", "xrange"}),
    ),
    "javascript": (_kept_words(set(_JAVASCRIPT_WORDS.split())), _NO_WORDS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The tokens of one file.

    Attributes:
        hashes: One hash a token, of shape (tokens,).
        names: Whether the token is a name that may be renamed, of shape (tokens,).
    """

    hashes: Hashes
    names: NDArray[np.bool_]


def tokenize(content: bytes, *, language: str) -> Tokens:
    """Split code; it need not be well-formed, and of an unknown language is read as Python."""
    code = np.frombuffer(content.removeprefix(b"\xef\xbb\xbf"), np.uint8)
    hashes = np.empty(len(code) + 1, np.uint64)
    names = np.empty(len(code) + 1, np.bool_)
    kept, called = _WORDS.get(language, _WORDS["python"])
    slashes = language == "javascript"
    count = _scan(code, _CLASSES, kept, called, slashes, hashes, names)
    return Tokens(hashes=hashes[:count], names=names[:count])


@compiled(inline="always")
def _is_kept(value: np.uint64, kept: Hashes) -> bool:
    place = np.searchsorted(kept, value)
    return bool(place < len(kept) and kept[place] == value)


@compiled(inline="always")
def _is_called(code: Bytes, at: int) -> bool:
    """Whether a parenthesis follows, on the same line."""
    while at < len(code) and code[at] == 32:
        at += 1
    return bool(at < len(code) and code[at] == 40)


@compiled()
def _comment_end(code: Bytes, at: int, slashes: bool) -> int:
    """Return where the comment that begins at `at` ends, or `at` when none begins there."""
    size = len(code)
    following = code[at + 1] if at + 1 < size else 0
    line = following == 47 if slashes and code[at] == 47 else (not slashes and code[at] == 35)
    if line:
        while at < size and code[at] != 10 and code[at] != 13:
            at += 1
    elif slashes and code[at] == 47 and following == 42:
        at += 2
        while at < size and not (code[at - 1] == 42 and code[at] == 47):
            at += 1
        at = min(at + 1, size)
    return at


@compiled()
def _string_end(code: Bytes, at: int) -> tuple[int, int]:
    """Return where the string that begins at `at` ends, and how many quotes enclose it."""
    size, quote = len(code), code[at]
    marks = 1
    if quote != 96 and at + 2 < size and code[at + 1] == quote and code[at + 2] == quote:
        marks = 3
    at += marks
    while at < size:
        if code[at] == 92:
            at += 2
            continue
        if code[at] == quote and (
            marks == 1 or (at + 2 < size and code[at + 1] == quote and code[at + 2] == quote)
        ):
            return at + marks, marks
        if code[at] == 10 and marks == 1 and quote != 96:
            break
        at += 1
    return min(at, size), marks


@compiled()
def _scan(  # noqa: C901 - one pass over the bytes; parts of it would not be clearer
    code: Bytes,
    classes: Bytes,
    kept: Hashes,
    called: Hashes,
    slashes: bool,
    hashes: Hashes,
    names: NDArray[np.bool_],
) -> int:
    size, at, count = len(code), 0, 0
    depth, line_start, importing, after_dot = 0, True, False, False
    interpolated = False
    while at < size:
        byte = code[at]
        kind = classes[byte]
        if kind == _BLANK:
            if (byte == 10 or byte == 13) and depth == 0:
                line_start, importing = True, False
            at += 1
            continue
        end = _comment_end(code, at, slashes)
        if end > at:
            at = end
            continue
        value, name = _FNV_OFFSET, False
        if kind == _WORD:
            end = at
            while end < size and classes[code[end]] == _WORD:
                value = (value ^ code[end]) * _FNV_PRIME
                end += 1
            if end < size and end - at <= 2 and (code[end] == 34 or code[end] == 39):
                # A prefix such as the f of f"...".
                for place in range(at, end):
                    interpolated = interpolated or (code[place] | 32) == 102
                at = end
                continue
            if line_start:
                importing = value in (_IMPORT, _FROM)
            literal = 48 <= byte <= 57
            name = not (literal or after_dot or importing or _is_kept(value, kept))
            if name and _is_called(code, end):
                name = not _is_kept(value, called)
            after_dot = False
        elif kind == _QUOTE:
            end, marks = _string_end(code, at)
            for place in range(at + marks, max(end - marks, at + marks)):
                value = (value ^ code[place]) * _FNV_PRIME
            value = _INTERPOLATED if interpolated or byte == 96 else value ^ _STRING
            after_dot, interpolated = False, False
            if line_start and depth == 0:
                # A docstring is no token.
                at = end
                continue
        else:
            end = at + 1
            value = (value ^ byte) * _FNV_PRIME
            after_dot = byte == 46
            if byte == 40 or byte == 91 or byte == 123:
                depth += 1
            elif byte == 41 or byte == 93 or byte == 125:
                depth = max(depth - 1, 0)
        if kind != _IGNORED:
            hashes[count], names[count] = value, name
            count += 1
        line_start = False
        at = end
    return count
