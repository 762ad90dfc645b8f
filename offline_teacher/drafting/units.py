"""Units of a file that can become a program: functions and methods, with what they need."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from offline_teacher.drafting.closure import Closure, close_over, loaded_names
from offline_teacher.drafting.evidence import (
    Parameter,
    Traces,
    literal,
    parameters_of,
)
from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.relations import relate

UnitKind = Literal["function", "method", "script", "operations"]
_MAX_PARAMETERS = 6
_BRANCHES = (ast.For, ast.While, ast.If, ast.comprehension, ast.IfExp, ast.BoolOp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A part of the file that takes inputs and gives a result.

    Attributes:
        name: As shown to people: `bubble_sort`, `Stack.push`, `Stack (operation log)`.
        kind: How it is run.
        closure: Everything it needs, itself included.
        parameters: Its inputs with their candidates.
        call: Template of the call; `{name}` stands for the converted input.
        node: The definition it comes from, None for a script.
        owner: The class of a method or an operation log.
        statements: Size in statements.
        has_logic: Whether it branches or loops.
        is_helper: Whether another definition of the file uses it.
    """

    name: str
    kind: UnitKind
    closure: Closure
    parameters: tuple[Parameter, ...]
    call: str
    node: ast.FunctionDef | None
    owner: ast.ClassDef | None
    statements: int
    has_logic: bool
    is_helper: bool = False

    @property
    def traced(self) -> bool:
        """Whether real arguments were seen for some input."""
        return any(parameter.traced for parameter in self.parameters)

    @property
    def rank(self) -> tuple[bool, bool, bool, bool, int]:
        """Sorts the units of a file, most promising first."""
        public = not self.name.split(".")[-1].startswith("_")
        size = -min(self.statements, 25)
        return (not self.has_logic, not public, self.is_helper, not self.traced, size)


def function_units(file: ParsedFile, traces: Traces) -> Iterator[Unit | UnitRefused]:
    """A unit, or why not, for each function and each plain method, in the file's order."""
    for name, node in file.definitions.items():
        if isinstance(node, ast.FunctionDef):
            yield _guarded(file, name, node, None, traces)
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and _is_plain_method(method):
                yield _guarded(file, f"{name}.{method.name}", method, node, traces)


def _is_plain_method(method: ast.FunctionDef) -> bool:
    decorators = {ast.unparse(decorator) for decorator in method.decorator_list}
    return not method.name.startswith("__") and decorators <= {"staticmethod", "classmethod"}


def _guarded(
    file: ParsedFile,
    name: str,
    function: ast.FunctionDef,
    owner: ast.ClassDef | None,
    traces: Traces,
) -> Unit | UnitRefused:
    try:
        return _unit(file, name, function, owner, traces)
    except UnitRefused as refusal:
        return refusal


def _unit(
    file: ParsedFile,
    name: str,
    function: ast.FunctionDef,
    owner: ast.ClassDef | None,
    traces: Traces,
) -> Unit:
    _check_no_test(function, owner)
    closure = close_over(file, owner.name if owner else function.name)
    kept = [p for p in parameters_of(file, function, name, traces) if _is_kept(p)]
    kept = relate(function, kept, name, traces)
    first = [] if owner is None or _is_static(function) else constructor(file, owner, traces)
    taken = {parameter.name for parameter in kept}
    renamed = [replace(p, name=f"initial_{p.name}" if p.name in taken else p.name) for p in first]
    if not kept and not renamed:
        raise UnitRefused("no_parameters", name)
    if len(kept) + len(renamed) > _MAX_PARAMETERS:
        raise UnitRefused("too_many_parameters", name)
    return Unit(
        name=name,
        kind="method" if owner else "function",
        closure=closure,
        parameters=(*renamed, *kept),
        call=_call(function, owner, renamed, kept),
        node=function,
        owner=owner,
        statements=count_statements(*([function] if owner else closure.nodes)),
        has_logic=has_logic(*([function] if owner else closure.nodes)),
        is_helper=_is_used(file, function, owner),
    )


def _check_no_test(function: ast.FunctionDef, owner: ast.ClassDef | None) -> None:
    bases = " ".join(ast.unparse(base) for base in owner.bases) if owner else ""
    if function.name.startswith("test") or "Test" in bases:
        raise UnitRefused("test_code", function.name)
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function)) and owner:
        raise UnitRefused("generator_method", function.name)


def _is_used(file: ParsedFile, function: ast.FunctionDef, owner: ast.ClassDef | None) -> bool:
    """Whether another function of the file, or another method of the class, calls it."""
    if owner is not None:
        others = [method for method in methods_of(owner) if method is not function]
        names = {n.attr for m in others for n in ast.walk(m) if isinstance(n, ast.Attribute)}
        return function.name in names
    definitions = [node for node in file.definitions.values() if node is not function]
    return any(function.name in loaded_names(node) for node in definitions)


def _is_static(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod")
        for d in function.decorator_list
    )


def constructor(file: ParsedFile, owner: ast.ClassDef, traces: Traces) -> list[Parameter]:
    """The required parameters of the class's own `__init__`."""
    init = next((m for m in methods_of(owner) if m.name == "__init__"), None)
    if init is None:
        return []
    parameters = parameters_of(file, init, f"{owner.name}.__init__", traces)
    required = [p for p in parameters if p.default is None]
    return relate(init, required, f"{owner.name}.__init__", traces)


def methods_of(owner: ast.ClassDef) -> list[ast.FunctionDef]:
    """The functions defined in the body of a class."""
    return [node for node in owner.body if isinstance(node, ast.FunctionDef)]


def _is_kept(parameter: Parameter) -> bool:
    """Leave out optional parameters that are accumulators or switches set to None."""
    if parameter.default is None:
        return True
    value = literal(parameter.default)
    if parameter.traced and isinstance(parameter.default, ast.Constant):
        return True
    if value is None or value in ([], {}, ""):
        return False
    return not isinstance(value, list | dict) or parameter.traced


def _call(
    function: ast.FunctionDef,
    owner: ast.ClassDef | None,
    first: list[Parameter],
    kept: list[Parameter],
) -> str:
    positional = {arg.arg for arg in function.args.posonlyargs}
    by_name = any(p.keyword_only or p.default is not None for p in kept)
    arguments = ", ".join(
        f"{p.name}={{{p.name}}}" if by_name and p.name not in positional else f"{{{p.name}}}"
        for p in kept
    )
    if owner is None:
        return f"{function.name}({arguments})"
    if _is_static(function):
        return f"{owner.name}.{function.name}({arguments})"
    created = ", ".join(f"{{{p.name}}}" for p in first)
    return f"{owner.name}({created}).{function.name}({arguments})"


def count_statements(*nodes: ast.AST) -> int:
    """Statements in the nodes, nested ones included."""
    return sum(isinstance(inner, ast.stmt) for node in nodes for inner in ast.walk(node))


def has_logic(*nodes: ast.AST) -> bool:
    """Whether the nodes branch or loop."""
    return any(isinstance(inner, _BRANCHES) for node in nodes for inner in ast.walk(node))
