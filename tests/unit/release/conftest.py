"""A sample to make rows of."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from codeio_ops.release.rows import SampleText

Make = Callable[..., SampleText]


@pytest.fixture(scope="session")
def make_row() -> Make:
    """Return a function that makes the sample of a number, with some columns changed."""

    def make(number: int = 1, **changes: Any) -> SampleText:
        columns: dict[str, Any] = {
            **dict.fromkeys(SampleText.__slots__, ""),
            **{
                name: UUID(int=number)
                for name in ("sample_id", "prompt_id", "program_id", "io_pair_id", "raw_file_id")
            },
            "input": {"n": number},
            "output": [number, None],
            "direction": "output",
            "prompt": f"What is {number}?",
            "turn_1": "first",
            "feedback_1": "Wrong.",
            "verdict_1": "wrong",
            "turn_2": None,
            "feedback_2": None,
            "verdict_2": None,
            "licence": "MIT",
            "source_kind": "pypi",
            "source_locator": "a==1",
            "teacher_kind": "offline-trace",
            "teacher_model": "m",
            "transform_provenance": {},
            "rationale_provenance": {},
            "split": "train",
        }
        return SampleText(**{**columns, **changes})

    return make
