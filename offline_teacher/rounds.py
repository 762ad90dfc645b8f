"""Loops in words: the first rounds in full, the others summed up."""

import ast
from typing import Protocol

from offline_teacher.brevity import brief
from offline_teacher.statements import end_state
from offline_teacher.trace import Frame, Span
from offline_teacher.wording import plain

_MAX_SHOWN_VALUES = 6
_MAX_SHOWN_SERIES = 10
_MAX_SERIES_TEXT = 14
_MAX_JOINED = 170


class Teller(Protocol):
    """What telling a loop needs of the narrator."""

    lines: list[str]
    told_steps: int
    rounds_told: int

    def say(self, text: str, depth: int) -> None:
        """Write one line."""

    def tell_block(self, body: list[ast.stmt], span: Span, depth: int) -> None:
        """Tell the statements that ran in a span."""

    def tell_calls(self, span: Span, depth: int) -> None:
        """Tell the calls made in a span."""


def tell_loop(teller: Teller, loop: ast.For | ast.While, span: Span, depth: int) -> None:
    """Tell a loop: what it goes through, its first rounds, and how it ends."""
    names = _targets(loop)
    done = _rounds(loop, span)
    open_ended = span.end == span.frame.told_end and not span.frame.complete
    if not done:
        if not open_ended:
            teller.told_steps += 1
            teller.say("There is nothing to repeat.", depth)
        return
    teller.tell_calls(Span(frame=span.frame, first=span.first, end=span.first + 1), depth)
    teller.say(_headline(loop, done, names, open_ended=open_ended), depth)
    limit = teller.rounds_told if depth < 2 else max(1, teller.rounds_told - 2)
    told = done if len(done) <= limit + 1 else done[:limit]
    for number, one in enumerate(told, start=1):
        _tell_round(teller, loop, one, _label(one, names, number), depth)
    if len(done) > len(told):
        teller.say(_summary(done[len(told) :], names), depth)
    ended = done[-1].end if open_ended else span.end
    teller.tell_block(loop.orelse, Span(frame=span.frame, first=ended, end=span.end), depth)
    if len(done) > 1 and not open_ended:
        state = end_state(span.before, span.after, frozenset(names))
        if state:
            teller.say(f"After that, {state}.", depth)


def _rounds(loop: ast.For | ast.While, span: Span) -> list[Span]:
    """Split the events of a loop into its rounds, each from its head line on."""
    endless = isinstance(loop, ast.While) and isinstance(loop.test, ast.Constant)
    head = loop.body[0].lineno if endless else loop.lineno
    heads = [
        position for position in range(span.first, span.end) if span.frame.line_of(position) == head
    ]
    ends = [*heads[1:], _end_of_body(loop, span)] if heads else []
    spans = [
        Span(frame=span.frame, first=first, end=end)
        for first, end in zip(heads, ends, strict=True)
        if end > first
    ]
    if spans and not endless and spans[-1].end - spans[-1].first == 1:
        spans.pop()  # the last visit of the head only finds the loop at its end
    return spans


def _end_of_body(loop: ast.For | ast.While, span: Span) -> int:
    last = loop.body[-1].end_lineno or 0
    end = span.end
    while end > span.first and span.frame.line_of(end - 1) > last:
        end -= 1
    return end


def _targets(loop: ast.For | ast.While) -> list[str]:
    if isinstance(loop, ast.While):
        return []
    return [node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)]


def _headline(
    loop: ast.For | ast.While, done: list[Span], names: list[str], *, open_ended: bool
) -> str:
    count = len(done)
    many = f" ({count} rounds)" if count > 1 and not open_ended else ""
    if isinstance(loop, ast.While):
        if isinstance(loop.test, ast.Constant):
            return f"Repeat until something stops it{many}."
        return f"Repeat as long as {plain(loop.test)}{many}."
    values = [", ".join(_values(one, names)) for one in done[:_MAX_SHOWN_VALUES]]
    series = ", then ".join(values) if len(names) > 1 else ", ".join(values)
    more = ", and so on" if count > _MAX_SHOWN_VALUES or open_ended else ""
    return f"Go through {plain(loop.iter)}: {' and '.join(names)} takes {series}{more}{many}."


def _values(one: Span, names: list[str]) -> list[str]:
    """What the loop variables hold right after the head of a round."""
    state = one.frame.states[min(one.first + 1, len(one.frame.events))]
    return [brief(state.get(name, "?")) for name in names]


def _label(one: Span, names: list[str], number: int) -> str:
    if not names:
        return f"round {number}"
    values = zip(names, _values(one, names), strict=True)
    return ", ".join(f"{name} = {value}" for name, value in values)


def _tell_round(
    teller: Teller, loop: ast.For | ast.While, one: Span, label: str, depth: int
) -> None:
    teller.told_steps += 1
    start = len(teller.lines)
    teller.say(f"- {label}:", depth)
    first = one.first if _starts_in_body(loop, one) else one.first + 1
    teller.tell_block(loop.body, Span(frame=one.frame, first=first, end=one.end), depth + 1)
    told = [line.strip() for line in teller.lines[start + 1 :]]
    if not told:
        teller.lines[start:] = []
        teller.say(f"- {label}: nothing changes that is written out here.", depth)
    elif len(told) <= 3 and sum(map(len, told)) < _MAX_JOINED:
        teller.lines[start:] = []
        teller.say(f"- {label}: {' '.join(told)}", depth)


def _starts_in_body(loop: ast.For | ast.While, one: Span) -> bool:
    return one.frame.line_of(one.first) >= loop.body[0].lineno


def _summary(rest: list[Span], names: list[str]) -> str:
    """How the rounds that are not told went on: the values of up to three variables."""
    series = [text for name in _changing(rest, names) if (text := _series(rest, name))]
    count = len(rest)
    subject = "The remaining round works" if count == 1 else f"The remaining {count} rounds work"
    return f"- {subject} the same way" + (f": {'; '.join(series[:3])}." if series else ".")


def _changing(rest: list[Span], names: list[str]) -> list[str]:
    frame: Frame = rest[-1].frame
    return [
        name
        for name in rest[-1].after
        if name not in names and len({frame.states[one.end].get(name) for one in rest}) > 1
    ]


def _series(rest: list[Span], name: str) -> str:
    values = [one.after.get(name, "") for one in rest]
    if not all(value and len(value) <= _MAX_SERIES_TEXT for value in values):
        return ""
    shown = ", ".join(values[:_MAX_SHOWN_SERIES])
    more = f" and so on up to {values[-1]}" if len(values) > _MAX_SHOWN_SERIES else ""
    return f"{name.removeprefix('self.')} goes {shown}{more}"
