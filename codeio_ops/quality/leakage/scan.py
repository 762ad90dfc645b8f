"""Scans training text for the benchmarks of an index, exactly as `cio-leak-1` says.

The kernel finds candidates by 64-bit hash; each is confirmed on the tokens it stands for, by
their digest, so a collision of hashes never becomes a verdict.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from codeio_ops.quality.leakage.candidates import CandidateFinder, GramCandidate, WindowCandidate
from codeio_ops.quality.leakage.definition import LONG_GRAM, SHORT_GRAM
from codeio_ops.quality.leakage.functions import function_shapes
from codeio_ops.quality.leakage.hashing import digest
from codeio_ops.quality.leakage.index import BenchmarkIndex, GramTable, PatternTable
from codeio_ops.quality.leakage.text import (
    Token,
    WayBack,
    located_tokens,
    normalise,
    squeeze,
    squeezed_places,
)
from codeio_ops.quality.leakage.training import SourceText
from codeio_ops.quality.leakage.verdict import Finds, Hit, Span, merged

_BATCH_CHARS = 16 << 20
# Lines as the Python parser counts them.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


class LeakageScanner:
    """Looks for the items of benchmarks in sources."""

    def __init__(self, indexes: Sequence[BenchmarkIndex]) -> None:
        """Merge the indexes into the tables of the kernel."""
        self.indexes = tuple(indexes)
        self._finder = CandidateFinder(indexes)
        self._functions: defaultdict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for number, index in enumerate(self.indexes):
            for row, item in zip(index.functions.digests, index.functions.items, strict=True):
                self._functions[row.tobytes()].append((number, int(item)))

    def scan(self, sources: Iterable[SourceText]) -> Iterator[Hit]:
        """Yield a hit for each item and source that share anything, source by source.

        Sources are held in memory some 16 million characters at a time.
        """
        batch: list[SourceText] = []
        size = 0
        for source in sources:
            batch.append(source)
            size += sum(map(len, source.fields.values()))
            if size >= _BATCH_CHARS:
                yield from self._scan_batch(batch)
                batch, size = [], 0
        yield from self._scan_batch(batch)

    def _scan_batch(self, batch: Sequence[SourceText]) -> Iterator[Hit]:
        places = [(s, name) for s, source in enumerate(batch) for name in source.fields]
        texts = [batch[s].fields[name] for s, name in places]
        found = _Found()
        candidates = self._finder.find(texts)
        for number in sorted(candidates.grams.keys() | candidates.windows.keys()):
            source, name = places[number]
            field = _Field(name, texts[number], source, found)
            for gram in candidates.grams.get(number, ()):
                self._confirm_gram(gram, field)
            for window in candidates.windows.get(number, ()):
                self._confirm_window(window, field)
        if self._functions:
            for (source, name), text in zip(places, texts, strict=True):
                self._find_functions(_Field(name, text, source, found))
        for source, number, item in sorted(found.items):
            finds = found.items[source, number, item]
            hit = self._hit(batch[source].source, number, item, finds)
            if hit.paper_any13 or hit.any13 or hit.leak:
                yield hit

    def _hit(self, source: str, number: int, item: int, finds: Finds) -> Hit:
        index = self.indexes[number]
        return Hit(
            benchmark=index.name,
            item=index.item_ids[item],
            source=source,
            paper_any13=finds.any_gram,
            any13=bool(finds.long),
            rules=finds.rules(
                all_tokens=int(index.all_tokens[item]),
                distinct_tokens=int(index.distinct_tokens[item]),
            ),
            evidence=merged(finds.spans),
        )

    def _confirm_gram(self, candidate: GramCandidate, field: "_Field") -> None:
        first = candidate.last_token - candidate.length + 1
        if candidate.length == SHORT_GRAM:
            for number, index in enumerate(self.indexes):
                self._confirm_whole(number, index.whole, candidate.hashed, field, first)
        if candidate.hashed in field.confirmed:
            return
        gram = digest(token.text for token in field.tokens[first : candidate.last_token + 1])
        for number, index in enumerate(self.indexes):
            table = index.long if candidate.length == LONG_GRAM else index.short
            row = _row(table, candidate.hashed, gram)
            if row is not None:
                field.confirmed.add(candidate.hashed)
                self._note_gram(number, table, row, candidate.length, field, first)

    @staticmethod
    def _note_gram(
        number: int, table: GramTable, row: int, length: int, field: "_Field", first: int
    ) -> None:
        span = field.span(first, length)
        for place in range(int(table.starts[row]), int(table.starts[row + 1])):
            finds = field.finds(number, int(table.items[place]))
            finds.spans.add(span)
            segment, position = int(table.segments[place]), int(table.positions[place])
            covered = {(segment, position + step) for step in range(length)}
            if length == SHORT_GRAM:
                finds.short |= covered
                continue
            finds.any_gram = True
            if table.kept[row]:
                finds.long |= covered

    @staticmethod
    def _confirm_whole(
        number: int, table: PatternTable, hashed: int, field: "_Field", first: int
    ) -> None:
        for row in _rows(table, hashed):
            length = int(table.lengths[row])
            words = field.tokens[first : first + length]
            if digest(word.text for word in words) == table.digests[row].tobytes():
                finds = field.finds(number, int(table.items[row]))
                segment = int(table.segments[row])
                finds.long |= {(segment, position) for position in range(length)}
                finds.spans.add(field.span(first, length))

    def _confirm_window(self, candidate: WindowCandidate, field: "_Field") -> None:
        for number, index in enumerate(self.indexes):
            for row in _rows(index.squeezed, candidate.hashed):
                end = candidate.place + int(index.squeezed.lengths[row])
                text = field.squeezed[candidate.place : end]
                if digest([text]) == index.squeezed.digests[row].tobytes():
                    finds = field.finds(number, int(index.squeezed.items[row]))
                    finds.squeezed = True
                    finds.spans.add(field.squeezed_span(candidate.place, end))

    def _find_functions(self, field: "_Field") -> None:
        for shape in function_shapes(field.text):
            for number, item in self._functions.get(shape.digest, ()):
                finds = field.finds(number, item)
                finds.function = True
                finds.spans.add(field.line_span(shape.first_line, shape.last_line))


class _Found:
    """Finds by (source, benchmark, item)."""

    def __init__(self) -> None:
        self.items: defaultdict[tuple[int, int, int], Finds] = defaultdict(Finds)


class _Field:
    """One field of a source, cut up only where something was found in it."""

    def __init__(self, name: str, text: str, source: int, found: _Found) -> None:
        self.text = text
        self.confirmed: set[int] = set()
        self._name = name
        self._source = source
        self._found = found
        self._folded: str | None = None
        self._tokens: list[Token] | None = None
        self._squeezed: str | None = None
        self._back: WayBack | None = None

    def finds(self, benchmark: int, item: int) -> Finds:
        return self._found.items[self._source, benchmark, item]

    @property
    def folded(self) -> str:
        if self._folded is None:
            self._folded = normalise(self.text)
        return self._folded

    @property
    def tokens(self) -> list[Token]:
        if self._tokens is None:
            self._tokens = located_tokens(self.folded)
        return self._tokens

    @property
    def squeezed(self) -> str:
        if self._squeezed is None:
            self._squeezed = squeeze(self.folded)
        return self._squeezed

    def span(self, first: int, length: int) -> Span:
        return self._span(self.tokens[first].start, self.tokens[first + length - 1].end)

    def squeezed_span(self, start: int, end: int) -> Span:
        places = squeezed_places(self.folded)
        return self._span(places[start], places[end - 1] + 1)

    def line_span(self, first: int, last: int) -> Span:
        lines = _LINE.findall(self.text)
        start = sum(map(len, lines[: first - 1]))
        return Span(self._name, start, start + sum(map(len, lines[first - 1 : last])))

    def _span(self, start: int, end: int) -> Span:
        if self._back is None:
            self._back = WayBack(self.text)
        return Span(self._name, *self._back.span(start, end))


def _rows(table: PatternTable, hashed: int) -> range:
    low = np.searchsorted(table.hashes, np.uint64(hashed), "left")
    high = np.searchsorted(table.hashes, np.uint64(hashed), "right")
    return range(int(low), int(high))


def _row(table: GramTable, hashed: int, gram: bytes) -> int | None:
    row = int(np.searchsorted(table.hashes, np.uint64(hashed)))
    while row < len(table.hashes) and int(table.hashes[row]) == hashed:
        if table.digests[row].tobytes() == gram:
            return row
        row += 1
    return None
