"""Prose found in a file: docstrings and comments, without code, examples, credits and links."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.people import names_person, persons_of, without_method

_SECTION = re.compile(
    r"^\W*(examples?|inputs?|outputs?|notes?|constraints?|args?|arguments|parameters?|params|"
    r"returns?|raises|yields?|explanation|follow.?up|references?|complexity|usage|attributes|"
    r"doctests?|hints?|tags?|source|links?|see also|time|space|sample\w*|tests?|test \w+|solution|"
    r"approach|todo|for example|for instance)\b(?:[\w ()/]{0,20}:.*|\W*\d*\W*)$",
    re.IGNORECASE,
)
# Lines of code, of diagrams, of links, and of what sites with exercises count.
_CODE = re.compile(
    r">>>|^\s*\.\.\.|^[:@]|```|usr/bin|coding[:=]|^\W*(?:[\w ]{1,20}:\s*)?(?:https?:|www\.)|"
    r"\b(?:self|math|os|sys)\.|^\s*(?:def|class|import|from|for|while|if|elif|else)\b.*:?\s*$(?<=:)|"
    r"^(?:return|print)\b\s*[\w.]*[(\[]|^\w[\w.\[\]]*\s*[-+*/]?=|[-+*/=]=|->|=>|\bimport \w|^\s*\||"
    r"\b(?:difficulty|likes|dislikes|accepted|submissions|runtime|memory usage|beats)\b\s*[:\d(-]|"
    r"^\W*(?:created|date|file ?name|title|name|problem|exercise|author)\b\s*(?:on|:|\d)|"
    r"\bcreated (?:on|:)|definition (?:for|of) (?:a |singly)|^O\(|^\W*(?:todo|to-do|fixme|xxx)\b",
    re.IGNORECASE,
)
# Sentences about how fast something is, where it comes from, or what is still to be done.
_ASIDE = re.compile(
    r"https?:|www\.|\.(?:com|org|net)\b|licen[cs]e|complexity|"
    r"\b(?:todo|to-do|fixme|xxx|leetcode|geeksforgeeks|hackerrank|codewars|lintcode)\b",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    r"^\W*(?:for (?:example|instance)|examples?|e\.g|i\.e|eg|input|output|sample|explanation|see|"
    r"hint|\w+ -- |(?:can|could|do|does|what can|how do|how can|is there)\b.*\?$|"
    r"note that the (?:above|below)|here(?:'s| is) (?:an?|the) )\b|:$|"
    r"\b(?:the )?(?:above|below|following) (?:example|elevation|tree|matrix|picture|image|should)|"
    r"\b(?:example|shown|given) (?:above|below)\b",
    re.IGNORECASE,
)
# A call such as `flip([1, 2])`: not O(n), element(s), f(x), nor what mathematics writes so.
_CALL = re.compile(
    r"\b(?!(?:pow|min|max|abs|sum|len|gcd|lcm|sqrt|log|mod|tri|floor|ceil)\()"
    r"[A-Za-z_]\w{2,}\((?!(?:s|es|ies)\)|[A-Za-z](?:, ?[A-Za-z])*\))[^)]*\)"
)
_MAX_SENTENCES = 5
_MAX_CHARS = 700
_LEAST_LETTERS = 0.6


def prose_of(text: str, persons: frozenset[str]) -> str:
    """The sentences of a text that can state a problem, on one line; at most five."""
    kept: list[str] = []
    for paragraph in _paragraphs(text):
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z\"'(`\d])", paragraph):
            plain = without_method(sentence).strip()
            if plain and is_prose(plain, persons) and plain.rstrip(".") not in " ".join(kept):
                plain = f"{plain[0].upper()}{plain[1:]}"
                kept.append(plain if plain[-1] in ".!?" else plain.rstrip(":;,- ") + ".")
    kept = kept[:_MAX_SENTENCES]
    while kept and len(" ".join(kept)) > _MAX_CHARS:
        kept.pop()
    return " ".join(kept)


def is_prose(sentence: str, persons: frozenset[str]) -> bool:
    """Whether a sentence is words about the problem: no example, code, link, credit or person."""
    if len(re.findall(r"[A-Za-z]{2,}", sentence)) < 2 or _EXAMPLE.search(sentence):
        return False
    letters = sum(char.isalpha() or char.isspace() for char in sentence)
    if letters < _LEAST_LETTERS * len(sentence) or _CALL.search(sentence):
        return False
    aside = _CODE.search(sentence) or _ASIDE.search(sentence)
    return not (aside or names_person(sentence, persons))


def _paragraphs(text: str) -> Iterator[str]:
    """Runs of lines of prose, each as one line; what follows the first section is left out."""
    lines: list[str] = []
    prompted = False
    for raw in [*text.replace("\r", "").split("\n"), ""]:
        line = _bare(raw)
        prompted = raw.lstrip().startswith(">>>") or (prompted and bool(line))
        if lines and _SECTION.match(line):
            break
        if line and not prompted and not _SECTION.match(line) and not _is_code(line):
            lines.append(line)
        elif lines:
            yield " ".join(lines)
            lines = []
    if lines:
        yield " ".join(lines)


def _bare(raw: str) -> str:
    line = re.sub(r"^[\s#*=>\-+\"'`~|]+(?<!>>>)|[\s#*=\-~]+$", "", raw)
    line = re.sub(r"^(?:\d+[.)]|[a-z]\))\s+", "", line)
    return plain_text(line)


def _is_code(line: str) -> bool:
    return _CODE.search(line) is not None or not re.search(r"[A-Za-z]{3,}", line)


def plain_text(text: str) -> str:
    """Without markup, links and double white space."""
    text = re.sub(r"\[([^\]\n]+)\]\([^)]*\)", r"\1", text.replace("```", ""))
    text = re.sub(r":\w+:`([^`]*)`", r"\1", text)
    text = re.sub(r"\*\*|__(?=\w)|``|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)", "", text)
    return re.sub(r"\s+", " ", text).strip()


def is_english(text: str, *, words: int) -> bool:
    """Whether the text has that many words and is nearly all ASCII."""
    found = re.findall(r"[A-Za-z']+", text)
    return len(found) >= words and sum(map(str.isascii, text)) > 0.97 * len(text)


def comment_above(file: ParsedFile, node: ast.AST | None) -> str:
    """The comment lines right above a definition."""
    lines = file.source.split("\n")
    above: list[str] = []
    position = getattr(node, "lineno", 1) - 2
    while 0 <= position < len(lines) and lines[position].lstrip().startswith("#"):
        above.insert(0, lines[position])
        position -= 1
    return prose_of("\n".join(above), persons_of(file.source))


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
    return prose_of("\n".join(header), persons_of(file.source))


def module_text(file: ParsedFile) -> str:
    """The module docstring, or the first free-standing string."""
    for node in file.tree.body:
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                return prose_of(_without_title(text), persons_of(file.source))
    return ""


def _without_title(text: str) -> str:
    """A module's text; of a title line such as `Name - what it does` only the latter."""
    first, _, rest = text.strip().partition("\n")
    _, dash, said = re.sub(r"\s(?:--|—|–)\s", " - ", first).partition(" - ")
    title = not rest.strip() or rest.startswith("\n")
    if not title:
        return text
    return f"{said[:1].upper()}{said[1:]}\n{rest}" if dash else (rest if rest.strip() else text)
