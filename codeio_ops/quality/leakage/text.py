"""The text of `cio-leak-1`: normalised, cut into tokens, or squeezed, with the way back.

A token is a maximal run of letters; a letter of CJK is one alone. Digits, underscores,
punctuation, marks and white space separate. Text that is squeezed keeps letters, digits and
operators only.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from codeio_ops.jsonvalue import Json, compact

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W\d_{_CJK}]+")
_ASCII_TOKEN = re.compile(r"[a-z]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_LABELS = ("role", "type")
_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|.)")
OPERATORS = frozenset("+-*/=<>()[]{}^%&|!~")

# A piece begins at an ASCII character: normalisation never reaches across its front.
_PIECE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its place in the normalised text: [`start`, `end`)."""

    text: str
    start: int
    end: int


def normalise(text: str) -> str:
    """Return NFKC, case folded, NFKC again."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def json_text(value: Json) -> str:
    """Return a value as JSON with blanks for escapes: the `n` of a line end is no letter."""
    return _ESCAPE.sub(lambda escape: " " * len(escape[0]), compact(value))


def nested_texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and content of each string inside lists and objects, in order.

    What labels a part of a chat, its role and its type, is no text; a key of several words is.
    A string that holds a list or an object is its `json_text`.
    """
    pending = [(path, value)]
    while pending:
        here, part = pending.pop()
        inner: list[tuple[str, object]] = []
        if isinstance(part, str):
            yield here, _unpacked(part)
        elif isinstance(part, list | tuple):
            inner = [(f"{here}[{number}]", item) for number, item in enumerate(part)]
        elif isinstance(part, dict):
            inner = [(f"{here}.{key}", item) for key, item in part.items() if key not in _LABELS]
            yield from ((f"{here}.{key}", str(key)) for key in part if " " in str(key))
        pending += reversed(inner)


def _unpacked(text: str) -> str:
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json_text(json.loads(text))
    except (ValueError, RecursionError):
        return text


def tokens(text: str) -> list[str]:
    """Return the tokens of a text, in order."""
    folded = normalise(text)
    if folded.isascii():
        return _ASCII_TOKEN.findall(folded)
    return [part for run in _TOKEN.findall(folded) for part in _alphabetic(run)]


def located_tokens(folded: str) -> list[Token]:
    """Return the tokens of a normalised text with their places."""
    return [
        Token(match[0], run.start() + match.start(), run.start() + match.end())
        for run in _TOKEN.finditer(folded)
        for match in _alphabetic_matches(run[0])
    ]


def squeeze(folded: str) -> str:
    """Return what a normalised text holds of letters, digits and operators."""
    return "".join(char for char in folded if is_squeezed(char))


def squeezed_places(folded: str) -> list[int]:
    """Return where each character of `squeeze(folded)` stands in `folded`."""
    return [place for place, char in enumerate(folded) if is_squeezed(char)]


def is_squeezed(char: str) -> bool:
    """Say whether squeezing keeps a character."""
    return char.isalnum() or char in OPERATORS


class WayBack:
    """Maps places of a normalised text to the text it was made from."""

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._pieces = None if text.isascii() else list(_pieces(text))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the part of the text that [`start`, `end`) was made from.

        Where a run beyond ASCII changes its length, the whole run stands for its parts.
        """
        if self._pieces is None:
            return start, end
        first, last = self._piece(start), self._piece(max(start, end - 1))
        return first.begin(start), last.finish(end)

    def _piece(self, place: int) -> "_Piece":
        assert self._pieces is not None
        index = bisect_right(self._pieces, place, key=lambda piece: piece.folded_start) - 1
        return self._pieces[index]


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    folded_start: int
    folded_end: int

    @property
    def _same_length(self) -> bool:
        return self.end - self.start == self.folded_end - self.folded_start

    def begin(self, place: int) -> int:
        return self.start + place - self.folded_start if self._same_length else self.start

    def finish(self, place: int) -> int:
        return self.start + place - self.folded_start if self._same_length else self.end


def _pieces(text: str) -> Iterator[_Piece]:
    folded = 0
    for match in _PIECE.finditer(text):
        if match[0]:
            length = len(normalise(match[0]))
            yield _Piece(match.start(), match.end(), folded, folded + length)
            folded += length


def _alphabetic(run: str) -> list[str]:
    """Split a run of word characters at those that are not letters, such as `²`."""
    return [run] if run.isalpha() else [match[0] for match in _alphabetic_matches(run)]


def _alphabetic_matches(run: str) -> Iterator[re.Match[str]]:
    letters = "".join(char if char.isalpha() else " " for char in run)
    return _LETTERS.finditer(letters)
