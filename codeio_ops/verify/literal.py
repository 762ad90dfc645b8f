"""Reading a short text as a JSON value although it was written as Python or loosely as JSON.

Nothing is evaluated: the text is parsed to a syntax tree, and only literals of it are read.
Strings keep their content to the letter.
"""

import ast
import json
import re

from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import MAX_DEPTH, Json, check, parse
from codeio_ops.python_syntax import BAD_SYNTAX, parse_expression

MAX_LITERAL_CHARS = 100_000
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_NAMES = {"true": True, "false": False, "null": None}


def read_value(text: str) -> Json:
    """Read `text` as strict JSON, or else as a literal with True, None or single quotes.

    Tuples become lists, and keys become strings, as `json.dumps` has it.

    Raises:
        NotJson: the text is neither, or breaks the rules of `jsonvalue.check`.
    """
    try:
        return parse(text)
    except NotJson:
        value = _convert(_expression(text), depth=0)
        check(value)
        return value


def _expression(text: str) -> ast.expr:
    if len(text) > MAX_LITERAL_CHARS:
        raise NotJson("too long for a literal")
    try:
        return parse_expression(_ESCAPE.sub(_plain_slash, text.strip()))
    except BAD_SYNTAX as exc:
        raise NotJson("not a literal") from exc


def _convert(node: ast.expr, *, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise NotJson(f"nested deeper than {MAX_DEPTH}")
    match node:
        case ast.Constant(value=str() as text):
            return _joined(text)
        case ast.Constant(value=None | bool() | int() | float() as value):
            return value
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=value)):
            return _signed(node.op, value)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_convert(item, depth=depth + 1) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {
                _key(key): _convert(value, depth=depth + 1)
                for key, value in zip(keys, values, strict=True)
            }
        case _:
            raise NotJson("not a literal")


def _plain_slash(escape: re.Match[str]) -> str:
    """Read an escaped slash as JSON does; no Python program writes one."""
    return "/" if escape[0] == "\\/" else escape[0]


def _joined(text: str) -> str:
    """Join surrogates that JSON writes as two escapes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _signed(sign: ast.unaryop, value: object) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotJson("a sign before something that is no number")
    return -value if isinstance(sign, ast.USub) else value


def _key(node: ast.expr | None) -> str:
    """Return a key as `json.dumps` has it: numbers and constants become text."""
    if node is None or isinstance(node, ast.List | ast.Tuple | ast.Dict):
        raise NotJson("a key that is no string")
    key = _convert(node, depth=0)
    try:
        return key if isinstance(key, str) else json.dumps(key, allow_nan=False)
    except ValueError as exc:  # not finite, or of thousands of digits
        raise NotJson("a key that JSON cannot write") from exc
