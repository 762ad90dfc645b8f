"""The program of a prompt, put into a form that is easy to follow.

One statement a line, no comments: then one line event is one step, and what is told about a
line is told about one statement. The meaning is that of the original.
"""

import ast
from dataclasses import dataclass

from codeio_ops.errors import CodeIOError, NotJson
from codeio_ops.jsonvalue import Json, check
from codeio_ops.python_syntax import BAD_SYNTAX, parse_python

_MAX_CODE_CHARS = 60_000
_MAX_DEPTH = 80
_MAX_LITERALS = 40
_MAX_LITERAL_CHARS = 22


class NotFollowable(CodeIOError):
    """A program cannot be parsed, or is nested too deeply to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followable:
    """A program with its syntax tree; the line numbers of both agree."""

    code: str
    tree: ast.Module


def followable(code: str) -> Followable:
    """Parse a program and rewrite it with one statement a line.

    Raises:
        NotFollowable: it is too long, too deep, or no Python.
    """
    if len(code) > _MAX_CODE_CHARS:
        raise NotFollowable("the program is too long")
    tree = _parsed(code)
    if _depth(tree) > _MAX_DEPTH:
        raise NotFollowable("the program is nested too deeply")
    rewritten = ast.unparse(tree)
    again = _parsed(rewritten)
    if ast.dump(again) == ast.dump(tree):
        return Followable(code=rewritten, tree=again)
    return Followable(code=code, tree=tree)


def parameters(tree: ast.Module, name: str) -> list[ast.arg]:
    """The parameters of a top-level function, or none if there is no such function."""
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return []


def entry_point(tree: ast.Module) -> str:
    """The function a prompt asks about: `main_solution`, or else the last one defined.

    Raises:
        NotFollowable: the program defines no function.
    """
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if not names:
        raise NotFollowable("the program defines no function")
    return "main_solution" if "main_solution" in names else names[-1]


def literals(tree: ast.Module) -> list[Json]:
    """Strings and numbers that stand in the program, docstrings left out, in order."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found: dict[tuple[type, str | int | float], Json] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            value = node.value
            if isinstance(value, str | int | float) and _is_small(value):
                found.setdefault((type(value), value), value)
    return list(found.values())[:_MAX_LITERALS]


def _is_small(value: str | int | float) -> bool:
    try:
        check(value)
    except NotJson:
        return False
    return not isinstance(value, bool) and len(repr(value)) <= _MAX_LITERAL_CHARS


def _parsed(code: str) -> ast.Module:
    try:
        return parse_python(code)
    except BAD_SYNTAX as exc:
        raise NotFollowable("the program does not parse") from exc


def _depth(tree: ast.AST) -> int:
    deepest = 0
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    while pending and deepest <= _MAX_DEPTH:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return deepest
