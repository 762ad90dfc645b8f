"""Progress: lines are rare, right, and none for short work; a pace is that of the work."""

import logging
from collections.abc import Iterator

import pytest

from codeio_ops.progress import Pace, tracked


def _clock(step_s: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += step_s


def _lines(caplog: pytest.LogCaptureFixture, *, items: int, step_s: float) -> list[str]:
    clock = _clock(step_s)
    with caplog.at_level(logging.INFO, logger="codeio_ops.progress"):
        seen = list(tracked(range(items), total=items, what="files", clock=lambda: next(clock)))
    assert seen == list(range(items))
    return caplog.messages


def test_a_line_says_done_rate_and_time_left(caplog: pytest.LogCaptureFixture) -> None:
    lines = _lines(caplog, items=40, step_s=0.5)
    assert lines[0] == "20 of 40 files (50 %), 2 a second, 10 s left"


def test_lines_are_at_least_ten_seconds_apart(caplog: pytest.LogCaptureFixture) -> None:
    lines = _lines(caplog, items=900, step_s=0.125)
    assert len(lines) == 900 * 0.125 // 10


def test_short_work_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert _lines(caplog, items=5, step_s=1.0) == []


def test_a_pace_is_that_of_the_work_and_not_of_the_wait_before_it() -> None:
    pace = Pace(7, 0.0)
    assert pace.look(7, 100.0, busy=False) == 0
    assert pace.look(7, 120.0, busy=True) == 0
    assert pace.look(17, 140.0, busy=True) == 0.25


def test_the_pace_of_finished_work_stays() -> None:
    pace = Pace(0, 0.0)
    rates = [pace.look(20, 10.0, busy=True), pace.look(20, 500.0, busy=False)]
    assert rates == [2.0, 2.0]
