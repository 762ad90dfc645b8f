"""Stateful classes as units: a list of method calls goes in, their results come out."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from offline_teacher.drafting.alternatives import Candidate
from offline_teacher.drafting.closure import close_over
from offline_teacher.drafting.evidence import Parameter, Traces, parameters_of
from offline_teacher.drafting.parse import ParsedFile
from offline_teacher.drafting.refusal import UnitRefused
from offline_teacher.drafting.specs import (
    ChoiceSpec,
    FloatSpec,
    IntSpec,
    Operation,
    OperationsSpec,
    Spec,
    TextSpec,
)
from offline_teacher.drafting.units import (
    Unit,
    constructor,
    count_statements,
    methods_of,
)

_MAX_ARGUMENTS = 2
_MAX_OPERATIONS = 8
_ARGUMENTS = (IntSpec, TextSpec, ChoiceSpec, FloatSpec)
_RUNNER = '''\
def run_operations({signature}):
    """Apply the operations to one {name} and collect what each of them returns."""
    target = {name}({arguments})
    results = []
    for operation, *values in operations:
        value = getattr(target, operation)(*values)
        known = value is None or isinstance(value, (bool, int, float, str, list))
        results.append(value if known else type(value).__name__)
    return results'''


def operation_units(file: ParsedFile, traces: Traces) -> Iterator[Unit | UnitRefused]:
    """A unit, or why not, for each class that can be built and has a usable method."""
    for node in file.definitions.values():
        if isinstance(node, ast.ClassDef) and _is_candidate(node):
            try:
                yield _unit(file, node, traces)
            except UnitRefused as refusal:
                yield refusal


def _is_candidate(node: ast.ClassDef) -> bool:
    bases = " ".join(ast.unparse(base) for base in node.bases)
    abstract = any("Test" in bases or word in bases for word in ("Exception", "Error", "ABC"))
    return not abstract and any(method.name == "__init__" for method in methods_of(node))


def _unit(file: ParsedFile, owner: ast.ClassDef, traces: Traces) -> Unit:
    first = constructor(file, owner, traces)
    found = [_operation(file, owner, method, traces) for method in methods_of(owner)]
    operations = [operation for operation in found if operation is not None][:_MAX_OPERATIONS]
    if len(first) > _MAX_ARGUMENTS or not operations:
        raise UnitRefused("no_operations", owner.name)
    if not any(operation.arguments for operation in operations):
        raise UnitRefused("no_operations", f"{owner.name}: none takes an argument")
    closure = close_over(file, owner.name)
    names = [parameter.name for parameter in first]
    signature = ", ".join(["operations", *names])
    runner = _RUNNER.format(signature=signature, name=owner.name, arguments=", ".join(names))
    log = Candidate(spec=OperationsSpec(operations=tuple(operations)), source="usage")
    return Unit(
        name=f"{owner.name} (operation log)",
        kind="operations",
        closure=replace(closure, blocks=(*closure.blocks, runner)),
        parameters=(Parameter(name="operations", candidates=(log,)), *first),
        call="run_operations(" + ", ".join(f"{{{name}}}" for name in ["operations", *names]) + ")",
        node=None,
        owner=owner,
        statements=count_statements(*methods_of(owner)),
        has_logic=True,
    )


def _operation(
    file: ParsedFile, owner: ast.ClassDef, method: ast.FunctionDef, traces: Traces
) -> Operation | None:
    """The method with specs of its required arguments, or None where it cannot be called."""
    if method.name.startswith("_") or method.decorator_list:
        return None
    try:
        parameters = parameters_of(file, method, f"{owner.name}.{method.name}", traces)
    except UnitRefused:
        return None
    specs = [_scalar(parameter) for parameter in parameters if parameter.default is None]
    known = tuple(_narrow(spec) for spec in specs if spec is not None)
    if len(specs) > _MAX_ARGUMENTS or len(known) < len(specs):
        return None
    return Operation(name=method.name, arguments=known)


def _scalar(parameter: Parameter) -> Spec | None:
    """The likeliest spec that is a single value."""
    specs = (candidate.spec for candidate in parameter.candidates)
    return next((spec for spec in specs if isinstance(spec, _ARGUMENTS)), None)


def _narrow(spec: Spec) -> Spec:
    """A small range, so that operations meet the same values again."""
    if isinstance(spec, IntSpec):
        low = max(spec.low, 0)
        return IntSpec(low=low, high=min(max(spec.high, low + 3), low + 9))
    if isinstance(spec, TextSpec):
        return TextSpec(alphabet="abc", shortest=1, longest=3)
    return spec
