"""Specs in words: the type and the prose that stand in the description of an input."""

import re
from collections.abc import Sequence

from offline_teacher.drafting import specs

_MAX_SHOWN = 10
_MAX_ALPHABET = 60


def input_description(params: Sequence[tuple[str, specs.Spec]]) -> str:
    """One line per parameter under `Input:`, each `` - `name` (TYPE): prose ``."""
    lines = [
        f"- `{name}` ({type_text(spec)}): " + re.sub(r"\s+", " ", prose(spec))
        for name, spec in params
    ]
    return "\n".join(["Input:", *lines])


def type_text(spec: specs.Spec) -> str:
    """The type of a spec's values, as descriptions write it."""
    match spec:
        case specs.ListSpec(element=inner) | specs.LinkedListSpec(element=inner):
            return f"List[{type_text(inner)}]"
        case specs.MatrixSpec(cell=inner):
            return f"List[List[{type_text(inner)}]]"
        case specs.MapSpec(value=inner):
            return f"Dict[str, {type_text(inner)}]"
        case specs.RowSpec(columns=columns):
            kinds = list(dict.fromkeys(map(type_text, columns)))
            return f"List[{kinds[0]}]" if len(kinds) == 1 else f"List[Union[{', '.join(kinds)}]]"
        case specs.MemberSpec(base=base, integer=integer):
            return "int" if integer else type_text(base)
        case specs.LikeSpec(base=base):
            return type_text(base)
        case _:
            return _own_type(spec)


def _own_type(
    spec: specs.ScalarSpec | specs.RecordSpec | specs.StructureSpec | specs.PlaceSpec,
) -> str:
    match spec:
        case specs.ChoiceSpec(values=(value, *_)) | specs.ConstSpec(value=value):
            return type(value).__name__
        case specs.GraphSpec(weighted=True):
            return "Dict[str, Dict[str, int]]"
        case specs.GraphSpec(int_nodes=numbered):
            return f"Dict[str, List[{'int' if numbered else 'str'}]]"
        case specs.TreeSpec(search=search):
            return "List[int]" if search else "List[Optional[int]]"
        case _:
            return _TYPES[type(spec)]


_TYPES: dict[type[specs.Spec], str] = {
    specs.IntSpec: "int",
    specs.PlaceSpec: "int",
    specs.FloatSpec: "float",
    specs.BoolSpec: "bool",
    specs.TextSpec: "str",
    specs.WordsSpec: "str",
    specs.RecordSpec: "Dict[str, Any]",
    specs.OperationsSpec: "List[List[Any]]",
}


def prose(spec: specs.Spec) -> str:
    """The values of a spec in words."""
    if isinstance(spec, specs.ScalarSpec):
        return _scalar(spec)
    if isinstance(spec, specs.ContainerSpec):
        return _container(spec)
    return _structure(spec) if isinstance(spec, specs.StructureSpec) else _relation(spec)


def _scalar(spec: specs.ScalarSpec) -> str:
    match spec:
        case specs.IntSpec(low=low, high=high):
            return f"an integer from {low} to {high}"
        case specs.FloatSpec(low=least, high=most):
            return f"a number from {least} to {most} with at most two decimals"
        case specs.BoolSpec():
            return "true or false"
        case specs.TextSpec():
            return _text(spec)
        case specs.WordsSpec(fewest=fewest, most=count):
            return f"a text of {fewest} to {count} words separated by single spaces"
        case specs.ChoiceSpec(values=values):
            return "one of " + ", ".join(map(repr, values[:_MAX_SHOWN]))
        case specs.ConstSpec(value=value):
            return f"always {value!r}"


def _text(spec: specs.TextSpec) -> str:
    if spec.shaped:
        shapes = " or ".join(f'"{seed}"' for seed in spec.seeds)
        return f"a string shaped like {shapes}, with other letters and digits"
    drawn = f'drawn from "{spec.alphabet[:_MAX_ALPHABET]}"'
    return f"a string of {spec.shortest} to {spec.longest} characters {drawn}"


def _container(spec: specs.ContainerSpec) -> str:
    match spec:
        case specs.ListSpec(shortest=least, longest=most, element=element):
            distinct = " distinct" if spec.distinct else ""
            kind = f"a list of {least} to {most}{distinct} values{_order(spec)}"
            return f"{kind}, each {prose(element)}"
        case specs.RowSpec(columns=columns):
            places = "; ".join(map(prose, columns))
            return f"a list of exactly {len(columns)} values ({places})"
        case specs.MatrixSpec(fewest=least, most=most, cell=cell):
            kind = "square matrix" if spec.square else "matrix"
            return f"a {kind} with {least} to {most} rows of equal length, each cell {prose(cell)}"
        case specs.MapSpec(key=key, value=value):
            quoted = " written as a string" if spec.int_keys else ""
            entries = f"each key {prose(key)}{quoted}, each value {prose(value)}"
            return f"a dictionary of 2 to 5 entries, {entries}"
        case specs.RecordSpec(fields=fields):
            pairs = (f'"{name}" ({type_text(field)}, {prose(field)})' for name, field in fields)
            return "a dictionary with the keys " + "; ".join(pairs)


def _order(spec: specs.ListSpec | specs.LinkedListSpec) -> str:
    return " in ascending order" if spec.ordered else ""


def _structure(spec: specs.StructureSpec) -> str:
    match spec:
        case specs.GraphSpec(int_nodes=int_nodes, weighted=weighted):
            kind, name = (
                "a weighted graph" if weighted else "a graph",
                "number" if int_nodes else "letter",
            )
            ends = (
                "its neighbours and the edge weights" if weighted else "the list of its neighbours"
            )
            return f"{kind}: each node {name} maps to {ends}"
        case specs.LinkedListSpec(shortest=least, longest=most, element=element):
            kind = f"the {least} to {most} values of a singly linked list, head first{_order(spec)}"
            return f"{kind}, each {prose(element)}"
        case specs.TreeSpec(low=low, high=high, search=True):
            kind = "2 to 8 keys of a binary search tree in order of insertion"
            return f"{kind}, each an integer from {low} to {high}"
        case specs.TreeSpec(low=low, high=high):
            kind = "1 to 9 nodes of a binary tree in level order"
            return f"{kind}, each an integer from {low} to {high} or null (no node)"
        case specs.OperationsSpec(operations=operations):
            return (
                "a list of 4 to 9 operations, each a list of the operation's name and its "
                f"arguments; the operations are {', '.join(map(_operation, operations))}"
            )


def _operation(operation: specs.Operation) -> str:
    arguments = "; ".join(map(prose, operation.arguments)) or "no arguments"
    return f'"{operation.name}" ({arguments})'


def _relation(spec: specs.RelationSpec) -> str:
    match spec:
        case specs.PlaceSpec(of=of, role=role):
            return {
                "length": f"the length of `{of}`",
                "last": f"the last index of `{of}`",
                "index": f"a valid index into `{of}`",
                "count": f"an integer from 1 to the length of `{of}`",
            }[role]
        case specs.MemberSpec(of=of, always=True):
            return f"one of the keys of `{of}`"
        case specs.MemberSpec(of=of, base=base):
            return f"{prose(base)}; often a member of `{of}`"
        case specs.LikeSpec(of=of, base=base, role=role):
            tie = "as long as" if role == "as_long" else "may share values with"
            return f"{prose(base)}; {tie} `{of}`"
