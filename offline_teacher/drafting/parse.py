"""A raw file as a syntax tree with an index of its module-level names.

Nothing of the file is executed. Python 2 text is repaired with fissix (a fork of lib2to3,
which Python 3.13 no longer has). A hostile file ends in `UnitRefused`, never in a crash.
"""

import ast
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from fissix.pgen2.parse import ParseError
from fissix.pgen2.tokenize import TokenError
from fissix.refactor import RefactoringTool

from codeio_ops.python_syntax import BAD_SYNTAX, parse_python
from offline_teacher.drafting.refusal import UnitRefused

MAX_SOURCE_BYTES = 100_000
_MAX_DEPTH = 90
_FIXES = (
    "apply basestring dict except exec filter has_key input long map ne numliterals print "
    "raise raw_input reduce repr tuple_params unicode xrange zip"
)
_REPAIR_LOCK = threading.Lock()

FunctionNode = ast.FunctionDef
Definition = ast.FunctionDef | ast.ClassDef
Constant = ast.Assign | ast.AnnAssign


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedName:
    """One name that an import statement binds.

    Attributes:
        root: First part of the module's name; empty for a relative import.
        statement: Source of an import that binds this name alone.
        member: The name inside the module for `from` imports, else empty.
    """

    root: str
    statement: str
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFile:
    """A file that parses, with its module-level names.

    Attributes:
        source: The text that `tree` was made of, after repair.
        repair: `none`, `tabs` or `python2`.
        demo: Module-level statements that are no definition, in order.
    """

    source: str
    tree: ast.Module
    repair: str
    definitions: dict[str, Definition]
    constants: dict[str, Constant]
    imports: dict[str, ImportedName]
    demo: tuple[ast.stmt, ...]

    def function(self, name: str) -> ast.FunctionDef | None:
        """The module-level function of that name."""
        node = self.definitions.get(name)
        return node if isinstance(node, ast.FunctionDef) else None

    @property
    def imported_roots(self) -> tuple[str, ...]:
        """Top-level packages imported anywhere in the file, sorted."""
        return tuple(sorted({root for node in ast.walk(self.tree) for root in import_roots(node)}))


def parse_file(source: str) -> ParsedFile:
    """Parse a raw file, repairing tabs and Python 2 where needed.

    Raises:
        UnitRefused: `too_long`, `unparsable` or `too_deep`.
    """
    if len(source.encode(errors="replace")) > MAX_SOURCE_BYTES:
        raise UnitRefused("too_long", f"over {MAX_SOURCE_BYTES} bytes")
    text = source.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").lstrip("\ufeff")
    for candidate, repair in _readings(text):
        tree = _parse(candidate)
        if tree is not None:
            _check_depth(tree)
            return _index(candidate, tree, repair)
    raise UnitRefused("unparsable", "neither Python 3 nor Python 2")


def _readings(text: str) -> Iterator[tuple[str, str]]:
    """The text as it is, with tabs expanded, and as Python 2; lazily, as repair is slow."""
    yield text, "none"
    tabs = "\t" in text
    expanded = text.expandtabs(8)
    if tabs:
        yield expanded, "tabs"
        yield text.expandtabs(4), "tabs"
    for candidate in [text, expanded] if tabs else [text]:
        repaired = _from_python2(candidate)
        if repaired is not None:
            yield repaired, "python2"


def _parse(text: str) -> ast.Module | None:
    try:
        return parse_python(text)
    except BAD_SYNTAX:
        return None


def _from_python2(text: str) -> str | None:
    with _REPAIR_LOCK:
        try:
            return str(_refactoring_tool().refactor_string(text.rstrip() + "\n", "raw"))
        except (ParseError, TokenError, IndentationError, UnicodeError, *BAD_SYNTAX):
            return None
        except (AttributeError, AssertionError, IndexError, KeyError):
            # What fissix's fixers raise on trees they did not foresee.
            return None


@cache
def _refactoring_tool() -> RefactoringTool:
    return RefactoringTool([f"fissix.fixes.fix_{name}" for name in _FIXES.split()])


def _check_depth(tree: ast.Module) -> None:
    """Refuse trees so deep that a recursive walk could exhaust the stack."""
    level: list[ast.AST] = [tree]
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise UnitRefused("too_deep", f"syntax nested deeper than {_MAX_DEPTH}")


def _index(text: str, tree: ast.Module, repair: str) -> ParsedFile:
    file = ParsedFile(
        source=text,
        tree=tree,
        repair=repair,
        definitions={},
        constants={},
        imports={},
        demo=tuple(node for node in tree.body if _is_demo(node)),
    )
    for node in tree.body:
        _index_statement(file, node)
    return file


def _is_demo(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    return not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)


def _index_statement(file: ParsedFile, node: ast.stmt) -> None:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            file.definitions[name] = node
        case ast.Import() | ast.ImportFrom():
            file.imports.update(_imported_names(node))
        case ast.Assign() | ast.AnnAssign():
            for name in _assigned_names(node):
                file.constants.setdefault(name, node)
        case ast.Try(body=body, handlers=handlers):
            for inner in [*body, *(stmt for handler in handlers for stmt in handler.body)]:
                _index_statement(file, inner)


def _assigned_names(node: Constant) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if node.value is None or len(targets) != 1:
        return []
    target = targets[0]
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def _imported_names(node: ast.Import | ast.ImportFrom) -> dict[str, ImportedName]:
    names = {}
    for alias in node.names:
        if isinstance(node, ast.Import):
            single: ast.stmt = ast.Import([alias])
            root, member, bound = alias.name.split(".")[0], "", alias.name.split(".")[0]
        else:
            single = ast.ImportFrom(node.module, [alias], node.level)
            root = "" if node.level else (node.module or "").split(".")[0]
            member = bound = alias.name
        bound = f"*{root}" if bound == "*" else bound
        names[alias.asname or bound] = ImportedName(
            root=root, statement=ast.unparse(single), member=member
        )
    return names


def import_roots(node: ast.AST) -> list[str]:
    """Top-level packages that an import statement names; empty for any other node."""
    match node:
        case ast.Import(names=names):
            return [alias.name.split(".")[0] for alias in names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module.split(".")[0]]
    return []
