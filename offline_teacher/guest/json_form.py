"""Values of programs as JSON: copied as they are, or converted where they are not JSON."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import Json, check

_MAX_ITEMS = 200
_MAX_DEPTH = 8
_VALUE_NAMES = ("val", "data", "value", "key", "item")


def copied(value: object) -> Json:
    """Copy `value` through JSON.

    Raises:
        NotJson, ValueError, TypeError, RecursionError: it cannot be JSON, or breaks the
            rules of `jsonvalue.check`.
    """
    copy: Json = json.loads(json.dumps(value, allow_nan=False))
    check(copy)
    return copy


def converted(value: Any, depth: int = 0) -> Json:
    """The JSON form of any value, not checked: collections are lists, nodes their values.

    May run code of the value.

    Raises:
        NotJson: it has none, or is too long or too deep.
    """
    if depth > _MAX_DEPTH:
        raise NotJson("too deep")
    if value is None or isinstance(value, bool | int | float | str):
        return _scalar(value)
    if hasattr(value, "tolist"):
        return converted(value.tolist(), depth + 1)
    if isinstance(value, dict):
        return {str(k): converted(v, depth + 1) for k, v in _first(value.items())}
    if isinstance(value, set | frozenset):
        return sorted([converted(v, depth + 1) for v in _first(value)], key=_set_key)
    return [converted(v, depth + 1) for v in _first(_parts(value))]


def _scalar(value: bool | int | float | str | None) -> Json:
    """The value in its plain class."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    return int(value) if isinstance(value, int) else float(value)


def _parts(value: Any) -> Iterable[Any]:
    if is_linked(value):
        return (getattr(node, value_name(node)) for node in _chain(value))
    if is_tree(value):
        return _levels(value)
    if hasattr(value, "__iter__"):
        return value  # type: ignore[no-any-return]
    raise NotJson(type(value).__name__)


def _set_key(value: Json) -> tuple[str, Any]:
    return (type(value).__name__, value)


def _first(values: Iterable[Any]) -> Iterator[Any]:
    for position, value in enumerate(values):
        if position >= _MAX_ITEMS:
            raise NotJson("too long")
        yield value


def is_linked(value: Any) -> bool:
    """Whether a value is a node of a linked list."""
    return hasattr(value, "next") and bool(value_name(value))


def is_tree(value: Any) -> bool:
    """Whether a value is a node of a binary tree."""
    return hasattr(value, "left") and hasattr(value, "right") and bool(value_name(value))


def value_name(node: Any) -> str:
    """The attribute in which a node keeps its value, or an empty string."""
    return next((name for name in _VALUE_NAMES if name in getattr(node, "__dict__", ())), "")


def _chain(node: Any) -> Iterator[Any]:
    while node is not None:
        yield node
        node = node.next


def _levels(root: Any) -> list[Any]:
    values: list[Any] = []
    queue = [root]
    while queue:
        node = queue.pop(0)
        if len(values) > _MAX_ITEMS:
            raise NotJson("too long")
        values.append(None if node is None else getattr(node, value_name(node)))
        queue += [] if node is None else [node.left, node.right]
    while values and values[-1] is None:
        values.pop()
    return values


def form(value: Any) -> str:
    """How a returned value becomes JSON: none, plain, tuple, set, linked, tree or mixed."""
    if value is None:
        return "none"
    if is_linked(value):
        return "linked:" + value_name(value)
    if is_tree(value):
        return "tree:" + value_name(value)
    if _is_plain(value):
        return "plain"
    if isinstance(value, tuple) and all(map(_is_plain, value)):
        return "tuple"
    if isinstance(value, set | frozenset) and len({type(v) for v in value}) < 2:
        return "set" if all(isinstance(v, int | str) for v in value) else "mixed"
    return "mixed"


def _is_plain(value: Any) -> bool:
    if value is None or type(value) in (bool, int, float, str):
        return True
    if type(value) is list:
        return all(map(_is_plain, value))
    return type(value) is dict and all(type(k) is str and _is_plain(v) for k, v in value.items())
