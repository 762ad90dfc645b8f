"""Each filter drops a file for its own reason, and lets everything else through."""

from pathlib import Path
from typing import Any

import pytest

from codeio_ops.config import Settings
from codeio_ops.ingest.base import SourceFile
from codeio_ops.ingest.filters import drop_reason

BODY = b"def double(number):\n    return number * 2\n\n\nprint(double(21))  # forty-two\n"
PYTHON_2 = b"""
import sys
def show(items):
\tfor item in items:
        print item, `item`
    raise ValueError, 'done'
if __name__ == '__main__':
    print >>sys.stderr, 0777
"""


def settings(**changes: object) -> Settings:
    return Settings.model_validate({"home": Path("/nonexistent"), **changes})


def reason_for(content: bytes | None, *, size: int | None = None, **changes: object) -> str:
    of_file: dict[str, Any] = {"licence": "MIT", "language": "python"}
    of_file |= {key: changes.pop(key) for key in of_file if key in changes}
    file = SourceFile(
        path="a.py",
        version="",
        size_bytes=len(content or b"") if size is None else size,
        content=content,
        **of_file,
    )
    drop = drop_reason(file, settings(**changes))
    return drop.reason if drop else ""


def test_a_plain_file_passes() -> None:
    assert reason_for(BODY) == ""


def test_a_byte_order_mark_is_no_reason_to_drop() -> None:
    assert reason_for(b"\xef\xbb\xbf" + BODY) == ""


def test_python_2_passes_because_the_transform_repairs_it() -> None:
    assert reason_for(PYTHON_2.replace(b"\t", b"    ").replace(b"        print", b"\tprint")) == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BODY[:20], "too_small"),
        (b"", "too_small"),
        (b"# caf\xe9\n" + BODY, "not_utf8"),
        (BODY.replace(b"forty", b"for\x00ty"), "unparsable"),
        (b"the quick brown fox jumps over the lazy dog, and then it sleeps for long", "unparsable"),
        (b"x = " + b"(" * 5000 + b")" * 5000, "unparsable"),
        (b"x = " + b"-" * 50_000 + b"1", "unparsable"),
    ],
)
def test_a_bad_file_is_dropped_with_its_reason(content: bytes, reason: str) -> None:
    assert reason_for(content) == reason


def test_a_file_that_was_not_read_is_too_large() -> None:
    assert reason_for(None, size=50_000_000) == "too_large"


def test_the_size_limits_are_inclusive() -> None:
    limits: dict[str, Any] = {"min_file_bytes": len(BODY), "max_file_bytes": len(BODY)}
    assert reason_for(BODY, **limits) == ""
    assert reason_for(BODY + b"\n", **limits) == "too_large"
    assert reason_for(BODY[:-1], **limits) == "too_small"


def test_only_licences_on_the_list_pass_when_there_is_a_list() -> None:
    allowed: dict[str, Any] = {"licences": ("MIT", "Apache-2.0")}
    assert reason_for(BODY, **allowed) == ""
    assert reason_for(BODY, licence="GPL-3.0-only", **allowed) == "licence"
    assert reason_for(BODY, licence="NOASSERTION", **allowed) == "licence"
    assert reason_for(BODY, licence="NOASSERTION") == ""


def test_a_language_without_a_runner_is_dropped() -> None:
    assert reason_for(BODY, language="cobol") == "language"


def test_a_row_that_was_no_source_file_is_dropped_as_such() -> None:
    assert reason_for(b'{"text": "' + b"x" * 100 + b'"}', language="") == "bad_row"
