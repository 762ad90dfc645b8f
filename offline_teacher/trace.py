"""What the guest tells about a call, checked on arrival: it comes out of a sandbox."""

import ast
from dataclasses import dataclass
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Variables = dict[str, str]


class Frame(BaseModel):
    """One call of a function.

    Attributes:
        name: Name of the function.
        line: Line its definition starts on, decorators included.
        parent: Index of the calling frame in the trace; -1 for the outermost.
        at: Index of the parent's event during which it was called.
        arguments: Parameters as text.
        events: For each line that ran: its number and the variables that changed since the
            line before.
        returned: The result as text; None when the call was cut off or raised.
        raised: Class of the exception that ended the call, or empty.
        complete: Whether the call came to its end and every line of it was recorded.
        last: The variables that the last line changed.
    """

    model_config = ConfigDict(frozen=True)

    name: str = Field(max_length=200)
    line: int
    parent: int
    at: int
    arguments: Variables
    events: tuple[tuple[int, Variables], ...]
    returned: str | None
    raised: str
    complete: bool
    last: Variables

    def line_of(self, event: int) -> int:
        """The line number of an event."""
        return self.events[event][0]

    @property
    def told_end(self) -> int:
        """How many events have a known effect: of a call that was cut off, not the last one."""
        return len(self.events) if self.complete else max(len(self.events) - 1, 0)

    @cached_property
    def states(self) -> tuple[Variables, ...]:
        """The variables before each event, and after the last one."""
        found: list[Variables] = []
        state: Variables = {}
        for _, changes in self.events:
            state = {**state, **changes}
            found.append(state)
        found.append({**state, **self.last})
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of events of one call: from `first` up to, not including, `end`."""

    frame: Frame
    first: int
    end: int

    @property
    def before(self) -> Variables:
        """The variables before the span."""
        return self.frame.states[self.first]

    @property
    def after(self) -> Variables:
        """The variables after the span."""
        return self.frame.states[self.end]

    def rest(self) -> "Span":
        """The span without its first event."""
        return Span(frame=self.frame, first=min(self.first + 1, self.end), end=self.end)

    def lines(self) -> list[int]:
        """The line of each event."""
        return [line for line, _ in self.frame.events[self.first : self.end]]

    def end_of(self, statement: ast.stmt, start: int) -> int:
        """Where the run of `statement` that begins at event `start` ends.

        A compound statement lasts as long as lines of it run; a simple one until its first
        line runs again.
        """
        last = statement.end_lineno or statement.lineno
        compound = isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try)
        position = start + 1
        while position < self.end and statement.lineno <= self.frame.line_of(position) <= last:
            if not compound and self.frame.line_of(position) == statement.lineno:
                break
            position += 1
        return position


class Trace(BaseModel):
    """One call of the program, followed line by line.

    Attributes:
        frames: All calls in order of entry; a very long run keeps only the first ones.
        steps: Lines that ran, recorded or not.
        finished: Whether the program came to its end within the budget.
        has_value: Whether `value` says anything.
        value: The result, or what an interrupted computation holds.
        error: Type and message of the exception that ended it, or empty.
    """

    model_config = ConfigDict(frozen=True)

    frames: tuple[Frame, ...]
    steps: int
    finished: bool
    has_value: bool
    value: JsonValue
    error: str


class SearchReply(BaseModel):
    """The outcome of a search for an input.

    Attributes:
        found: Whether `input` gives the wanted output.
        tried: Candidates that were run.
        failed: Candidates on which the program raised or ran too long.
        log: Input and output of each candidate that came nearer than those before.
        input: The nearest candidate, or None when none ran to its end.
        output: What it gives.
        trace: The call with it.
    """

    model_config = ConfigDict(frozen=True)

    found: bool
    tried: int
    failed: int
    log: tuple[tuple[dict[str, JsonValue], JsonValue], ...]
    input: dict[str, JsonValue] | None
    output: JsonValue
    trace: Trace | None
