"""Credits and persons in a file's prose: neither is part of a problem.

A handle or a name is personal data wherever it stands. Names are taken from where a file gives
credit (headers, `__author__`, "Inspired by PR #7 (handle)"), and are then looked for in all text.
An eponym such as "Kadane's algorithm" is the name of a thing, not of a person.
"""

import io
import re
import tokenize
from collections.abc import Iterator

from codeio_ops.private_data import find_personal_data

_NAME = r"[A-Z][\w.'-]*(?:[ \t]+[A-Z][\w.'-]*){0,3}"
_ROLES = (
    r"authors?|maintainers?|contributors?|contributed|credits?|created|written|coded|implemented|"
    r"developed|inspired|submitted|solved|programmed|posted|designed|thanks?|courtesy|programmer|"
    r"developer|coder|student|translated|modified|adapted|copyright|edited|reported"
)
_CREDIT = re.compile(
    rf"(?i:\b(?:{_ROLES})\s+(?:by|to|of|from)\b)(?!\s+(?:a|an|the|all|each|any|one|two)\b)"
    r"|(?i:^\W*(?:authors?|credits?|contributors?|maintainers?|copyright|programmer|developer|coder"
    r"|student|source|sources|references?|based on|taken from|thanks)\b\s*(?:[:@(]|\W*$|[A-Z0-9]))"
    r"|(?i:\b(?:thanks|thank you|kudos|props|shout.?out)\b)|(?i:@author|@since|__author__)"
    r"|(?i:\bcopyright\b|©|all rights reserved)"
    r"|(?i:\b(?:PR|pull request|issue|commit|gh)\s*\W?#?\d+)|(?<!\w)#\d{2,}\b"
)
_TAG = r"(?!(?:param|return|returns|type|rtype|raise|raises|var|keyword)\b)"
_HANDLE = re.compile(rf"(?<![\w.`'\"])@{_TAG}[A-Za-z][\w-]{{2,}}|\b(?:u|r)/[A-Za-z][\w-]{{2,}}")
_SIGNED = re.compile(
    rf"\b[Bb]y\s*:?\s+[A-Z][a-z]+[ \t]+(?:[A-Z]\.?[ \t]+)?[A-Z][a-z]+|^\W*[Bb]y\s+{_NAME}\W*$"
)
_NAMED = re.compile(
    rf"(?:(?i:\b(?:{_ROLES})\b|@author|__author__)\s*(?i:by|to|of)?\s*[:=\-–—@]?\s*"
    rf"[\"']?({_NAME}))"
    r"|(?i:(?:PR|pull request|issue)\s*#?\d+\s*\(@?([\w-]{3,})\))|(?<![\w.`'\"])"
    rf"@{_TAG}([A-Za-z][\w-]{{2,}})",
)
_EPONYM = re.compile(
    r"(?:[A-Z][\w.-]+\s+)+(?=[A-Z][\w-]+['’]s\s+(?:\w+\s+)?"
    r"(?:algorithm|theorem|method|formula|rule|law|triangle|sieve|test|trick|code|approach)\b)"
)
_BY_METHOD = re.compile(
    r"\s*\b(?:using|with|via|by|through|based on)\s+(?:the\s+)?(?:[A-Z][\w-]+\s+)*"
    r"[A-Z][\w-]+['’]s\s+(?:algorithm|method|approach|trick)\b(?:,\s*which runs in \w+ time)?"
)
_NO_NAMES = frozenset({"the", "this", "python", "leetcode", "google", "facebook", "amazon", "for"})
_LEAST_LETTERS = 3


def is_credit(text: str) -> bool:
    """Whether a line or sentence names who made, gave or asked something."""
    return any(pattern.search(text) for pattern in (_CREDIT, _HANDLE, _SIGNED))


def persons_of(source: str) -> frozenset[str]:
    """The names and handles that a file gives credit to, in lower case."""
    found = (match[1] or match[2] or match[3] or "" for match in _NAMED.finditer(source))
    names = {name.strip(" .'-").lower() for name in found}
    return frozenset(n for n in names if len(n) >= _LEAST_LETTERS and n not in _NO_NAMES)


def names_person(text: str, persons: frozenset[str]) -> bool:
    """Whether a text holds one of these persons, a credit, an address or a telephone number."""
    lowered = text.lower()
    known = (re.search(rf"(?<!\w){re.escape(person)}(?!\w)", lowered) for person in persons)
    return is_credit(text) or any(known) or any(True for _ in find_personal_data(text))


def without_method(text: str) -> str:
    """A sentence without whose algorithm is used: that says how, not what."""
    return _EPONYM.sub("", _BY_METHOD.sub("", text))


def without_credits(code: str, persons: frozenset[str]) -> str:
    """Code without the comments, and without the lines of docstrings, that name a person."""
    lines = code.split("\n")
    try:
        cuts = list(_credits(code, lines, persons))
    except (tokenize.TokenError, SyntaxError):
        return code
    gone = {row for row, column in cuts if not lines[row][:column].strip()}
    for row, column in cuts:
        lines[row] = lines[row][:column].rstrip()
    return "\n".join(line for row, line in enumerate(lines) if row not in gone)


def _credits(code: str, lines: list[str], persons: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Row and column from which a line is cut."""
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        (first, column), (last, _) = token.start, token.end
        if token.type == tokenize.COMMENT and names_person(token.string[1:], persons):
            yield first - 1, column
        if token.type == tokenize.STRING and before in (tokenize.NEWLINE, tokenize.INDENT):
            inside = range(first, last - 1)
            yield from ((row, 0) for row in inside if names_person(lines[row], persons))
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = token.type
