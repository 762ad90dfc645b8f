"""What is wrong with a recipe, in the words of who wrote it."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

_BOUNDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "too_short": "a list that is not empty",
}
_PATTERNS = {
    "name": "up to 63 lower-case letters, digits, - and _, beginning with a letter or digit",
    "since": "a day, as YYYY-MM-DD",
}
# The first word of what pydantic calls an error of type.
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
}
_WORDS = "a word or a list of words"
_SHOWN_CHARS = 60


def faults_of(errors: Iterable[ErrorDetails], fields: Iterable[str]) -> str:
    """Say what each field is and may be; fields that do not exist, which one was meant."""
    names = list(fields)
    # A list of no valid item is also said to be too short.
    first_of = {error["loc"][:1]: error for error in reversed(list(errors))}
    return "; ".join(_fault(error, names) for error in reversed(first_of.values()))


def meant(word: object, known: Iterable[str]) -> str:
    """Return `, did you mean ...?` when a word resembles a known one, else nothing."""
    found = get_close_matches(str(word).lower(), list(known), n=1, cutoff=0.6)
    return f", did you mean {found[0]}?" if found else ""


def _fault(error: ErrorDetails, names: list[str]) -> str:
    place = str(error["loc"][0]) if error["loc"] else ""
    match error["type"]:
        case "extra_forbidden":
            return f"it has no field {place}{meant(place, names)}"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case "invalid_key":
            return f"{place} is no name of a field"
    value = error["input"]
    shown = repr(value) if isinstance(value, str) else str(value)
    return f"{place} cannot be {shown[:_SHOWN_CHARS]}: it is {_wanted(error, place)}"


def _wanted(error: ErrorDetails, place: str) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error":
        return _one_of(context["expected"], error["input"])
    if kind == "string_pattern_mismatch":
        return _PATTERNS[place]
    if kind in _BOUNDS:
        return _BOUNDS[kind].format_map(context)
    if len(error["loc"]) > 1 and error["loc"][1] in ("str", "tuple[str, ...]"):
        return _WORDS
    named = _KINDS.get(kind.partition("_")[0])
    return named or error["msg"].removeprefix("Input should be ").lower()


def _one_of(expected: Any, value: object) -> str:
    words = [word.strip("' ") for word in str(expected).replace(" or ", ",").split(",")]
    return f"{' or '.join(words)}{meant(value, words) if isinstance(value, str) else ''}"
