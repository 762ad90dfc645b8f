"""Reading a short text as a JSON value although it was written as Python or loosely as JSON.

Nothing is evaluated: the text is parsed to a syntax tree, and only literals of it are read.
Strings keep their content to the letter.
"""

import ast

from codeio_ops.errors import NotJson
from codeio_ops.jsonvalue import MAX_DEPTH, Json, check, parse
from codeio_ops.python_syntax import BAD_SYNTAX, parse_expression

MAX_LITERAL_CHARS = 100_000
_NAMES = {"true": True, "false": False, "null": None}


def read_value(text: str) -> Json:
    """Read `text` as strict JSON, or else as a literal with True, None or single quotes.

    Tuples become lists, and integer keys become strings, as `json.dumps` has it.

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
        return parse_expression(text.strip())
    except BAD_SYNTAX as exc:
        raise NotJson("not a literal") from exc


def _convert(node: ast.expr, *, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise NotJson(f"nested deeper than {MAX_DEPTH}")
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
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


def _signed(sign: ast.unaryop, value: object) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotJson("a sign before something that is no number")
    return -value if isinstance(sign, ast.USub) else value


def _key(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=str() as key):
            return key
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return str(number)
        case _:
            raise NotJson("a key that is no string")
