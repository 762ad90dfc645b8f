"""Prose found in a file: docstrings and comments, cleaned of code, markup and boilerplate."""

import ast
import io
import re
import tokenize
from dataclasses import dataclass

from offline_teacher.drafting.parse import ParsedFile

_BOILERPLATE = re.compile(
    r"copyright|licen[cs]e|\bauthor|coding[:=]|usr/bin|https?://|\S@\S|created on|todo|fixme|"
    r"leetcode|>>>|^:|:(type|rtype|param|return)|complexity|runtime:|memory usage|beats|"
    r"\bimport \w|^def |^class |^return |print\(|^@|^```",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"^(examples?|inputs?|outputs?|notes?|constraints?|args?|arguments|parameters?|params|returns?|"
    r"raises|yields|explanation|follow.?up|references?|complexity|usage|attributes|doctests?|"
    r"time|space|sample\w*|test\w*)\b[\w ()]{0,20}\s*:?\s*\d*\s*(:.*)?$",
    re.IGNORECASE,
)
_RETURNS = re.compile(r"^\s*(?:Returns?\s*:|:returns?:)[ \t]*(.*)$", re.IGNORECASE)
_ARGS = re.compile(r"^\s*(?:Args|Arguments|Parameters)\s*:\s*$", re.IGNORECASE)
_ENTRY = re.compile(r"^\s*(\w+)\s*(?:\([^)]*\))?\s*:\s*(\S.*)$")
_MAX_SENTENCES = 5
_MAX_CHARS = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The parts of a docstring that a problem statement uses.

    Attributes:
        prose: Its free text, at most five sentences.
        parameters: What it says about parameters, by name.
        returns: What it says about the result, or an empty string.
    """

    prose: str
    parameters: dict[str, str]
    returns: str


def documentation(docstring: str) -> Documentation:
    """Read a docstring in Google or Sphinx form, or free text."""
    return Documentation(
        prose=clean(docstring),
        parameters={**_google_parameters(docstring), **_sphinx_parameters(docstring)},
        returns=_returns(docstring),
    )


def clean(text: str) -> str:
    """The free text before the first section, as plain sentences on one line."""
    kept: list[str] = []
    for raw in text.replace("\r", "").split("\n"):
        line = re.sub(r"^[\s#*=>\-+\"'`~|]+|[\s#*=\-~]+$", "", raw)
        line = re.sub(r"^\d+[.)]\s+", "", line)
        if _SECTION.match(line):
            if kept:
                break
            continue
        if not _BOILERPLATE.search(line) and re.search(r"[A-Za-z]{3,}", line):
            kept.append(line)
    return _shortened(_plain(" ".join(kept)))


def _plain(text: str) -> str:
    """Without markdown emphasis, links and double white space."""
    text = re.sub(r"\[([^\]\n]+)\]\([^)]*\)", r"\1", text.replace("```", ""))
    text = re.sub(r"\*\*|__(?=\w)|``", "", text)
    return re.sub(r"\s+", " ", text).strip()


def _shortened(text: str) -> str:
    sentences = re.split(r"(?<=[.!?])\s+", text)[:_MAX_SENTENCES]
    while len(sentences) > 1 and len(" ".join(sentences)) > _MAX_CHARS:
        sentences.pop()
    text = " ".join(sentences)
    if len(text) > _MAX_CHARS:
        text = text[:_MAX_CHARS].rsplit(" ", 1)[0] + " ..."
    return text if not text or text[-1] in ".!?" else text.rstrip(":;,") + "."


def is_english(text: str, *, words: int) -> bool:
    """Whether the text has that many words and is nearly all ASCII."""
    found = re.findall(r"[A-Za-z']+", text)
    return len(found) >= words and sum(map(str.isascii, text)) > 0.97 * len(text)


def _google_parameters(docstring: str) -> dict[str, str]:
    lines = docstring.split("\n")
    start = next((i for i, line in enumerate(lines) if _ARGS.match(line)), None)
    found: dict[str, str] = {}
    last = ""
    for line in lines[start + 1 :] if start is not None else []:
        entry = _ENTRY.match(line)
        if not line.strip() or _SECTION.match(line.strip()):
            break
        if entry and entry[1] not in found:
            last = entry[1]
            found[last] = _plain(entry[2])
        elif last:
            found[last] += " " + _plain(line)
    return found


def _sphinx_parameters(docstring: str) -> dict[str, str]:
    pattern = r":param\s+(?:[\w\[\], ]+\s)?(\w+)\s*:[ \t]*(\S[^\n]*)"
    return {name: _plain(text) for name, text in re.findall(pattern, docstring)}


def _returns(docstring: str) -> str:
    """The first sentence of the section about the result."""
    lines = docstring.split("\n")
    for position, line in enumerate(lines):
        match = _RETURNS.match(line)
        if match is None:
            continue
        rest = [match[1]]
        for following in lines[position + 1 :]:
            if not following.strip() or _SECTION.match(following.strip()):
                break
            rest.append(following.strip())
        text = _plain(" ".join(rest))
        text = re.sub(r"^[\w\[\], |.]{1,40}:\s+(?=\S)", "", text)
        first = re.split(r"(?<=[.!?])\s+", text)[0].rstrip(".:; ")
        return "" if _BOILERPLATE.search(first) else first
    return ""


def comment_above(file: ParsedFile, node: ast.AST | None) -> str:
    """The comment lines right above a definition."""
    lines = file.source.split("\n")
    above: list[str] = []
    position = getattr(node, "lineno", 1) - 2
    while 0 <= position < len(lines) and lines[position].lstrip().startswith("#"):
        above.insert(0, lines[position])
        position -= 1
    return clean("\n".join(above))


def header_comment(file: ParsedFile) -> str:
    """The first block of comments of the file."""
    header: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(file.source).readline):
            if token.type == tokenize.COMMENT:
                header.append(token.string)
            elif token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING):
                break
    except (tokenize.TokenError, SyntaxError):
        return ""
    return clean("\n".join(header))


def module_text(file: ParsedFile) -> str:
    """The module docstring without a title line, or the first free-standing string."""
    for node in file.tree.body:
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                first, _, rest = text.strip().partition("\n\n")
                return clean(rest) if rest and "\n" not in first else clean(text)
    return ""
