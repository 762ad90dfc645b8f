"""Progress of long work as log lines: done, rate and time left, at most every ten seconds."""

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
