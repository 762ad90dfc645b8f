"""Progress of long work: how fast it moves, and log lines with done, rate and time left."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

EVERY_S = 10.0


def tracked(
    items: Iterable[T],
    *,
    total: int,
    what: str,
    every_s: float = EVERY_S,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """Yield the items, and log how far the work on them is.

    A line is logged when an item is done and the last line is `every_s` old, so work that
    ends before that logs none.

    Args:
        items: What is worked on.
        total: How many there are.
        what: What they are, in the plural.
        every_s: Fewest seconds between two lines.
        clock: Gives the seconds.
    """
    started = said = clock()
    for done, item in enumerate(items, start=1):
        yield item
        now = clock()
        if now - said >= every_s:
            said = now
            rate = done / (now - started)
            log.info(
                "%d of %d %s (%d %%), %.3g a second, %d s left",
                done, total, what, 100 * done / total, rate, (total - done) / rate,
                extra={"action": "progress"},
            )  # fmt: skip


class Pace:
    """How fast a count grows, looked at from time to time.

    Only the time in which it is worked on or grows is counted: work that waits for its turn, or
    has ended, keeps the rate it was done at.
    """

    def __init__(self, done: int, now: float) -> None:
        """Begin to look, at a time in seconds."""
        self._gained, self._worked_s = 0, 0.0
        self._done, self._looked = done, now

    def look(self, done: int, now: float, *, busy: bool) -> float:
        """Return the gain a second so far.

        Args:
            done: The count now.
            now: Seconds, never less than before.
            busy: Whether it is being worked on.
        """
        gained = done - self._done
        if gained or busy:
            self._gained += gained
            self._worked_s += now - self._looked
        self._done, self._looked = done, now
        return max(self._gained, 0) / self._worked_s if self._worked_s else 0.0
