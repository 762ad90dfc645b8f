"""Training text as sources of a scan: the words a model would learn from."""

from collections.abc import Iterable, Iterator, Mapping
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
    """

    text_id: UUID
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


def program_sources(texts: Iterable[TrainingText]) -> Iterator[SourceText]:
    """Yield one source a program; fields of a conversation are named `<text_id>.<part>`.

    Args:
        texts: In the order of their programs.
    """
    for program_id, group in groupby(texts, key=attrgetter("program_id")):
        conversations = list(group)
        fields = conversations[0].shared()
        for text in conversations:
            fields |= {f"{text.text_id}.{part}": words for part, words in text.own().items()}
        yield SourceText(source=str(program_id), fields=fields)
