"""A spec from the text of a type annotation or of a docstring's type line."""

import ast
import re

from codeio_ops.python_syntax import BAD_SYNTAX, parse_expression
from offline_teacher.drafting.specs import (
    BoolSpec,
    FloatSpec,
    IntSpec,
    LinkedListSpec,
    ListSpec,
    MapSpec,
    MatrixSpec,
    RowSpec,
    Spec,
    TextSpec,
    TreeSpec,
    default_map,
)

NUMBERS = ListSpec(element=IntSpec(low=0, high=20))
DIGITS = MatrixSpec(cell=IntSpec(low=0, high=9))
STRINGS = ListSpec(element=TextSpec(alphabet="abcdefgh", shortest=2, longest=5))
NUMBER_SET = ListSpec(element=IntSpec(), shortest=2, longest=6, distinct=True, wanted="set")
_MAX_TEXT = 120
_SEQUENCES = frozenset(
    (
        "List",
        "list",
        "Iterable",
        "Sequence",
        "Deque",
        "deque",
        "Iterator",
        "Collection",
        "MutableSequence",
    )
)
_SETS = frozenset(("Set", "set", "FrozenSet", "frozenset"))
_MAPS = frozenset(("Dict", "dict", "Mapping", "DefaultDict", "defaultdict", "OrderedDict"))
_NAMED: dict[str, Spec] = {
    "int": IntSpec(),
    "float": FloatSpec(),
    "complex": FloatSpec(),
    "str": TextSpec(),
    "bool": BoolSpec(),
    "list": NUMBERS,
    "List": NUMBERS,
    "Iterable": NUMBERS,
    "Sequence": NUMBERS,
    "dict": default_map(),
    "Dict": default_map(),
    "tuple": ListSpec(element=IntSpec(), shortest=2, longest=2, wanted="tuple"),
    "set": NUMBER_SET,
    "Set": NUMBER_SET,
    "ListNode": LinkedListSpec(),
    "TreeNode": TreeSpec(),
}
_PHRASES: tuple[tuple[str, Spec], ...] = (
    (r"(list|array).*\b(list|array)|matrix|2-?d", DIGITS),
    (r"(list|array|sequence|iterable).*(str|word)", STRINGS),
    (r"(list|array|sequence|iterable).*float", ListSpec(element=FloatSpec())),
    (r"linked", LinkedListSpec()),
    (r"list|array|sequence|iterable", NUMBERS),
    (r"tree", TreeSpec()),
    (r"\bint", IntSpec()),
    (r"float|real|number", FloatSpec()),
    (r"\bstr|char", TextSpec()),
    (r"bool", BoolSpec()),
    (r"dict", default_map()),
)


def spec_from_annotation(text: str) -> Spec | None:
    """The spec of an annotation such as `List[int]`, `Dict[str, int]` or `str`.

    Returns:
        None where the text is no annotation, or one that says nothing about JSON values.
    """
    if len(text) > _MAX_TEXT:
        return None
    try:
        node = parse_expression(text.strip())
    except BAD_SYNTAX:
        return None
    return spec_from_node(node)


def spec_from_node(node: ast.expr | None) -> Spec | None:
    """The spec of an annotation given as a syntax tree."""
    match node:
        case ast.Constant(value=str(text)):
            return spec_from_annotation(text)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return spec_from_node(left) or spec_from_node(right)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _NAMED.get(name)
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _subscripted(name, inner)
    return None


def spec_from_docstring(docstring: str, name: str) -> Spec | None:
    """The spec of a parameter from `:type name:`, `name (TYPE):` or `name : TYPE` lines."""
    quoted = re.escape(name)
    patterns = (
        rf":type\s+{quoted}\s*:\s*([^\n]+)",
        rf":param\s+([\w\[\], ]+?)\s+{quoted}\s*:",
        rf"^\s*{quoted}\s*\(([\w\[\], .|]+)\)\s*:",
        rf"^\s*{quoted}\s*:\s*([A-Za-z][\w\[\], ]*?)\s*$",
    )
    found = (re.search(pattern, docstring, re.MULTILINE) for pattern in patterns)
    text = next((match.group(1) for match in found if match), None)
    return None if text is None else _spec_from_phrase(text.strip().rstrip("."))


def _spec_from_phrase(text: str) -> Spec | None:
    spec = spec_from_annotation(text)
    if spec is not None or len(text) > _MAX_TEXT:
        return spec
    return next((spec for pattern, spec in _PHRASES if re.search(pattern, text.lower())), None)


def _subscripted(name: str, inner: ast.expr) -> Spec | None:
    if name in _SEQUENCES:
        return _sequence(inner)
    if name in _SETS:
        element = spec_from_node(inner) or IntSpec()
        return ListSpec(element=element, shortest=2, longest=6, distinct=True, wanted="set")
    if name in ("Optional", "Union"):
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        return next((spec for spec in map(spec_from_node, parts) if spec), None)
    if name in ("Tuple", "tuple"):
        return _tuple(inner)
    return _mapping(inner) if name in _MAPS else None


def _sequence(inner: ast.expr) -> Spec:
    element = spec_from_node(inner) or IntSpec(low=0, high=20)
    if isinstance(element, ListSpec) and element.wanted == "list":
        return MatrixSpec(cell=element.element)
    return ListSpec(element=_shorter(element))


def _shorter(element: Spec) -> Spec:
    if isinstance(element, TextSpec):
        return TextSpec(alphabet=element.alphabet, shortest=1, longest=5)
    return element


def _tuple(inner: ast.expr) -> Spec | None:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    open_ended = isinstance(parts[-1], ast.Constant) if parts else True
    specs = [spec_from_node(part) for part in parts if not isinstance(part, ast.Constant)]
    known = tuple(spec for spec in specs if spec is not None)
    if not known or len(known) < len(specs):
        return None
    if open_ended:
        return ListSpec(element=known[0], wanted="tuple")
    return RowSpec(columns=known, wanted="tuple")


def _mapping(inner: ast.expr) -> Spec | None:
    if not isinstance(inner, ast.Tuple) or len(inner.elts) != 2:
        return None
    key, value = (spec_from_node(part) for part in inner.elts)
    if value is None:
        return None
    if isinstance(key, IntSpec):
        return MapSpec(key=IntSpec(low=0, high=9), value=value, int_keys=True)
    return default_map(value) if isinstance(key, TextSpec) else None
