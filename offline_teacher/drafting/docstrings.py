"""Docstrings in Google, NumPy, Sphinx or Epydoc style, as parts that a statement can use."""

import re
from dataclasses import dataclass, field

from docstring_parser import Docstring, ParseError, parse

from offline_teacher.drafting.people import names_person
from offline_teacher.drafting.prose import is_english, plain_text, prose_of

_MAX_PARAMETER_TEXT = 200
_MAX_RETURNS_TEXT = 160
_TYPE = re.compile(r"^[\w\[\], |.]{1,40}:\s+(?=\S)")
_NO_WORDS = re.compile(r">>>|`|https?:|\?|=|#|^\W|^\d+\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The parts of a docstring that a problem statement uses.

    Attributes:
        prose: Its free text, at most five sentences.
        parameters: What it says about parameters, by name.
        returns: What it says about the result, or an empty string.
    """

    prose: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    returns: str = ""


def documentation(docstring: str, persons: frozenset[str] = frozenset()) -> Documentation:
    """Read a docstring in any of the known styles, or free text.

    Args:
        docstring: Its text, without common indentation.
        persons: Names that must not come out of it.
    """
    parsed = _parsed(docstring)
    if parsed is None:
        return Documentation(prose=prose_of(docstring, persons))
    return Documentation(
        prose=prose_of(parsed.description or "", persons),
        parameters={
            item.arg_name: text
            for item in parsed.params
            if (text := _told(item.description, persons, _MAX_PARAMETER_TEXT))
        },
        returns=_told(
            parsed.returns.description if parsed.returns else "", persons, _MAX_RETURNS_TEXT
        ),
    )


def _parsed(docstring: str) -> Docstring | None:
    try:
        return parse(docstring)
    except ParseError:
        return None


def _told(description: str | None, persons: frozenset[str], longest: int) -> str:
    """The first sentence of a description, when it is words and short enough."""
    text = _TYPE.sub("", plain_text(description or ""))
    first = re.split(r"(?<=[.!?])\s+", text)[0].rstrip(".:; ")
    usable = is_english(first, words=2) and len(first) <= longest
    return (
        first if usable and not _NO_WORDS.search(first) and not names_person(first, persons) else ""
    )
