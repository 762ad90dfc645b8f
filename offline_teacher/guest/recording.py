"""Recording one call: which lines ran, how each changed the variables, what came back."""

import sys
from types import CodeType, FrameType

from codeio_ops.jsonvalue import Json
from offline_teacher.guest.execution import PROGRAM, BudgetSpent, Tracer, filename, function, load
from offline_teacher.guest.json_form import copied
from offline_teacher.guest.pending_value import value_so_far
from offline_teacher.guest.shown import shown

MAX_RECORDED_CHARS = 200_000
WORK_PER_STEP = 50
_MAXPROGRAMS = 20
_EVENT_CHARS = 50
_FILENAME = filename(PROGRAM)


class Recorder:
    """A trace function that keeps a tree of calls with the changes made by each line.

    Steps are line events of named functions. Work also counts comprehensions, lambdas and
    calls, and is limited to `WORK_PER_STEP` times the steps plus 10,000.
    """

    def __init__(self, code: str, max_steps: int) -> None:
        """Prepare to record at most `max_steps` steps of the program with text `code`."""
        self.code = code
        self.max_steps = max_steps
        self.max_work = 10_000 + WORK_PER_STEP * max_steps
        self.steps = 0
        self.work = 0
        self.frames: list[dict[str, Json]] = []
        self.cut = False
        self.partial: Json = None
        self.has_partial = False
        self._stack: list[tuple[int, dict[str, str]]] = []
        self._recorded = 0
        self._raising = ""

    def trace(self, frame: FrameType, event: str, argument: object) -> "Tracer | None":
        """Take one event; a trace function for `sys.settrace`."""
        if frame.f_code.co_filename != _FILENAME:
            return None
        self.work += 1
        if self.work > self.max_work:
            self._interrupt(frame)
        if frame.f_code.co_name.startswith("<"):
            return self.trace
        if event == "call":
            self._enter(frame)
        elif event == "line":
            self._line(frame)
        elif event == "exception" and isinstance(argument, tuple):
            self._raising = str(argument[0].__name__)
        elif event == "return":
            self._leave(frame, argument)
        return self.trace

    def _enter(self, frame: FrameType) -> None:
        parent, at = (self._stack[-1][0], -1) if self._stack else (-1, -1)
        if parent >= 0:
            at = len(self._events(parent)) - 1
        known = _variables(frame)
        arguments = {name: known[name] for name in _parameters(frame.f_code) if name in known}
        record: dict[str, Json] = {
            "name": frame.f_code.co_name,
            "line": frame.f_code.co_firstlineno,
            "parent": parent,
            "at": at,
            "arguments": dict(arguments),
            "events": [],
            "returned": None,
            "raised": "",
            "complete": False,
            "last": {},
        }
        self._recorded += _EVENT_CHARS
        if self._recorded <= MAX_RECORDED_CHARS:
            self.frames.append(record)
            self._stack.append((len(self.frames) - 1, {}))
        else:
            self._stack.append((-1, {}))

    def _line(self, frame: FrameType) -> None:
        self.steps += 1
        self._raising = ""
        if self.steps > self.max_steps:
            self._interrupt(frame)
        if not self._stack or self._stack[-1][0] < 0 or self._recorded > MAX_RECORDED_CHARS:
            return
        index, before = self._stack[-1]
        changes = self._changes(frame, before)
        self._recorded += _EVENT_CHARS + sum(len(str(text)) for text in changes.values())
        self._events(index).append([frame.f_lineno, changes])

    def _leave(self, frame: FrameType, returned: object) -> None:
        if not self._stack:
            return
        index, before = self._stack.pop()
        if index < 0:
            return
        record = self.frames[index]
        record["last"] = self._changes(frame, before)
        if self._raising and returned is None:
            record["raised"] = self._raising
        else:
            record["returned"] = shown(returned)
        record["complete"] = self._recorded <= MAX_RECORDED_CHARS

    def _changes(self, frame: FrameType, before: dict[str, str]) -> dict[str, Json]:
        now = _variables(frame)
        changes: dict[str, Json] = {
            name: text for name, text in now.items() if before.get(name) != text
        }
        before.clear()
        before.update(now)
        return changes

    def _events(self, index: int) -> list[Json]:
        events = self.frames[index]["events"]
        assert isinstance(events, list)
        return events

    def _interrupt(self, frame: FrameType) -> None:
        sys.settrace(None)
        self.cut = True
        self.has_partial, self.partial = value_so_far(self.code, frame)
        raise BudgetSpent


def record_call(
    code: str, entry_point: str, arguments: dict[str, Json], max_steps: int
) -> dict[str, Json]:
    """Run one call and tell what happened.

    Returns:
        `frames` (the calls in order of entry), `steps`, `finished`, `has_value`, `value`
        (the result, or the value so far of an interrupted call), `error`.
    """
    recorder = Recorder(code, max_steps)
    error = ""
    value: Json = None
    finished = False
    try:
        call = function(load(code, PROGRAM), entry_point)
        given = copied(arguments)
        assert isinstance(given, dict)
        sys.settrace(recorder.trace)
        value = copied(call(**given))
        finished = not recorder.cut
    except BudgetSpent:
        pass
    except BaseException as exc:  # SystemExit too: it is the program's doing
        error = f"{type(exc).__name__}: {exc}"[:300]
    finally:
        sys.settrace(None)
    if recorder.cut:
        value, error = recorder.partial, ""
    return {
        "frames": list(recorder.frames),
        "steps": recorder.steps,
        "finished": finished,
        "has_value": finished or recorder.has_partial,
        "value": value,
        "error": error.encode("utf-8", "replace").decode(),
    }


def _parameters(code: CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _variables(frame: FrameType) -> dict[str, str]:
    """The plain local variables as text; the attributes of `self` as `self.name`."""
    found: dict[str, str] = {}
    for name, value in list(frame.f_locals.items())[: 2 * _MAXPROGRAMS]:
        if name == "self":
            attributes = list(getattr(value, "__dict__", {}).items())[:_MAXPROGRAMS]
            found.update({f"self.{key}": shown(item) for key, item in attributes})
        elif not (name.startswith("__") or callable(value) or type(value).__name__ == "module"):
            found[name] = shown(value)
    return found
