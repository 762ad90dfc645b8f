"""What the body of a function does with a parameter, as weights for kinds of values."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from offline_teacher.drafting.parse import ParsedFile

Weight: TypeAlias = tuple[str, float]
Clues: TypeAlias = "list[Weight]"
_MAX_DEPTH = 2


def _all(kind: str, weight: float, names: str) -> dict[str, Weight]:
    return dict.fromkeys(names.split(), (kind, weight))


_METHODS: dict[str, Weight] = {
    **_all(
        "text",
        4,
        "split lower upper strip isdigit isalpha startswith endswith replace islower isupper "
        "isalnum title capitalize find lstrip rstrip swapcase splitlines encode casefold zfill "
        "ljust rjust isspace partition join",
    ),
    **_all("list", 4, "append pop sort insert extend remove reverse"),
    **_all("map", 4, "items keys values get update setdefault"),
    **_all("set", 3, "union intersection difference issubset add"),
    **_all("tree", 5, "left right"),
    **_all("linked", 5, "next"),
    **_all("node", 1, "val value data"),
    **_all("sequence", 2, "index count"),
    **_all("number", 1, "real numerator"),
}
_FUNCTIONS: dict[str, Weight] = {
    **_all("integer", 4, "range"),
    **_all("integer", 3, "chr bin hex oct factorial gcd comb isqrt lcm"),
    **_all("text", 3, "ord"),
    **_all("list", 3, "sum"),
    **_all(
        "sequence",
        2,
        "len sorted list set tuple enumerate reversed Counter heapify deque zip map filter any "
        "all iter accumulate combinations permutations",
    ),
    **_all("number", 2, "abs round float pow divmod sqrt floor ceil log sin cos exp"),
    **_all("integer", 1.5, "str"),
    **_all("integer", 1, "int"),
}
_TYPES = {"int": "integer", "float": "float", "str": "text", "list": "list", "dict": "map"}
_INTEGER_OPERATORS = (ast.FloorDiv, ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Weights of the kinds that a parameter and its elements look like.

    Attributes:
        weights: Of the parameter: integer, number, float, text, list, sequence, map, set,
            tree, linked, node, callable, object, truth.
        element: The same of its elements.
        nested: Whether elements are themselves indexed.
    """

    weights: Counter[str] = field(default_factory=Counter)
    element: Counter[str] = field(default_factory=Counter)
    nested: bool = False

    def weight(self, *kinds: str) -> float:
        """Sum of the parameter's weights of these kinds."""
        return float(sum(self.weights[kind] for kind in kinds))

    def element_weight(self, *kinds: str) -> float:
        """Sum of the elements' weights of these kinds."""
        return float(sum(self.element[kind] for kind in kinds))


def usage_of(
    function: ast.FunctionDef, parameter: str, file: ParsedFile | None = None, *, depth: int = 0
) -> Usage:
    """Weigh every place where `function` reads `parameter`."""
    reader = _Reader(function=function, file=file, depth=depth)
    weights, elements = reader.loop_clues(parameter)
    element: Counter[str] = Counter()
    nested = False
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name == parameter:
                _add(weights, reader.clues(node))
                nested |= reader.read_element(node, weights, element)
            case ast.Name(id=name, ctx=ast.Load()) if name in elements:
                _add(element, reader.clues(node))
                nested |= reader.is_indexed(node)
    return Usage(weights=weights, element=element, nested=nested)


def _add(weights: "Counter[str]", clues: Iterable[Weight]) -> None:
    for kind, weight in clues:
        weights[kind] += weight  # type: ignore[assignment]


class _Reader:
    """Finds the context of names in one function."""

    def __init__(self, *, function: ast.FunctionDef, file: ParsedFile | None, depth: int) -> None:
        self._function = function
        self._file = file
        self._depth = depth
        self._parents = {
            child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)
        }

    def loop_clues(self, parameter: str) -> tuple["Counter[str]", set[str]]:
        """Weights from loops over the parameter, and the names bound to its elements."""
        weights: Counter[str] = Counter()
        elements: set[str] = set()
        for node in ast.walk(self._function):
            if not isinstance(node, ast.For | ast.comprehension):
                continue
            target = _element_target(node, parameter)
            if target is None:
                continue
            weights["sequence"] += 2
            if isinstance(target, ast.Name):
                elements.add(target.id)
            elif isinstance(target, ast.Tuple):
                weights["pairs"] += 3
        return weights, elements

    def read_element(
        self, node: ast.Name, weights: "Counter[str]", element: "Counter[str]"
    ) -> bool:
        """Weigh `p[i]`; says whether it is indexed again."""
        parent = self._parents.get(node)
        if not isinstance(parent, ast.Subscript) or parent.value is not node:
            return False
        if isinstance(parent.ctx, ast.Store | ast.Del):
            weights["list"] += 3
        if isinstance(parent.slice, ast.Slice):
            return False
        _add(element, self.clues(parent))
        return self.is_indexed(parent)

    def is_indexed(self, node: ast.expr) -> bool:
        """Whether `node` stands before brackets, or in `len(...)` as a subscript."""
        parent = self._parents.get(node)
        if isinstance(parent, ast.Subscript):
            return parent.value is node
        return isinstance(node, ast.Subscript) and _called_name(parent) == "len"

    def clues(self, node: ast.expr) -> Clues:
        """What the place where `node` stands says about its kind."""
        parent = self._parents.get(node)
        readers: dict[type[ast.AST], Callable[[ast.expr, ast.AST], Clues]] = {
            ast.Attribute: _attribute_clues,
            ast.Subscript: _subscript_clues,
            ast.Slice: lambda *_: [("integer", 2)],
            ast.BinOp: _arithmetic_clues,
            ast.UnaryOp: _unary_clues,
            ast.AugAssign: lambda *_: [("integer", 1)],
            ast.Compare: _comparison_clues,
            ast.Call: self._call_clues,
        }
        reader = readers.get(type(parent)) if parent is not None else None
        return reader(node, parent) if reader is not None and parent is not None else []

    def _call_clues(self, node: ast.expr, call: ast.AST) -> Clues:
        assert isinstance(call, ast.Call)
        if call.func is node:
            return [("callable", 6)]
        if node not in call.args:
            return []
        name = _called_name(call)
        if name in ("max", "min"):
            return [("integer", 2)] if len(call.args) > 1 else [("sequence", 2)]
        if name == "isinstance" and isinstance(call.args[-1], ast.Name):
            kind = _TYPES.get(call.args[-1].id)
            return [(kind, 2)] if kind else []
        if name in _FUNCTIONS:
            return [_FUNCTIONS[name]]
        return self._followed(name, call.args.index(node))

    def _followed(self, name: str, position: int) -> Clues:
        """What the function that receives the value does with it."""
        callee = self._file.function(name) if self._file else None
        if callee is None or callee is self._function or self._depth >= _MAX_DEPTH:
            return []
        arguments = callee.args.posonlyargs + callee.args.args
        if position >= len(arguments):
            return []
        usage = usage_of(callee, arguments[position].arg, self._file, depth=self._depth + 1)
        return [(kind, weight * 0.8) for kind, weight in usage.weights.items()]


def _element_target(node: ast.For | ast.comprehension, parameter: str) -> ast.expr | None:
    """What a loop binds to each element of the parameter."""
    source, target = node.iter, node.target
    if _is_name(source, parameter):
        return target
    if not isinstance(source, ast.Call):
        return None
    position = next((i for i, a in enumerate(source.args) if _is_name(a, parameter)), None)
    wrapper = _called_name(source)
    if position is None or wrapper not in ("enumerate", "reversed", "sorted", "zip"):
        return None
    if wrapper in ("reversed", "sorted"):
        return target
    place = 1 if wrapper == "enumerate" else position
    if isinstance(target, ast.Tuple) and place < len(target.elts):
        return target.elts[place]
    return ast.Constant(None)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _called_name(node: ast.AST | None) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
    return ""


def _attribute_clues(_: ast.expr, parent: ast.AST) -> Clues:
    assert isinstance(parent, ast.Attribute)
    return [_METHODS.get(parent.attr, ("object", 4))]


def _subscript_clues(node: ast.expr, parent: ast.AST) -> Clues:
    assert isinstance(parent, ast.Subscript)
    if parent.slice is node:
        return [("integer", 2)]
    if isinstance(parent.slice, ast.Constant) and isinstance(parent.slice.value, str):
        return [("map", 5)]
    return [("sequence", 2)]


def _unary_clues(_: ast.expr, parent: ast.AST) -> Clues:
    assert isinstance(parent, ast.UnaryOp)
    return [("integer", 2)] if isinstance(parent.op, ast.USub) else [("truth", 1)]


def _arithmetic_clues(node: ast.expr, parent: ast.AST) -> Clues:
    assert isinstance(parent, ast.BinOp)
    other = parent.right if parent.left is node else parent.left
    match parent.op, other:
        case ast.Mod(), ast.Constant(value=str()):
            return []
        case ast.Mod(), _:
            return [("integer", 3 if parent.left is node else 2)]
        case ast.Add(), ast.Constant(value=str()):
            return [("text", 2)]
        case ast.Add(), ast.List():
            return [("list", 2)]
        case ast.Add(), _:
            return [("integer", 2 if isinstance(other, ast.Constant) else 0.5)]
        case ast.Div(), _:
            return [("integer", 1), ("float", 1)]
        case op, _ if isinstance(op, _INTEGER_OPERATORS):
            return [("integer", 3)]
    return [("integer", 2)]


def _comparison_clues(node: ast.expr, parent: ast.AST) -> Clues:
    assert isinstance(parent, ast.Compare)
    left = parent.left is node
    others = parent.comparators if left else [parent.left] * len(parent.ops)
    return [
        clue
        for other, operator in zip(others, parent.ops, strict=True)
        for clue in _compared(other, operator, left=left)
    ]


def _compared(other: ast.expr, operator: ast.cmpop, *, left: bool) -> Clues:
    if isinstance(operator, ast.In | ast.NotIn):
        return [] if left else [("sequence", 1.5)]
    match other:
        case ast.Constant(value=bool()):
            return [("truth", 1)]
        case ast.Constant(value=str()):
            return [("text", 2)]
        case ast.Constant(value=int()):
            return [("integer", 2)]
        case ast.Constant(value=float()):
            return [("float", 2)]
        case ast.List() | ast.ListComp():
            return [("list", 1)]
    ordering = isinstance(operator, ast.Lt | ast.Gt | ast.LtE | ast.GtE)
    return [("integer", 1)] if ordering else []
