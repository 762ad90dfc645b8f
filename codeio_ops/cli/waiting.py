"""Says which releases wait for a person."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from codeio_ops.cli.output import print_text

if TYPE_CHECKING:
    from codeio_ops.release.waiting import OpenQuestion


def print_waiting(questions: "Iterable[OpenQuestion]") -> None:
    """Print what waits for a person, since when, and how it is answered."""
    for question in questions:
        print_text(f"{question}\n  {question.cure}")
