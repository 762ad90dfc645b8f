"""Loading the program under study and calling it under a budget of line events."""

import sys
from collections.abc import Callable
from types import FrameType

from codeio_ops.jsonvalue import Json
from offline_teacher.guest.values import to_json

FILENAME = "<program>"
Namespace = dict[str, object]
Tracer = Callable[[FrameType, str, object], "Tracer | None"]


class BudgetSpent(BaseException):
    """The program has used up its line events; not an Exception, so that few programs catch it."""


class Counter:
    """Counts every line event of the program, comprehensions included."""

    def __init__(self, budget: int) -> None:
        """Start at zero."""
        self.budget = budget
        self.used = 0
        self.spent = False

    def trace(self, frame: FrameType, event: str, _: object) -> "Tracer | None":
        """Count one event; a trace function for `sys.settrace`."""
        if frame.f_code.co_filename != FILENAME:
            return None
        self.used += 1
        if self.used > self.budget:
            self.spent = True
            raise BudgetSpent
        return self.trace


def load(code: str) -> Namespace:
    """Execute a program's text once and return its names."""
    namespace: Namespace = {"__name__": "program"}
    exec(compile(code, FILENAME, "exec"), namespace)
    return namespace


def function(namespace: Namespace, name: str) -> Callable[..., object]:
    """Return the function `name` of a loaded program."""
    found = namespace[name]
    if not callable(found):
        raise TypeError(f"{name} is no function")
    return found


def counted_call(call: Callable[..., object], arguments: dict[str, Json], counter: Counter) -> Json:
    """Call a function on a copy of its arguments; whatever it raises comes out.

    Raises:
        BudgetSpent: the call needed more line events than are left, or it caught the
            interruption and went on.
    """
    copied = to_json(arguments)
    assert isinstance(copied, dict)
    sys.settrace(counter.trace)
    try:
        value = call(**copied)
    finally:
        sys.settrace(None)
    if counter.spent:
        raise BudgetSpent
    return to_json(value)
