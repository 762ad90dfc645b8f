"""Values as short text, for people."""

import re
from collections.abc import Collection, Iterable

MAX_TEXT = 400
_MAX_STRING = 200
_MAX_ITEMS = 100
_ADDRESS = re.compile(
    r"<(?:(?:function |bound method )?(?:[\w<>]+\.)*(\w+)[^<>]{0,80}"
    r"|(?:[\w .]|<locals>){0,200}<(\w+)>) at 0x[0-9a-f]+>"  # of a lambda, of a generator expression
)
_VALUE_NAMES = ("val", "data", "value", "key")


def shown(value: object) -> str:
    """Write a value as a person would: Python literals, short, and never with an address."""
    try:
        text = _chain(value) or _tree(value) or _sized(value)
    except Exception:  # a stranger's __repr__ or property may raise anything
        text = _named(value)
    text = _ADDRESS.sub(r"<\1\2>", text)
    return text if len(text) <= MAX_TEXT else _size_of(value, text)


def _sized(value: object) -> str:
    if isinstance(value, str | list | tuple | dict | set | frozenset) and _too_big(value):
        return _size_of(value, "")
    if type(value) in (set, frozenset) and value:
        items: Iterable[object] = value  # type: ignore[assignment]
        return "{" + ", ".join(sorted(map(repr, items))) + "}"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 600:
        return f"<int of {value.bit_length()} bits>"
    return repr(value)


def _size_of(value: object, text: str) -> str:
    """The kind of a value and how long it is, in place of a part of it."""
    size = (
        len(value) if isinstance(value, str | list | tuple | dict | set | frozenset) else len(text)
    )
    return f"<{type(value).__name__} of {size}>"


def _too_big(value: "str | Collection[object]") -> bool:
    if isinstance(value, str):
        return len(value) > _MAX_STRING
    if len(value) > _MAX_ITEMS:
        return True
    inner = value.values() if isinstance(value, dict) else value
    sizes = (len(item) for item in inner if isinstance(item, list | tuple | dict | str | set))
    return sum(sizes) > MAX_TEXT


def _named(value: object) -> str:
    return f"<{type(value).__name__}>"


def _payload(node: object) -> object:
    return next(
        (getattr(node, name) for name in _VALUE_NAMES if hasattr(node, name)), type(node).__name__
    )


def _is_node(value: object, *links: str) -> bool:
    return hasattr(value, "__dict__") and all(hasattr(value, link) for link in links)


def _chain(value: object) -> str:
    if isinstance(value, type) or not _is_node(value, "next") or callable(value.next):  # type: ignore[attr-defined]
        return ""
    items: list[str] = []
    node: object = value
    while node is not None and len(items) < 12 and hasattr(node, "next"):
        items.append(repr(_payload(node)))
        node = node.next
    return "chain(" + " -> ".join(items) + ")"


def _tree(value: object) -> str:
    if isinstance(value, type) or not _is_node(value, "left", "right"):
        return ""
    items: list[object] = []
    queue: list[object] = [value]
    while queue and len(items) < 15:
        node = queue.pop(0)
        items.append(None if node is None else _payload(node))
        if node is not None:
            queue += [getattr(node, "left", None), getattr(node, "right", None)]
    while items and items[-1] is None:
        items.pop()
    return f"tree{items!r}"
