"""From the words of a prompt to a generator of inputs.

The generator that made the pair is not in the prompt, so it is rebuilt: types and limits
from the description of the inputs, else from annotations and defaults in the code.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import replace

from offline_teacher.drafting.annotations import spec_from_annotation, spec_from_docstring
from offline_teacher.drafting.generators import generator_source
from offline_teacher.drafting.specs import (
    ChoiceSpec,
    FloatSpec,
    IntSpec,
    LikeSpec,
    LinkedListSpec,
    ListSpec,
    MatrixSpec,
    MemberSpec,
    PlaceSpec,
    Spec,
    TextSpec,
    WordsSpec,
)

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_RANGE = re.compile(
    rf"\b(?:from|between|in the range(?: of)?)\s+{_NUMBER}\s*(?:to|and|-)\s*{_NUMBER}"
)
_LENGTH = re.compile(
    r"\b(?:of|with|length|contains?)\s+(?:between\s+)?(\d+)\s+(?:to|and)\s+(\d+)\s+"
    r"(?:distinct\s+)?(values|rows|characters|items|elements|numbers|integers|strings|words)"
)
_ALPHABET = re.compile(r'drawn from "([^"]+)"')
_ONE_OF = re.compile(r"\bone of\b([^.;]*)", re.IGNORECASE)
_QUOTED = re.compile(r"""['"]([^'"]{1,40})['"]""")
_PLACES: tuple[tuple[str, str], ...] = (
    (r"last index of `(\w+)`", "last"),
    (r"index into `(\w+)`", "index"),
    (r"from 1 to the length of `(\w+)`", "count"),
    (r"the (?:length|size|number of elements) (?:of|in) `(\w+)`", "length"),
)
_MAX_LENGTH = 19
_MAX_BOUND = 10**9


def generator_from_prompt(description: str, parameters: list[ast.arg]) -> str:
    """Source of an `input_generator` for the parameters of a program."""
    names = [parameter.arg for parameter in parameters]
    specs = [
        (name, _spec(description, parameter))
        for name, parameter in zip(names, parameters, strict=True)
    ]
    return generator_source(
        [(name, _related(spec, _words(description, name), names, name)) for name, spec in specs]
    )


def _spec(description: str, parameter: ast.arg) -> Spec:
    name = parameter.arg
    stated = re.search(rf"\b{re.escape(name)}`?\s*\(([^\n]*?)\)\s*:", description)
    annotation = ast.unparse(parameter.annotation) if parameter.annotation else ""
    spec = (
        (spec_from_annotation(stated[1].split(", optional")[0]) if stated else None)
        or spec_from_annotation(annotation)
        or (spec_from_docstring(f"{name} ({stated[1]}):", name) if stated else None)
        or spec_from_docstring(f"{name} ({_phrase(description, name)}):", name)
        or IntSpec()
    )
    return _limited(spec, _words(description, name))


def _phrase(description: str, name: str) -> str:
    return re.sub(r"[^\w ]", " ", _words(description, name))[:80]


def _words(description: str, name: str) -> str:
    """What the description says about a parameter, up to the next one."""
    start = re.search(rf"^\W*{re.escape(name)}\b[^:\n]*:", description, re.MULTILINE)
    if start is None:
        return ""
    rest = description[start.end() :]
    following = re.search(
        r"^\W*\w+`?\s*\([^\n]*\)\s*:|^\s*(?:Output|Returns?)\b", rest, re.MULTILINE
    )
    return " ".join(rest[: following.start() if following else len(rest)].split())


def _limited(spec: Spec, words: str) -> Spec:
    """Narrow a spec by the limits that the words give."""
    match spec:
        case TextSpec() if len(choices := _choices(words)) > 1:
            return ChoiceSpec(values=tuple(choices))
        case TextSpec() if "words separated by" in words:
            return WordsSpec()
        case TextSpec():
            return _limited_text(spec, words)
        case IntSpec() | FloatSpec():
            return _limited_number(spec, words)
        case ListSpec() | LinkedListSpec():
            return _limited_list(spec, words)
        case MatrixSpec():
            low, high = _lengths(words) or (spec.fewest, spec.most)
            square = spec.square or "square" in words
            cell = _limited(spec.cell, words)
            return replace(spec, cell=cell, fewest=low, most=high, square=square)
        case _:
            return spec


def _choices(words: str) -> list[str]:
    stated = _ONE_OF.search(words)
    return _QUOTED.findall(stated[1]) if stated else []


def _limited_text(spec: TextSpec, words: str) -> Spec:
    low, high = _lengths(words, "characters") or (spec.shortest, spec.longest)
    alphabet = _ALPHABET.search(words)
    letters = alphabet[1] if alphabet else spec.alphabet
    return replace(spec, alphabet=letters, shortest=low, longest=high)


def _limited_number(spec: IntSpec | FloatSpec, words: str) -> Spec:
    stated = _RANGE.search(words)
    if stated is None:
        return spec
    low, high = sorted((float(stated[1]), float(stated[2])))
    if max(abs(low), abs(high)) > _MAX_BOUND:
        return spec
    if isinstance(spec, IntSpec):
        return IntSpec(low=int(low), high=int(high))
    return FloatSpec(low=low, high=high)


def _limited_list(spec: ListSpec | LinkedListSpec, words: str) -> Spec:
    low, high = _lengths(words) or (spec.shortest, spec.longest)
    ordered = spec.ordered or re.search(r"\b(sorted|ascending)\b", words) is not None
    element = _limited(spec.element, words)
    changed = replace(spec, element=element, shortest=low, longest=high, ordered=ordered)
    if isinstance(changed, ListSpec) and re.search(r"\b(distinct|unique)\b", words):
        return replace(changed, distinct=True)
    return changed


def _lengths(words: str, unit: str = "") -> tuple[int, int] | None:
    for stated in _LENGTH.finditer(words):
        low, high = int(stated[1]), int(stated[2])
        if ((not unit and stated[3] != "characters") or stated[3] == unit) and low <= high:
            return min(low, _MAX_LENGTH), min(high, _MAX_LENGTH)
    return None


def _related(spec: Spec, words: str, names: list[str], name: str) -> Spec:
    """Tie a parameter to another one where the words say so."""
    others = [other for other in names if other != name]

    def named(pattern: str) -> str | None:
        found = re.search(pattern, words, re.IGNORECASE)
        return found[1] if found and found[1] in others else None

    return _place(spec, named) or _member(spec, named) or spec


def _place(spec: Spec, named: Callable[[str], str | None]) -> Spec | None:
    if not isinstance(spec, IntSpec):
        return None
    for pattern, role in _PLACES:
        other = named(pattern)
        if other is not None:
            return PlaceSpec(of=other, role=role)  # type: ignore[arg-type]
    return None


def _member(spec: Spec, named: Callable[[str], str | None]) -> Spec | None:
    if other := named(r"often a member of `(\w+)`"):
        return MemberSpec(of=other, base=spec)
    if other := named(r"one of the keys of `(\w+)`"):
        return MemberSpec(of=other, base=spec, always=True, integer=isinstance(spec, IntSpec))
    if other := named(r"as long as `(\w+)`"):
        return LikeSpec(of=other, base=spec, role="as_long")
    if other := named(r"may share values with `(\w+)`"):
        return LikeSpec(of=other, base=spec, role="variation")
    return None
