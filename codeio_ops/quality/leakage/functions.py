"""The shape of functions (rule L5): the same code under other names has the same digest.

Docstrings, annotations and decorators are dropped. Names that are not built in are numbered
in the order of their first visit; attributes, keywords and constants stay as they are.
"""

import ast
import builtins
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from codeio_ops.python_syntax import BAD_SYNTAX, parse_python
from codeio_ops.quality.leakage.definition import FUNCTION_NODES

_BUILTINS = frozenset(dir(builtins))
_DROPPED = frozenset(
    {"annotation", "returns", "decorator_list", "type_comment", "type_params", "kind", "ctx"}
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (*_FUNCTIONS, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class FunctionShape:
    """A function's digest (16 bytes) and its lines, from 1, both included."""

    digest: bytes
    first_line: int
    last_line: int


def function_shapes(source: str) -> list[FunctionShape]:
    """Return the shapes of the functions large enough to count; none where nothing parses."""
    if "def " not in source and "def\t" not in source:
        return []
    try:
        return list(_shapes(parse_python(source.removeprefix("\ufeff"))))
    except BAD_SYNTAX:
        return []


def _shapes(tree: ast.AST) -> Iterator[FunctionShape]:
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            written = _Writer().write(node)
            if written.nodes >= FUNCTION_NODES:
                yield FunctionShape(written.digest(), node.lineno, node.end_lineno or node.lineno)


class _Writer:
    """Writes one function in a form that its names do not change."""

    def __init__(self) -> None:
        self.nodes = 0
        self._names: dict[str, str] = {}
        self._parts: list[str] = []

    def write(self, node: ast.AST) -> "_Writer":
        self._node(node)
        return self

    def digest(self) -> bytes:
        text = "\x1f".join(self._parts).encode(errors="backslashreplace")
        return hashlib.blake2b(text, digest_size=16).digest()

    def _node(self, node: ast.AST) -> None:
        self.nodes += 1
        self._parts.append(f"({type(node).__name__}")
        for name, value in ast.iter_fields(node):
            if name not in _DROPPED and value is not None and value != []:
                self._parts.append(name)
                self._field(node, name, value)
        self._parts.append(")")

    def _field(self, node: ast.AST, name: str, value: object) -> None:
        match value:
            case ast.AST():
                self._node(value)
            case list():
                body = value[1:] if name == "body" and _has_docstring(node, value) else value
                for item in body:
                    self._field(node, name, item)
            case str() if _is_name(node, name):
                self._parts.append(self._renamed(value))
            case _:
                self._parts.append(f"{type(value).__name__}:{value!r}")

    def _renamed(self, name: str) -> str:
        if name in _BUILTINS:
            return name
        return self._names.setdefault(name, f"${len(self._names)}")


def _is_name(node: ast.AST, field: str) -> bool:
    match node:
        case ast.Name():
            return field == "id"
        case ast.arg():
            return field == "arg"
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler():
            return field == "name"
        case ast.Global() | ast.Nonlocal():
            return True
        case _:
            return False


def _has_docstring(node: ast.AST, body: list[object]) -> bool:
    return (
        isinstance(node, _DOCUMENTED)
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
