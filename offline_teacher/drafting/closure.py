"""The imports and definitions a unit needs, in the order of the file."""

import ast
import builtins
import importlib
import sys
from dataclasses import dataclass

from offline_teacher.drafting.parse import Constant, Definition, ParsedFile
from offline_teacher.drafting.people import persons_of, without_credits
from offline_teacher.drafting.purity import (
    ALLOWED_MODULES,
    check_member,
    check_module,
    check_pure,
)
from offline_teacher.drafting.refusal import UnitRefused

NODE_CLASSES = ("ListNode", "TreeNode")
_BUILTIN = frozenset(dir(builtins)) | {"__name__", "__file__"}
_TYPING = (
    "Any Callable DefaultDict Deque Dict Generator Iterable Iterator List Optional Sequence Set "
    "Tuple Union"
)
# Names that copied solutions use without importing them.
_USUAL_IMPORTS = {
    **{name: f"from typing import {name}" for name in _TYPING.split()},
    **{
        name: f"import {name}"
        for name in (
            "bisect",
            "collections",
            "copy",
            "functools",
            "heapq",
            "itertools",
            "math",
            "re",
            "string",
        )
    },
    **{name: f"from collections import {name}" for name in ("Counter", "defaultdict", "deque")},
    **{name: f"from functools import {name}" for name in ("cache", "lru_cache", "reduce")},
    **{name: f"from heapq import {name}" for name in ("heapify", "heappop", "heappush")},
    **{
        name: f"from itertools import {name}"
        for name in ("accumulate", "combinations", "permutations", "product")
    },
    **{name: f"from math import {name}" for name in ("ceil", "floor", "gcd", "inf", "sqrt")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """What a unit needs to run on its own.

    Attributes:
        imports: Import statements, sorted.
        blocks: Source of constants, functions and classes, in the file's order.
        classes: Names of the classes among them.
        node_classes: `ListNode` and `TreeNode` where they are used without a definition.
        nodes: The syntax trees behind `blocks`.
    """

    imports: tuple[str, ...]
    blocks: tuple[str, ...]
    classes: frozenset[str]
    node_classes: tuple[str, ...]
    nodes: tuple[ast.stmt, ...] = ()

    @property
    def text(self) -> str:
        """The definitions as one text."""
        return "\n\n\n".join(self.blocks)


def close_over(file: ParsedFile, root: str) -> Closure:
    """Collect what the definition named `root` needs.

    Raises:
        UnitRefused: something it needs is impure, missing or not in the file.
    """
    needed: dict[str, Definition | Constant] = {}
    imports: dict[str, str] = {}
    missing: set[str] = set()
    pending = [root]
    while pending:
        name = pending.pop()
        node = file.definitions.get(name) or file.constants.get(name)
        if node is None or name in needed:
            continue
        needed[name] = node
        _check(file, node)
        pending.extend(_follow(file, node, imports, missing))
    return _ordered(file, needed, imports, missing)


def _ordered(
    file: ParsedFile,
    needed: dict[str, Definition | Constant],
    imports: dict[str, str],
    missing: set[str],
) -> Closure:
    nodes = {id(node): node for node in needed.values()}
    ordered = sorted(nodes.values(), key=lambda node: node.lineno)
    future = file.imports.get("annotations")
    if future is not None and future.root == "__future__":
        imports["annotations"] = future.statement
    persons = persons_of(file.source)
    return Closure(
        imports=tuple(sorted(set(imports.values()))),
        blocks=tuple(without_credits(source_of(file, node), persons) for node in ordered),
        classes=frozenset(node.name for node in ordered if isinstance(node, ast.ClassDef)),
        node_classes=tuple(name for name in NODE_CLASSES if name in missing),
        nodes=tuple(ordered),
    )


def _check(file: ParsedFile, node: Definition | Constant) -> None:
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        check_pure(file, node.value)
    else:
        check_pure(file, node)


def _follow(
    file: ParsedFile, node: Definition | Constant, imports: dict[str, str], missing: set[str]
) -> list[str]:
    """Names of the file that `node` needs; imports and missing names are noted on the way."""
    bound = bound_names(node)
    follow = []
    for name in sorted(loaded_names(node)):
        if name in file.definitions or (name in file.constants and name not in bound):
            follow.append(name)
        elif name in bound and name not in file.imports:
            continue
        elif name in file.imports:
            _note_import(file, name, imports, missing)
        elif name not in _BUILTIN:
            _note_unbound(file, name, imports, missing)
    return follow


def _note_import(file: ParsedFile, name: str, imports: dict[str, str], missing: set[str]) -> None:
    imported = file.imports[name]
    if name in NODE_CLASSES:
        missing.add(name)
        return
    check_module(imported.root)
    if imported.member:
        check_member(imported.root, imported.member)
    imports[name] = imported.statement


def _note_unbound(file: ParsedFile, name: str, imports: dict[str, str], missing: set[str]) -> None:
    starred = next((root for root in _starred(file) if _has_member(root, name)), None)
    if name in NODE_CLASSES:
        missing.add(name)
    elif starred is not None:
        check_member(starred, name)
        imports[name] = f"from {starred} import {name}"
    elif name in _USUAL_IMPORTS:
        imports[name] = _USUAL_IMPORTS[name]
    else:
        raise UnitRefused("undefined_name", name)


def _starred(file: ParsedFile) -> list[str]:
    """Pure modules of the standard library from which the file imports everything."""
    roots = [imported.root for name, imported in file.imports.items() if name.startswith("*")]
    return [root for root in roots if root in ALLOWED_MODULES and root in sys.stdlib_module_names]


def _has_member(root: str, name: str) -> bool:
    return not name.startswith("_") and hasattr(importlib.import_module(root), name)


def loaded_names(node: ast.AST) -> set[str]:
    """Names that are read anywhere in `node`."""
    return {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    } | _names_in_strings(node)


def _names_in_strings(node: ast.AST) -> set[str]:
    """Names of node classes in quoted annotations."""
    texts = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant))
    return {name for name in NODE_CLASSES for text in texts if text == name}


def bound_names(node: ast.AST) -> set[str]:
    """Names that are bound somewhere in `node`, other than the definition's own."""
    names: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if inner is not node:
                names.add(name)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update((a.asname or a.name).split(".")[0] for a in aliases)
    return names


def source_of(file: ParsedFile, node: Definition | Constant) -> str:
    """The node's own lines, with its comments; rebuilt where it does not own whole lines."""
    if node.col_offset:
        return ast.unparse(node)
    decorators = [] if isinstance(node, Constant) else node.decorator_list
    first = min([node.lineno, *(d.lineno for d in decorators)])
    lines = file.source.split("\n")[first - 1 : node.end_lineno]
    tail = lines[-1].encode()[node.end_col_offset :].decode(errors="replace").strip()
    if (tail and not tail.startswith("#")) or "\f" in "".join(lines):
        return ast.unparse(node)
    return "\n".join(line.rstrip() for line in lines)
