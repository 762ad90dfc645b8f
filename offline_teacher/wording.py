"""Expressions in words, with the values that were observed put in.

Everything here is text about a finished run. Values come from a sandbox and are only ever
read as literals; nothing is evaluated.
"""

import ast
import re
from collections.abc import Mapping

from offline_teacher.brevity import brief, literal, written

Variables = Mapping[str, str]

_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "×",
    ast.Div: "/",
    ast.FloorDiv: "div",
    ast.Mod: "mod",
    ast.Pow: "^",
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "is less than",
    ast.LtE: "is at most",
    ast.Gt: "is greater than",
    ast.GtE: "is at least",
    ast.Eq: "equals",
    ast.NotEq: "differs from",
    ast.In: "is in",
    ast.NotIn: "is not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_SIMPLE = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?|'[^']{0,24}'|True|False|None")
_LENGTH = re.compile(r"\blen\(([\w.]+)\)")
_MAX_VALUE = 40
_MAX_PLAIN = 100
_MAX_INDEX = 10**6


def is_simple(text: str) -> bool:
    """Say whether `text` is one number, short string, truth value or None."""
    return _SIMPLE.fullmatch(text) is not None


def plain(node: ast.expr) -> str:
    """The expression as a person would read it out; a long one is only named."""
    text = _LENGTH.sub(r"the length of \1", ast.unparse(node).replace("self.", ""))
    text = text.replace("//", "div").replace(" % ", " mod ").replace("**", "^")
    if len(text) <= _MAX_PLAIN:
        return text
    return "the condition" if isinstance(node, ast.Compare | ast.BoolOp) else "the expression"


def with_values(node: ast.expr, known: Variables, *, inner: bool = False) -> str | None:
    """The expression with observed values for its names; None where that is not readable."""
    match node:
        case ast.Constant(value=value):
            return _short(repr(value))
        case ast.Name(id=name):
            return _short(known.get(name))
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return _short(known.get(f"self.{name}"))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = with_values(operand, known, inner=True)
            return None if value is None else f"-{value}"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return _operation(left, _OPERATORS[type(operator)], right, known, inner=inner)
        case ast.Subscript() | ast.Call():
            return _looked_up(node, known)
        case _:
            return None


def condition(node: ast.expr, known: Variables, *, holds: bool) -> str:
    """A test with observed values, and how it came out."""
    outcome = "yes" if holds else "no"
    match node:
        case ast.Compare(ops=[operator], comparators=[right]):
            return f"whether {_compared(node.left, operator, right, known)}: {outcome}"
        case ast.BoolOp(op=joint, values=parts):
            words = [_compared_values(part, known) for part in parts]
            if all(words):
                joined = (" and " if isinstance(joint, ast.And) else " or ").join(map(str, words))
                return f"whether {joined}: {outcome}"
    return f"whether {plain(node)} holds{_seen(node, known)}: {outcome}"


def place_value(target: ast.expr, known: Variables, after: Variables) -> tuple[str, str] | None:
    """Name and new value of an element that was assigned to, as `grid[1][2]` and `7`."""
    path: list[int | str] = []
    node = target
    while isinstance(node, ast.Subscript):
        step = _index(node.slice, known)
        if step is None:
            return None
        path.insert(0, step)
        node = node.value
    name = _name(node)
    if name is None or name not in after:
        return None
    value = _element(after[name], path)
    label = name.removeprefix("self.") + "".join(f"[{step!r}]" for step in path)
    return None if value is None else (label, value)


def _short(text: str | None) -> str | None:
    return brief(text) if text is not None and len(text) <= _MAX_VALUE else None


def _operation(
    left: ast.expr, sign: str, right: ast.expr, known: Variables, *, inner: bool
) -> str | None:
    first = with_values(left, known, inner=True)
    second = with_values(right, known, inner=True)
    if first is None or second is None:
        return None
    text = f"{first} {sign} {second}"
    return f"({text})" if inner else text


def _looked_up(node: ast.expr, known: Variables) -> str | None:
    match node:
        case ast.Subscript(value=base, slice=index):
            step = _index(index, known)
            return None if step is None else _element(_text_of(base, known), [step])
        case ast.Call(func=ast.Name(id="len"), args=[argument]):
            return _length(_text_of(argument, known))
    return None


def _text_of(node: ast.expr, known: Variables) -> str:
    """The observed value of a name, or of an element reached from one."""
    name = _name(node)
    if name is not None:
        return known.get(name, "")
    return (_looked_up(node, known) if isinstance(node, ast.Subscript) else None) or ""


def _name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}"
    return None


def _index(node: ast.expr, known: Variables) -> int | str | None:
    match node:
        case ast.Constant(value=int() | str() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            positive = _index(operand, known)
            return -positive if isinstance(positive, int) else None
        case ast.BinOp(left=left, op=operator, right=right):
            return _index_sum(_index(left, known), operator, _index(right, known))
        case ast.Name() | ast.Attribute() | ast.Subscript():
            seen = literal(_text_of(node, known))
            return seen if isinstance(seen, int | str) and not isinstance(seen, bool) else None
    return None


def _index_sum(
    left: int | str | None, operator: ast.operator, right: int | str | None
) -> int | None:
    if not (isinstance(left, int) and isinstance(right, int)):
        return None
    if max(abs(left), abs(right)) > _MAX_INDEX:
        return None
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.FloorDiv() if right:
            return left // right
        case ast.Mod() if right:
            return left % right
    return None


def _element(text: str, path: list[int | str]) -> str | None:
    value = literal(text)
    for step in path:
        try:
            value = value[step]  # type: ignore[index]
        except (TypeError, KeyError, IndexError):
            return None
    return _short(written(value))


def _length(text: str) -> str | None:
    value = literal(text)
    return str(len(value)) if isinstance(value, str | list | tuple | dict | set) else None


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr, known: Variables) -> str:
    words = [_with_name(side, known) for side in (left, right)]
    return f"{words[0]} {_COMPARISONS[type(operator)]} {words[1]}"


def _with_name(node: ast.expr, known: Variables) -> str:
    name, value = plain(node), with_values(node, known)
    return name if value is None or value == name else f"{name} ({value})"


def _compared_values(node: ast.expr, known: Variables) -> str | None:
    match node:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            first, second = with_values(left, known), with_values(right, known)
            if first is not None and second is not None:
                return f"{first} {_COMPARISONS[type(operator)]} {second}"
    return None


def _seen(node: ast.expr, known: Variables) -> str:
    """The observed values of the names in an expression, in parentheses."""
    names = dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
    seen = [f"{name} is {known[name]}" for name in names if _short(known.get(name))]
    return f" ({', '.join(seen[:3])})" if seen else ""
