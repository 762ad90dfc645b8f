"""From a trace to prose: what each line did, told with the values it worked on.

A pure function of the program's text and its trace; every number was observed. Long parts
are shortened: of a loop the first rounds are told and the rest summed up, of many calls
only the first ones are followed. The count of told steps says how much was not.
"""

import ast
from collections import Counter, defaultdict
from dataclasses import dataclass

from offline_teacher import rounds
from offline_teacher.brevity import brief
from offline_teacher.statements import assignment, changes, statement_at
from offline_teacher.trace import Frame, Span, Trace
from offline_teacher.wording import condition, is_simple, with_values

_MAX_DEPTH = 3
_MAX_INDENT = 7
_MAX_CALLS = 2
_SILENT = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass, ast.Global)


@dataclass(frozen=True, slots=True, kw_only=True)
class Narration:
    """A told trace.

    Attributes:
        text: The story, one step a line.
        told_steps: Steps whose effect the text states.
    """

    text: str
    told_steps: int


def narrate(tree: ast.Module, trace: Trace, *, rounds_told: int) -> Narration:
    """Tell a trace, with the first `rounds_told` rounds of each outer loop."""
    narrator = Narrator(tree, trace, rounds_told)
    top = next((frame for frame in trace.frames if frame.parent < 0), None)
    if top is not None:
        narrator.tell_frame(top, 0)
    lines = [
        line
        for index, line in enumerate(narrator.lines)
        if index == 0 or line != narrator.lines[index - 1]
    ]
    return Narration(text="\n".join(lines), told_steps=narrator.told_steps)


class Narrator:
    """Walks a trace along the program's syntax tree and writes lines."""

    def __init__(self, tree: ast.Module, trace: Trace, rounds_told: int) -> None:
        """Index the functions by line and the calls by caller."""
        self.lines: list[str] = []
        self.told_steps = 0
        self.rounds_told = rounds_told
        self._functions = _functions_by_line(tree)
        self._called: Counter[str] = Counter()
        self._calls: defaultdict[int, list[tuple[int, Frame]]] = defaultdict(list)
        for index, frame in enumerate(trace.frames):
            if frame.parent >= 0:
                self._calls[frame.parent].append((index, frame))
        self._index = {id(frame): index for index, frame in enumerate(trace.frames)}

    def say(self, text: str, depth: int) -> None:
        """Write one line."""
        self.lines.append("  " * min(depth, _MAX_INDENT) + " ".join(text.split()))

    def tell_frame(self, frame: Frame, depth: int) -> None:
        """Tell one call from its first line on."""
        function = self._functions.get(frame.line)
        if function is None:
            return
        end = frame.told_end
        self.tell_block(function.body, Span(frame=frame, first=0, end=end), depth)
        if end < len(frame.events):  # cut off here, perhaps inside a call
            self.tell_calls(Span(frame=frame, first=end, end=end + 1), depth)

    def tell_block(self, body: list[ast.stmt], span: Span, depth: int) -> None:
        """Tell the statements of `body` that ran in `span`, in the order in which they ran."""
        position = span.first
        while position < span.end:
            statement = statement_at(body, span.frame.line_of(position))
            if statement is None:
                position += 1
                continue
            end = span.end_of(statement, position)
            self._statement(statement, Span(frame=span.frame, first=position, end=end), depth)
            position = end

    def _statement(self, statement: ast.stmt, span: Span, depth: int) -> None:
        match statement:
            case ast.For() | ast.While():
                rounds.tell_loop(self, statement, span, depth)
            case ast.If():
                self._branch(statement, span, depth)
            case ast.With():
                self.told_steps += 1
                self.tell_block(statement.body, span.rest(), depth)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                handled = [part for handler in handlers for part in handler.body]
                self.told_steps += 1
                self.tell_block([*body, *handled, *orelse, *final], span.rest(), depth)
            case _:
                self.told_steps += span.end - span.first
                self._step(statement, span, depth)

    def _branch(self, statement: ast.If, span: Span, depth: int) -> None:
        first, last = statement.body[0].lineno, statement.body[-1].end_lineno or 0
        rest = span.rest()
        holds = any(first <= line <= last for line in rest.lines())
        if not holds and span.end == span.frame.told_end and not span.frame.complete:
            return  # cut off at the test: nobody saw how it came out
        self.told_steps += 1
        self.tell_calls(Span(frame=span.frame, first=span.first, end=rest.first), depth)
        self.say(f"Check {condition(statement.test, span.before, holds=holds)}.", depth)
        self.tell_block(statement.body if holds else statement.orelse, rest, depth)

    def _step(self, statement: ast.stmt, span: Span, depth: int) -> None:
        if isinstance(statement, _SILENT):
            return
        self.tell_calls(span, depth)
        match statement:
            case ast.Return(value=value):
                self._return(value, span, depth)
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                self._say_if(assignment(statement, span), depth)
            case ast.Expr(value=value) if not isinstance(value, ast.Constant):
                self._say_if(changes(span), depth)
            case ast.Delete():
                self._say_if(changes(span), depth)
            case ast.Break():
                self.say("Stop the repetition here.", depth)
            case ast.Continue():
                self.say("Go on with the next round.", depth)
            case ast.Raise():
                self.say(f"This ends with the error {span.frame.raised or 'raised here'}.", depth)

    def _say_if(self, text: str, depth: int) -> None:
        if text:
            self.say(text, depth)

    def _return(self, value: ast.expr | None, span: Span, depth: int) -> None:
        if value is None or span.frame.returned is None:
            return
        returned = brief(span.frame.returned)
        words = with_values(value, span.before)
        how = f"{words} = " if words and words != returned and not is_simple(words) else ""
        self.say(f"The answer of this part is {how}{returned}.", depth)

    def tell_calls(self, span: Span, depth: int) -> None:
        """Tell the calls that the lines of `span` made; follow the first ones of each function."""
        inside = [
            frame
            for _, frame in self._calls[self._index[id(span.frame)]]
            if span.first <= frame.at < span.end and frame.name != "__init__"
        ]
        room = _MAX_CALLS + self.rounds_told // 2
        for frame in inside[:room]:
            self._call(frame, depth, follow=depth < _MAX_DEPTH and len(inside) <= _MAX_CALLS)
        if len(inside) > room:
            last = inside[-1]
            ending = f", the last one giving {brief(last.returned)}" if last.returned else ""
            self.say(f"(There are {len(inside)} such evaluations in all{ending}.)", depth)

    def _call(self, frame: Frame, depth: int, *, follow: bool) -> None:
        given = ", ".join(f"{name} = {brief(text)}" for name, text in frame.arguments.items())
        times = 2 if self.rounds_told > 2 else 1
        if follow and self._called[frame.name] < times:
            self._called[frame.name] += 1
            self.say(f"Work out {frame.name} for {given or 'its fixed set-up'}:", depth)
            self.tell_frame(frame, depth + 1)
            if frame.returned is not None:
                self.say(f"So {frame.name} gives {brief(frame.returned)}.", depth + 1)
        elif frame.returned is not None:
            self.say(
                f"({frame.name} with {given or 'no arguments'} gives {brief(frame.returned)}.)",
                depth,
            )


def _functions_by_line(tree: ast.Module) -> dict[int, ast.FunctionDef]:
    found: dict[int, ast.FunctionDef] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for line in (node.lineno, *(mark.lineno for mark in node.decorator_list)):
                found[line] = node
    return found
