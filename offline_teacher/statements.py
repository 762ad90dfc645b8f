"""Single statements in words."""

import ast

from offline_teacher.brevity import brief, change
from offline_teacher.trace import Span, Variables
from offline_teacher.wording import is_simple, place_value, plain, with_values

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "×",
    ast.Div: "/",
    ast.FloorDiv: "div",
    ast.Mod: "mod",
    ast.Pow: "^",
}
_MAX_CHANGES = 4


def statement_at(body: list[ast.stmt], line: int) -> ast.stmt | None:
    """The statement of `body` that holds a line."""
    return next((part for part in body if part.lineno <= line <= (part.end_lineno or 0)), None)


def assignment(statement: ast.Assign | ast.AugAssign | ast.AnnAssign, span: Span) -> str:
    """What an assignment set, and from what; empty when nothing of it can be said."""
    if isinstance(statement, ast.AugAssign):
        return _update(statement, span) or changes(span)
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if len(targets) != 1 or statement.value is None:
        return changes(span)
    match targets[0]:
        case ast.Name(id=name):
            return _set(name, name, statement.value, span)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return _set(f"self.{name}", name, statement.value, span)
        case ast.Subscript() as place:
            return _set_place(place, statement.value, span) or changes(span)
        case _:
            return changes(span)


def changes(span: Span) -> str:
    """The variables that a span changed, one after the other."""
    before, after = span.before, span.after
    changed = [
        change(name.removeprefix("self."), before.get(name, ""), text)
        for name, text in after.items()
        if before.get(name) != text
    ]
    return "; ".join(changed[:_MAX_CHANGES]) + "." if changed else ""


def _set(key: str, name: str, value: ast.expr, span: Span) -> str:
    result = span.after.get(key)
    if result is None:
        return ""
    verb = "becomes" if key in span.before else "is"
    words = with_values(value, span.before)
    result = brief(result)
    if words is None and not isinstance(value, ast.Constant | ast.List | ast.Dict | ast.Tuple):
        return f"{name} {verb} {result} (from {plain(value)})."
    return f"{name} {verb} {_worked_out(words, result)}."


def _update(statement: ast.AugAssign, span: Span) -> str:
    sign = _SIGNS.get(type(statement.op))
    if sign is None:
        return ""
    match statement.target:
        case ast.Name(id=name):
            result, old = span.after.get(name), span.before.get(name)
        case ast.Subscript() as place:
            placed = place_value(place, span.before, span.after)
            name, result = placed or ("", None)
            old = with_values(place, span.before)
        case _:
            return ""
    change = with_values(statement.value, span.before, inner=True)
    if not (result and old and change and is_simple(old)):
        return ""
    return f"{name} becomes {old} {sign} {change} = {result}."


def _set_place(place: ast.Subscript, value: ast.expr, span: Span) -> str:
    placed = place_value(place, span.before, span.after)
    if placed is None:
        return ""
    name, result = placed
    return f"{name} becomes {_worked_out(with_values(value, span.before), result)}."


def _worked_out(words: str | None, result: str) -> str:
    return f"{words} = {result}" if words and words != result and not is_simple(words) else result


def end_state(before: Variables, after: Variables, skipped: frozenset[str]) -> str:
    """The variables that differ between two moments, as `a = 1, b = 2`."""
    pairs = [
        f"{name.removeprefix('self.')} = {brief(text)}"
        for name, text in after.items()
        if before.get(name) != text and name not in skipped
    ]
    return ", ".join(pairs[:_MAX_CHANGES])
