"""Scripts as units: literals and `input()` become parameters, printed lines the result."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from codeio_ops.jsonvalue import Json
from codeio_ops.python_syntax import parse_python
from offline_teacher.drafting.alternatives import Candidate
from offline_teacher.drafting.closure import close_over
from offline_teacher.drafting.evidence import Parameter, literal
from offline_teacher.drafting.examples import spec_from_values
from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.specs import FloatSpec, IntSpec, ListSpec, Spec, TextSpec
from offline_teacher.drafting.units import Unit, count_statements, has_logic

SCRIPT_NAME = "run_script"
_MAX_LIFTED = 4
_MAX_BODIES = 3
_DULL: tuple[Json, ...] = (0, 1, -1, 0.0, "", [], {})
_EXITS = ("exit", "quit", "sys.exit")
_SHORT_TEXT = TextSpec(shortest=3, longest=9)


@dataclass(slots=True, kw_only=True)
class _Lifting:
    """The parameters found so far and the statements that stay."""

    found: dict[str, Spec] = field(default_factory=dict)
    kept: list[ast.stmt] = field(default_factory=list)


def script_units(file: ParsedFile) -> Iterator[Unit | UnitRefused]:
    """A unit, or why not, for the script and for functions without parameters."""
    for name, body in list(_bodies(file))[:_MAX_BODIES]:
        try:
            yield _lifted(file, name, body)
        except UnitRefused as refusal:
            yield refusal


def _bodies(file: ParsedFile) -> Iterator[tuple[str, list[ast.stmt]]]:
    script: list[ast.stmt] = []
    for node in file.demo:
        guard = isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
        script += node.body if guard and isinstance(node, ast.If) else [node]
    if script:
        yield "", script
    for name, function in file.definitions.items():
        if isinstance(function, ast.FunctionDef) and _takes_nothing(function):
            yield name, [node for node in function.body if not _is_text(node)]


def _takes_nothing(function: ast.FunctionDef) -> bool:
    arguments = function.args
    some = arguments.args or arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg
    return not some and count_statements(*function.body) > 2 and not function.decorator_list


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _lifted(file: ParsedFile, name: str, body: list[ast.stmt]) -> Unit:
    lifting = _Lifting()
    for statement in copy.deepcopy(body):
        _lift_statement(lifting, statement)
    if not lifting.found:
        raise UnitRefused("nothing_to_lift", name or "script")
    kept = [_Returns().visit(statement) for statement in lifting.kept]
    _check_result(kept, is_script=not name)
    function = _function(name or SCRIPT_NAME, list(lifting.found), kept)
    inputs = {
        key: node for key, node in file.constants.items() if name and key not in lifting.found
    }
    wrapped = replace(
        file,
        definitions={**file.definitions, function.name: function},
        constants=inputs,
    )
    return _unit(file, wrapped, function, lifting, name)


def _unit(
    file: ParsedFile, wrapped: ParsedFile, function: ast.FunctionDef, lifting: _Lifting, name: str
) -> Unit:
    closure = close_over(wrapped, function.name)
    arguments = ", ".join(f"{{{key}}}" for key in lifting.found)
    return Unit(
        name=name or "script",
        kind="script",
        closure=closure,
        parameters=tuple(
            Parameter(name=key, candidates=(Candidate(spec=spec, source="lift"),))
            for key, spec in lifting.found.items()
        ),
        call=f"{function.name}({arguments})",
        node=file.function(name) if name else None,
        owner=None,
        statements=count_statements(*lifting.kept),
        has_logic=has_logic(*lifting.kept),
    )


def _lift_statement(lifting: _Lifting, statement: ast.stmt) -> None:
    """Turn an assignment of a literal or of `input()` into a parameter, or keep it."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            spec = _input_spec(value) or _literal_spec(name, value)
            if spec is not None and name not in lifting.found and _has_room(lifting, 1):
                lifting.found[name] = spec
                lifting.kept.extend(_converted(name, spec))
                return
        case ast.Assign(targets=[ast.Tuple(elts=parts)], value=value) if _reads(value):
            names = [part.id for part in parts if isinstance(part, ast.Name)]
            if len(names) == len(parts) and _has_room(lifting, len(names)):
                numeric = "int" in ast.unparse(value)
                spec = IntSpec() if numeric else TextSpec(shortest=2, longest=6)
                lifting.found.update(dict.fromkeys(names, spec))
                return
    lifting.kept.append(statement)


def _has_room(lifting: _Lifting, wanted: int) -> bool:
    return len(lifting.found) + wanted <= _MAX_LIFTED


def _converted(name: str, spec: Spec) -> list[ast.stmt]:
    if isinstance(spec, ListSpec) and spec.wanted != "list":
        return parse_python(f"{name} = {spec.wanted}({name})").body
    return []


def _reads(value: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("input", "raw_input")
        for node in ast.walk(value)
    )


def _input_spec(value: ast.expr) -> Spec | None:
    """What a value read with `input()` is; the parameter replaces the whole expression."""
    if not _reads(value):
        return None
    text = ast.unparse(value).replace(" ", "")
    if "map(int" in text or ("int(" in text and "split" in text):
        return ListSpec(element=IntSpec(), shortest=3, longest=6)
    if "map(float" in text:
        return ListSpec(element=FloatSpec(), shortest=3, longest=6)
    if text.startswith(("int(", "eval(")):
        return IntSpec()
    if text.startswith("float("):
        return FloatSpec()
    if "split(" in text:
        return ListSpec(element=TextSpec(shortest=1, longest=5), shortest=2, longest=6)
    plain = text.startswith(("list(input", "input(", "str(input"))
    return _SHORT_TEXT if plain or text.endswith((".strip()", ".lower()", ".upper()")) else None


def _literal_spec(name: str, value: ast.expr) -> Spec | None:
    known = literal(value)
    if known is None or isinstance(known, bool) or known in _DULL or name.isupper():
        return None
    spec = spec_from_values([known])
    if isinstance(spec, ListSpec) and isinstance(value, ast.Tuple | ast.Set):
        return replace(spec, wanted="tuple" if isinstance(value, ast.Tuple) else "set")
    return spec


class _Returns(ast.NodeTransformer):
    """Turns `exit()` into `return`; leaves inner functions alone."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        leaves = isinstance(call, ast.Call) and ast.unparse(call.func) in _EXITS
        return ast.copy_location(ast.Return(None), node) if leaves else node


def _check_result(kept: list[ast.stmt], *, is_script: bool) -> None:
    nodes = [inner for statement in kept for inner in ast.walk(statement)]
    prints = any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
        for n in nodes
    )
    returns = any(isinstance(n, ast.Return) and n.value is not None for n in nodes)
    if not prints and (is_script or not returns):
        raise UnitRefused("no_result", "prints and returns nothing")


def _function(name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """A function of that body, as if it stood at the end of the file."""
    text = f"def {name}({', '.join(parameters)}):\n    pass"
    function = parse_python(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = body or function.body
    text = ast.unparse(ast.fix_missing_locations(function))
    rebuilt = parse_python(text).body[0]
    assert isinstance(rebuilt, ast.FunctionDef)
    rebuilt.lineno, rebuilt.col_offset = 10**6, 1  # no lines of its own: rebuilt from the tree
    return rebuilt
