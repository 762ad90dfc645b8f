"""Parsing from several threads at once, where CPython 3.11 alone fails."""

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codeio_ops.python_syntax import parse_expression, parse_python

THREADS = 8
SECONDS = float(os.environ.get("CODEIO_PARSE_SECONDS", "3"))
TEXT = (Path(__file__).parent / "test_jsonvalue.py").read_text()


class Cycle:
    """Garbage that runs Python when it is collected, so that a parser is interrupted."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        for _ in range(200):
            pass


@pytest.fixture
def eager_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_switches")
def test_eight_threads_parse_at_once() -> None:
    """`ast.parse` fails here in about one call of twenty on CPython 3.11."""
    end = time.monotonic() + SECONDS

    def parse_until_end() -> int:
        parsed = 0
        while time.monotonic() < end:
            Cycle()
            assert parse_python(TEXT).body
            assert parse_expression("[1, {'a': (2, 3)}]")
            parsed += 1
        return parsed

    with ThreadPoolExecutor(THREADS) as threads:
        counts = [threads.submit(parse_until_end) for _ in range(THREADS)]
        assert all(count.result() > 0 for count in counts)
