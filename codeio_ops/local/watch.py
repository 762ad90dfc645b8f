"""Notices a component that lives and does not answer, such as a scheduler that hangs."""

import logging
import threading
from collections.abc import Callable, Sequence

from codeio_ops.errors import CodeIOError
from codeio_ops.local import health
from codeio_ops.local.home import Home
from codeio_ops.local.state import StackState

log = logging.getLogger(__name__)

EVERY_S = 15.0
UNHEALTHY_S = 60.0
# A component that was started so lately may still be on its way.
YOUNG_S = health.AIRFLOW_START_TIMEOUT_S


class Watch:
    """Says which component has been unhealthy for a minute.

    Of several the first in start order counts alone: the others may only lack it.
    """

    def __init__(self, problem_of: Callable[[str], str]) -> None:
        """Take what says why a component is not well."""
        self._problem_of = problem_of
        self._sick = ""
        self._since = 0.0

    def look(self, names: Sequence[str], *, young: frozenset[str], now: float) -> None:
        """Ask the components, in start order.

        Args:
            names: Their names.
            young: Those that may still be starting.
            now: Monotonic time in seconds.
        """
        sick = next((name for name in names if self._problem_of(name)), "")
        if sick in young:
            sick = ""
        if sick != self._sick:
            self._sick, self._since = sick, now

    def overdue(self, *, now: float) -> str:
        """Return the component to start anew, once; empty when there is none."""
        if not self._sick or now - self._since < UNHEALTHY_S:
            return ""
        sick, self._sick = self._sick, ""
        return sick


def asking(home: Home) -> Callable[[str], str]:
    """Return what asks the components of a home; where nobody can tell, all are well."""

    def problem_of(name: str) -> str:
        try:
            state = StackState.load(home)
            return health.problem_of(home, state, name) if state else ""
        except (CodeIOError, OSError):
            log.exception("%s cannot be asked", name)
            return ""

    return problem_of


def look_regularly(look: Callable[[], None], stop: threading.Event) -> None:
    """Look until told to stop, beside whoever must not wait for an answer."""

    def loop() -> None:
        while not stop.wait(EVERY_S):
            look()

    threading.Thread(target=loop, name="watch", daemon=True).start()
