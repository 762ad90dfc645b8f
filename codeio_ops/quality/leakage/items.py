"""Benchmark items as they come in, before only their hashes are left."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codeio_ops.errors import SourceUnavailable
from codeio_ops.jsonl import parse_line, whole_lines
from codeio_ops.quality.leakage.text import nested_texts

_IDS = ("id", "task_id", "question_id")
_QUESTIONS = ("q", "question", "prompt", "problem", "text", "sentence", "code")
_ANSWERS = ("a", "answer", "canonical_solution", "solution", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkItem:
    """A question of a benchmark.

    Attributes:
        item: Its id in the benchmark.
        segments: The texts of the question; grams do not cross their borders.
        answers: Texts of the answers, which are read for functions only.
    """

    item: str
    segments: tuple[str, ...]
    answers: tuple[str, ...] = ()


def read_items(content: bytes, *, origin: str) -> list[BenchmarkItem]:
    """Read items from JSON Lines, compressed or not.

    Raises:
        SourceUnavailable: the content is not of that form.
        SourceDamaged: it is a pointer of git-lfs.
    """
    try:
        rows = [parse_line(line) for _, line in whole_lines(io.BytesIO(content), origin)]
    except (ValueError, RecursionError) as exc:
        raise SourceUnavailable(f"{origin} is not JSON Lines: {exc}") from exc
    return items_of(rows, origin=origin)


def items_of(rows: Sequence[object], *, origin: str) -> list[BenchmarkItem]:
    """Read items from rows; an id that comes twice gets its number.

    Raises:
        SourceUnavailable: a row has no question, or there is no row.
    """
    items: dict[str, BenchmarkItem] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise _unreadable(origin, number, "is not an object")
        item = _item(row, number, origin)
        name = f"{item.item}#{number}" if item.item in items else item.item
        items[name] = BenchmarkItem(item=name, segments=item.segments, answers=item.answers)
    if not items:
        raise SourceUnavailable(f"{origin} holds no benchmark item")
    return list(items.values())


def _item(row: Mapping[str, object], number: int, origin: str) -> BenchmarkItem:
    question = next((name for name in _QUESTIONS if row.get(name)), None)
    if question is None:
        raise _unreadable(origin, number, f"has none of the fields {', '.join(_QUESTIONS)}")
    named = next((row[name] for name in _IDS if row.get(name) is not None), number)
    answers = [row[name] for name in _ANSWERS if name != question and row.get(name)]
    return BenchmarkItem(
        item=str(named),
        segments=tuple(text for _, text in nested_texts(row[question])),
        answers=tuple(text for answer in answers for _, text in nested_texts(answer)),
    )


def _unreadable(origin: str, number: int, problem: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{origin} is not a benchmark file: row {number + 1} {problem}",
        cure="a row is a JSON object with id, q (text, texts or a chat) and, where known, a",
    )
