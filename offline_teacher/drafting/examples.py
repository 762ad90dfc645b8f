"""A spec from example values, widened to a range around them; and values found in prose.

Example values come from the file's own calls (traced), from doctests and from text such as
"Input: nums = [2, 7], target = 9". Only `ast.literal_eval` on short text is used.
"""

import ast
import re
from collections.abc import Sequence

from codeio_ops.jsonvalue import Json
from codeio_ops.python_syntax import parse_expression
from offline_teacher.drafting.specs import (
    BoolSpec,
    ChoiceSpec,
    FloatSpec,
    GraphSpec,
    IntSpec,
    ListSpec,
    MapSpec,
    MatrixSpec,
    RecordSpec,
    RowSpec,
    Spec,
    TextSpec,
    WordsSpec,
    default_map,
)

_MAX_INT = 10**9
_MAX_TEXT = 60
_MAX_LITERAL = 400
_PROSE = re.compile(r"[A-Za-z ,.'!?-]+")
_SCALAR = re.compile(r"-?\d+(\.\d+)?\b|True\b|False\b|true\b|false\b")
_CLOSERS = {"[": "]", "{": "}", "(": ")"}


def spec_from_values(values: Sequence[Json]) -> Spec | None:
    """Generalise example values of one parameter; None where they have no common kind."""
    known = [value for value in values if value is not None]
    kinds = {type(value) for value in known}
    if not known:
        return None
    if kinds == {bool}:
        return BoolSpec()
    if kinds == {int}:
        return _integers([v for v in known if isinstance(v, int)])
    if kinds <= {int, float}:
        return _floats([float(v) for v in known if isinstance(v, int | float)])
    if kinds == {str}:
        return _texts([v for v in known if isinstance(v, str)])
    if kinds == {list}:
        return _lists([v for v in known if isinstance(v, list)])
    return _maps([v for v in known if isinstance(v, dict)]) if kinds == {dict} else None


def _integers(values: list[int]) -> IntSpec:
    low, high = max(min(values), -_MAX_INT), min(max(values), _MAX_INT)
    if low > 1:
        low = max(1, low // 2)
    elif low < 0:
        low -= max(2, -low // 2)
    return IntSpec(low=low, high=min(max(high + max(5, abs(high) // 2), 10), _MAX_INT))


def _floats(values: list[float]) -> FloatSpec:
    low, high = max(min(values), -1e9), min(max(values), 1e9)
    return FloatSpec(
        low=round(low / 2 if low > 0 else low * 1.5, 2),
        high=round(high * 1.5 + 1 if high >= 0 else high / 2 + 1, 2),
    )


def _texts(values: list[str]) -> Spec:
    if all(" " in v.strip() and _PROSE.fullmatch(v) for v in values):
        return WordsSpec()
    alphabet = "".join(sorted({c for v in values for c in v if c.isprintable()})) or "abc"
    least, most = min(map(len, values)), min(max(map(len, values)), _MAX_TEXT)
    fixed = least == most and len(values) > 2
    return TextSpec(
        alphabet=alphabet[:_MAX_TEXT],
        shortest=least if fixed else max(1, min(least, _MAX_TEXT) - 2),
        longest=most if fixed else min(_MAX_TEXT, max(most + 2, 4)),
        seeds=tuple(v for v in dict.fromkeys(values) if len(v) <= _MAX_TEXT)[:6],
    )


def _lists(values: list[list[Json]]) -> Spec | None:
    table = _table([[row for row in v if isinstance(row, list)] for v in values], values)
    if table is not None:
        return table
    flat = [item for value in values for item in value]
    if not flat:
        return ListSpec(element=IntSpec(low=0, high=9), shortest=0, longest=5)
    element = spec_from_values(flat)
    if element is None:
        return None
    most = min(12, max(map(len, values)) + 2)
    least = min(max(1 if min(map(len, values)) else 0, min(map(len, values)) - 2), most - 2)
    return ListSpec(
        element=element,
        shortest=max(least, 0),
        longest=most,
        ordered=all(map(_ascending, values)) and any(len(v) > 2 for v in values),
        distinct=all(len({str(x) for x in v}) == len(v) for v in values),
    )


def _table(rows: list[list[list[Json]]], values: list[list[Json]]) -> Spec | None:
    """Rows of equal length: a matrix, or a list of rows when there are two or three columns."""
    if any(not r or len(r) < len(v) for r, v in zip(rows, values, strict=True)):
        return None
    widths = [{len(row) for row in value} for value in rows]
    if any(len(width) != 1 or width == {0} for width in widths):
        return None
    square = all(len(value) == len(value[0]) for value in rows)
    every = [row for value in rows for row in value]
    if len({len(row) for row in every}) == 1 and len(every[0]) in (2, 3) and not square:
        return _records_of(every, most=min(8, max(map(len, rows)) + 2))
    cell = spec_from_values([x for row in every for x in row])
    if cell is None:
        return None
    fewest = max(1, min(3, min(map(len, rows)) - 1))
    most = max(fewest + 1, min(6, max(map(len, rows)) + 1))
    return MatrixSpec(cell=cell, fewest=fewest, most=most, square=square)


def _records_of(rows: list[list[Json]], *, most: int) -> Spec | None:
    columns = [spec_from_values(list(column)) for column in zip(*rows, strict=True)]
    known = tuple(column for column in columns if column is not None)
    if len(known) < len(columns):
        return None
    return ListSpec(element=RowSpec(columns=known), shortest=1, longest=most)


def _maps(values: list[dict[str, Json]]) -> Spec | None:
    graph = _graph(values)
    if graph is not None:
        return graph
    keys = list(dict.fromkeys(key for value in values for key in value))
    if not keys:
        return default_map()
    if all(len(value) == len(keys) for value in values) and len(values) > 1:
        fields = [(key, spec_from_values([value[key] for value in values])) for key in keys]
        known = tuple((key, spec) for key, spec in fields if spec is not None)
        return RecordSpec(fields=known) if len(known) == len(fields) else None
    value_spec = spec_from_values([item for value in values for item in value.values()])
    known_keys: Spec = ChoiceSpec(values=tuple(sorted(keys)[:12]))
    if len(keys) <= 2:
        known_keys = TextSpec(alphabet="abcdefgh", shortest=1, longest=2)
    return None if value_spec is None else MapSpec(key=known_keys, value=value_spec)


def _graph(values: list[dict[str, Json]]) -> GraphSpec | None:
    if any(len(value) < 2 for value in values):
        return None
    ends: list[Json] = []
    kinds = set()
    for value in values:
        for item in value.values():
            inner = list(item) if isinstance(item, list | dict) else None
            if inner is None or not {str(end) for end in inner} <= set(value):
                return None
            ends.extend(inner)
            kinds.add(type(item))
    if not ends or len(kinds) != 1:
        return None
    return GraphSpec(int_nodes=all(isinstance(end, int) for end in ends), weighted=kinds == {dict})


def _ascending(values: list[Json]) -> bool:
    numbers = [v for v in values if isinstance(v, int | float)]
    return len(numbers) == len(values) and numbers == sorted(numbers)


def examples_in_text(text: str, names: Sequence[str]) -> dict[str, list[Json]]:
    """Values that prose gives to parameters, as in "nums = [1, 2], k = 3"."""
    found: dict[str, list[Json]] = {}
    if not names:
        return found
    any_name = "|".join(map(re.escape, names))
    for match in re.finditer(rf"(?:^|[\s,;(*`])({any_name})\s*[=:]\s*", text):
        _note(found, match.group(1), text[match.end() : match.end() + _MAX_LITERAL])
    if len(names) == 1:
        for match in re.finditer(r"[Ii]nputs?\s*\d?\s*[:=]\s*(?:\w+\s*=\s*)?", text):
            _note(found, names[0], text[match.end() : match.end() + _MAX_LITERAL])
    return found


def _note(found: dict[str, list[Json]], name: str, text: str) -> None:
    value = leading_literal(text)
    if value is not None:
        found.setdefault(name, []).append(value)


def leading_literal(text: str) -> Json:
    """The JSON value of the literal at the start of `text`, or None."""
    piece = _literal_text(text.lstrip())
    if not piece or len(piece) > _MAX_LITERAL:
        return None
    for word, python in (("true", "True"), ("false", "False"), ("null", "None")):
        piece = re.sub(rf"\b{word}\b", python, piece)
    try:
        return as_json(ast.literal_eval(parse_expression(piece.lstrip(" \t"))))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def as_json(value: object) -> Json:
    """A Python literal as JSON: tuples and sets become lists, keys become strings.

    Raises:
        TypeError: the value has a part that JSON cannot hold.
    """
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [as_json(item) for item in value]
        case set():
            return sorted((as_json(item) for item in value), key=repr)
        case dict():
            return {str(key): as_json(item) for key, item in value.items()}
    raise TypeError(f"no JSON for {type(value).__name__}")


def _literal_text(text: str) -> str:
    if not text:
        return ""
    if text[0] in "\"'":
        end = text.find(text[0], 1)
        return text[: end + 1] if end > 0 else ""
    if text[0] in _CLOSERS:
        return _bracketed(text)
    match = _SCALAR.match(text)
    return match.group(0) if match else ""


def _bracketed(text: str) -> str:
    depth, quote = 0, ""
    for position, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _CLOSERS:
            depth += 1
        elif char in _CLOSERS.values():
            depth -= 1
            if depth == 0:
                return text[: position + 1]
    return ""
