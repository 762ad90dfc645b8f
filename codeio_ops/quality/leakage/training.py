"""Training text as sources of a scan: the words a model would learn from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.leakage.text import json_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """What is judged together: the fields of one source, by name."""

    source: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingText:
    """A conversation as its parts; the words of our own templates are none of them.

    Attributes:
        text_id: Its sample, or its prompt while there is no sample.
        last_verdict_id: The verdict on the revision, or on the first answer where there was none.
    """

    text_id: UUID
    first_verdict_id: UUID
    last_verdict_id: UUID
    program_id: UUID
    raw_file_id: UUID
    reference_code: str
    problem_statement: str
    io_description: str
    input: Json
    output: Json
    turn_1: str
    feedback_1: str
    turn_2: str | None
    feedback_2: str | None

    def shared(self) -> dict[str, str]:
        """Return the parts that all conversations about the program share."""
        return {
            "reference_code": self.reference_code,
            "problem_statement": self.problem_statement,
            "io_description": self.io_description,
        }

    def own(self) -> dict[str, str]:
        """Return the parts that are this conversation's alone."""
        return {
            "input": json_text(self.input),
            "output": json_text(self.output),
            "turn_1": self.turn_1,
            "feedback_1": self.feedback_1,
            "turn_2": self.turn_2 or "",
            "feedback_2": self.feedback_2 or "",
        }


Conversations = Sequence[TrainingText]
"""Of one program."""


def by_program(texts: Iterable[TrainingText]) -> Iterator[list[TrainingText]]:
    """Yield the conversations about each program, which are judged together.

    Args:
        texts: In the order of their programs.
    """
    for _, group in groupby(texts, key=attrgetter("program_id")):
        yield list(group)


def source_of(conversations: Conversations) -> SourceText:
    """Return a program as a source; fields of a conversation are named `<text_id>.<part>`."""
    fields = conversations[0].shared()
    for text in conversations:
        fields |= {f"{text.text_id}.{part}": words for part, words in text.own().items()}
    return SourceText(source=str(conversations[0].program_id), fields=fields)


def program_sources(texts: Iterable[TrainingText]) -> Iterator[SourceText]:
    """Yield one source a program.

    Args:
        texts: In the order of their programs.
    """
    return map(source_of, by_program(texts))
