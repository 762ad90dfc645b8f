"""Loading programs and calling them under a budget of steps."""

import signal
import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import TypeVar

Namespace = dict[str, object]
Tracer = Callable[[FrameType, str, object], "Tracer | None"]
_Result = TypeVar("_Result")

PROGRAM = "program"  # the module that an answer is about
# How long code that swallows the interruption may run on in a trial.
PATIENCE_S = 1.0


class BudgetSpent(BaseException):
    """The budget of steps is used up; not an Exception, so that few programs catch it."""


class Budget:
    """Steps that may run: lines of any module, or all events of one.

    Attributes:
        steps: How many may run.
        used: How many ran; more than `steps` once the budget is spent.
    """

    def __init__(self, steps: int, *, module: str = "", patience_s: float = 0.0) -> None:
        """Start to count.

        Args:
            steps: How many may run.
            module: Count the calls, lines, returns and exceptions of this module alone.
            patience_s: CPU seconds until the process ends when the interruption is swallowed.
        """
        self.steps = steps
        self.used = 0
        self._filename = filename(module) if module else ""
        self._patience_s = patience_s

    def trace(self, frame: FrameType, event: str, _: object) -> "Tracer | None":
        """Count an event; a trace function for `sys.settrace`."""
        if self._filename and frame.f_code.co_filename != self._filename:
            return None
        if event == "line" or self._filename:
            self.used += 1
            if self.used > self.steps:
                # Python stops tracing where a tracer raises, so code that swallows this runs
                # on until the timer: its default action ends the process.
                signal.setitimer(signal.ITIMER_VIRTUAL, self._patience_s)
                raise BudgetSpent
        return self.trace


def bounded(
    call: Callable[[], _Result],
    budget: Budget,
    on_call: Callable[[FrameType], None] | None = None,
) -> _Result:
    """Run `call` within a budget; `on_call` sees each new frame.

    Raises:
        BudgetSpent: it needed more steps, or swallowed the interruption.
    """

    def watch(frame: FrameType, event: str, argument: object) -> Tracer | None:
        if on_call is not None:
            on_call(frame)
        return budget.trace(frame, event, argument)

    sys.settrace(watch)
    try:
        result = call()
    finally:
        sys.settrace(None)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if budget.used > budget.steps:
        raise BudgetSpent
    return result


def filename(module: str) -> str:
    """The name under which the code of a loaded module is known."""
    return f"<{module}>"


def load(code: str, name: str) -> Namespace:
    """Execute a program's text as the module `name` and return its names."""
    module = ModuleType(name)
    sys.modules[name] = module
    exec(compile(code, filename(name), "exec"), module.__dict__)
    return module.__dict__


def function(namespace: Namespace, name: str) -> Callable[..., object]:
    """Return the function `name` of a loaded program."""
    found = namespace[name]
    if not callable(found):
        raise TypeError(f"{name} is no function")
    return found


def attempt(call: Callable[[], _Result], errors: dict[str, int]) -> _Result | None:
    """The result of `call`, or None with its error counted by class."""
    try:
        return call()
    except (Exception, BudgetSpent, SystemExit, GeneratorExit, KeyboardInterrupt) as error:
        name = type(error).__name__
        errors[name] = errors.get(name, 0) + 1
        return None
