"""Reading and writing the little Markdown that teachers and the platform exchange.

Only the top level counts: headings, and fenced blocks below them. Raw HTML is off, so no
content can open a comment that swallows what follows it.
"""

import re
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

_BACKTICKS = re.compile(r"`+")
_PARSER = MarkdownIt("commonmark", {"html": False}).disable(["reference", "inline"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A fenced block.

    Attributes:
        language: First word of its info string, in lower case.
        content: Its text, without the line break before the closing fence.
        closed: Whether it has a closing fence; if not, the text ends inside it.
    """

    language: str
    content: str
    closed: bool


@dataclass(slots=True)
class Section:
    """A heading with what stands below it, up to the next heading.

    Attributes:
        title: Text of the heading; empty for what stands before the first one.
        level: 1 to 6; 0 for what stands before the first heading.
        prose: Everything but the fenced blocks, as written.
        fences: The fenced blocks, in order.
    """

    title: str
    level: int
    prose: str = ""
    fences: list[Fence] = field(default_factory=list)


def fenced(content: str, language: str = "") -> str:
    """Wrap `content` in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in _BACKTICKS.findall(content)), default=0)
    bar = "`" * max(3, longest + 1)
    return f"{bar}{language}\n{content}\n{bar}"


def sections(text: str) -> list[Section]:
    """Split `text` at its top-level headings.

    The first section holds what stands before the first heading and may be empty.
    """
    lines = _normal(text).split("\n")
    found = [Section(title="", level=0)]
    tokens = _PARSER.parse(text)
    for index, token in enumerate(tokens):
        if token.level != 0 or token.map is None:
            continue
        if token.type == "heading_open":
            found.append(Section(title=tokens[index + 1].content.strip(), level=int(token.tag[1])))
        elif token.type == "fence":
            found[-1].fences.append(_fence(token))
        else:
            block = "\n".join(lines[token.map[0] : token.map[1]]).rstrip()
            found[-1].prose += f"\n\n{block}" if found[-1].prose else block
    return found


def has_structure(text: str) -> bool:
    """Say whether `text` holds a heading or a fence at any level, so that it would not nest."""
    return any(token.type in ("heading_open", "fence") for token in _PARSER.parse(text))


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _fence(token: Token) -> Fence:
    start, end = token.map or (0, 0)
    words = token.info.split()
    return Fence(
        language=words[0].lower() if words else "",
        content=token.content.removesuffix("\n"),
        closed=end - start == len(re.findall(r"[^\n]*\n|[^\n]+", token.content)) + 2,
    )
