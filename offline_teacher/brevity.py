"""Values in few words: runs are counted, long values described, changes told where they happen.

Nothing is cut: what is too long to be written out is described by its kind and size.
"""

import ast
import json
from collections.abc import Iterator
from itertools import groupby, islice

from codeio_ops.jsonvalue import Json
from codeio_ops.python_syntax import parse_expression

_LONGEST = 80
_LONGEST_LITERAL = 450
_RUN = 4
_SHORT_CONTAINER = 40
_MAX_PLACES = 3
_MAX_PART = 24
_KINDS: dict[type, str] = {list: "list", tuple: "tuple", dict: "mapping", str: "text", set: "set"}

Place = tuple[str, str]


def literal(text: str) -> object:
    """The value that a recorded text writes, or None where it is no literal."""
    if not text or len(text) > _LONGEST_LITERAL:
        return None
    try:
        return ast.literal_eval(parse_expression(text.lstrip(" \t")))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def written(value: object) -> str:
    """The value as Python text, with the items of a set in the order of their texts.

    Elsewhere that order changes from one process to the next.
    """
    match value:
        case dict():
            items = ", ".join(f"{written(key)}: {written(item)}" for key, item in value.items())
            return f"{{{items}}}"
        case list():
            return f"[{', '.join(map(written, value))}]"
        case tuple():
            comma = "," if len(value) == 1 else ""
            return f"({', '.join(map(written, value))}{comma})"
        case set() if value:
            return f"{{{', '.join(sorted(map(written, value)))}}}"
    return repr(value)


def brief(text: str) -> str:
    """A recorded value: as it stands where that is short, else in words."""
    if text[:1] in ("[", "(", "{", "'", '"'):
        value = literal(text)
        if value is not None:
            return _spoken(value, as_json=False)
    return text if len(text) <= _LONGEST else f"a value of {len(text)} characters"


def brief_json(value: Json) -> str:
    """A JSON value: as it stands where that is short, else in words."""
    return _spoken(value, as_json=True)


def _spoken(value: object, *, as_json: bool) -> str:
    text = _counted(value, as_json=as_json)
    return text if len(text) <= _LONGEST else _sized(value, as_json=as_json)


def _counted(value: object, *, as_json: bool) -> str:
    """The value with each run of equal items as a count."""
    if not isinstance(value, list | tuple):
        return json.dumps(value, ensure_ascii=False) if as_json else written(value)
    items = [_counted(item, as_json=as_json) for item in value]
    parts: list[str] = []
    for item, run in groupby(items):
        count = len(list(run))
        parts += [f"{count} × {item}"] if count >= _RUN else [item] * count
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    first, last = "[]" if isinstance(value, list) else "()"
    return f"{first}{', '.join(parts)}{comma}{last}"


def _sized(value: object, *, as_json: bool) -> str:
    kind = _KINDS.get(type(value))
    if kind is None:
        return f"a number of {len(str(value))} characters"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    assert isinstance(value, list | tuple | dict | set)
    ends = list(value)[:: len(value) - 1] if isinstance(value, list) and len(value) > 1 else []
    told = [_counted(end, as_json=as_json) for end in ends]
    shown = f", from {told[0]} to {told[1]}" if told and max(map(len, told)) <= _MAX_PART else ""
    return f"a {kind} of {len(value)} items{shown}"


def change(name: str, before: str, after: str) -> str:
    """How a variable changed: of a long list or mapping only the places that changed."""
    if len(after) > _SHORT_CONTAINER or len(before) > _SHORT_CONTAINER:
        match literal(before), literal(after):
            case ((list() | dict() as old), (list() | dict() as new)) if type(old) is type(new):
                told = _resized(name, old, new) if isinstance(old, list) else ""
                places = told or _places(name, old, new)
                return places or f"{name} becomes {brief(after)}"
    return f"{name} becomes {brief(after)}"


def _resized(name: str, old: list[object], new: object) -> str:
    """A list that grew or shrank at one end."""
    assert isinstance(new, list)
    grown, lost = len(new) - len(old), len(old) - len(new)
    if 0 < grown <= _MAX_PLACES and new[: len(old)] == old:
        added = ", ".join(_spoken(item, as_json=False) for item in new[len(old) :])
        return f"{name} gets {added} at its end, now {len(new)} items"
    if lost > 0 and old[: len(new)] == new:
        return f"{name} loses the last {_items(lost)}, now {len(new)}"
    if lost > 0 and old[lost:] == new:
        return f"{name} loses the first {_items(lost)}, now {len(new)}"
    return ""


def _items(count: int) -> str:
    return "item" if count == 1 else f"{count} items"


def _places(name: str, old: object, new: object) -> str:
    """The places that differ, with their new values; empty where the whole is another one."""
    if isinstance(old, list) and isinstance(new, list) and len(old) != len(new):
        return ""
    places = list(_differing(name, old, new))
    told = [f"{place} {event}" for place, event in islice(places, _MAX_PLACES)]
    more = len(places) - len(told)
    return "; ".join([*told, f"{more} more places of {name} change"] if more else told)


def _differing(name: str, old: object, new: object) -> Iterator[Place]:
    match old, new:
        case list(), list() if len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from _differing(f"{name}[{index}]", before, after)
        case dict(), dict():
            yield from ((f"{name}[{key!r}]", "is removed") for key in old if key not in new)
            for key, after in new.items():
                yield from _differing(f"{name}[{key!r}]", old.get(key), after)
        case _ if old != new or type(old) is not type(new):
            yield name, f"becomes {_spoken(new, as_json=False)}"
