"""Builds the index of a benchmark from its items; nothing of their text is left in it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codeio_ops.errors import SourceDamaged
from codeio_ops.quality.leakage.definition import (
    LEAKING_RUN,
    LEAKING_SHARE,
    LEAKING_TOKENS,
    LONG_GRAM,
    MAX_SEGMENTS,
    SHORT_GRAM,
    SQUEEZED_WINDOW,
    is_informative,
    is_informative_short,
)
from codeio_ops.quality.leakage.functions import function_shapes
from codeio_ops.quality.leakage.hashing import digest, gram_hash, window_hash
from codeio_ops.quality.leakage.index import BenchmarkIndex, GramTable, PatternTable
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.templates import template_grams
from codeio_ops.quality.leakage.text import normalise, squeeze, tokens
from codeio_ops.quality.leakage.verdict import longest_run

Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    item: int
    segment: int
    position: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    hashed: int
    digest: bytes
    length: int
    item: int
    segment: int


@dataclass(frozen=True, slots=True)
class _Item:
    """An item as tokens: each distinct segment, and how many tokens all have together."""

    source: BenchmarkItem
    number: int
    segments: tuple[Gram, ...]
    all_tokens: int

    @classmethod
    def of(cls, source: BenchmarkItem, number: int) -> "_Item":
        distinct = dict.fromkeys(source.segments)
        cut = {segment: tuple(tokens(segment)) for segment in distinct}
        return cls(source, number, tuple(cut.values()), sum(len(cut[s]) for s in source.segments))

    @property
    def distinct_tokens(self) -> int:
        return sum(map(len, self.segments))


def usable_index(name: str, items: Sequence[BenchmarkItem]) -> BenchmarkIndex:
    """Index a benchmark of which a scan can find something.

    Raises:
        SourceDamaged: it can find none of the items, so a gate could only pass.
    """
    index = build_index(name, items)
    if index.unscannable.all():
        raise SourceDamaged(
            f"none of the {len(items)} items of {name} has text that a scan could find",
            cure="questions are read from `q`, `question`, `prompt` or `text`: see the file",
        )
    return index


def build_index(name: str, items: Sequence[BenchmarkItem]) -> BenchmarkIndex:
    """Index the questions of a benchmark, and the functions of its questions and answers."""
    cut = [_Item.of(item, number) for number, item in enumerate(items)]
    kept = _kept_short(cut)
    short = {gram: at for gram, at in _grams(cut, SHORT_GRAM).items() if gram in kept}
    return _assemble(name, cut, _grams(cut, LONG_GRAM), _kept_long(cut), short)


def _assemble(
    name: str,
    items: list[_Item],
    long: Mapping[Gram, list[_Place]],
    long_kept: set[Gram],
    short: Mapping[Gram, list[_Place]],
) -> BenchmarkIndex:
    whole = list(_whole_segments(items))
    short_cover = _cover(short, SHORT_GRAM)
    hidden = {item.number for item in items if not _within_l1(item, short_cover[item.number])}
    squeezed = [p for item in items if item.number in hidden for p in _squeezed(item)]
    functions = [pattern for item in items for pattern in _functions(item)]
    found = {pattern.item for pattern in (*squeezed, *functions)}
    long_cover = _cover({g: p for g, p in long.items() if g in long_kept}, LONG_GRAM)
    for pattern in whole:
        long_cover[pattern.item].update((pattern.segment, at) for at in range(pattern.length))
    unscannable = [
        item.number not in found
        and not _within_l1(item, short_cover[item.number])
        and not _within_l2(item, long_cover[item.number])
        for item in items
    ]
    return BenchmarkIndex(
        name=name,
        item_ids=tuple(item.source.item for item in items),
        all_tokens=np.array([item.all_tokens for item in items], np.int32),
        distinct_tokens=np.array([item.distinct_tokens for item in items], np.int32),
        unscannable=np.array(unscannable, np.bool_),
        long=_gram_table(long, long_kept),
        short=_gram_table(short, set(short)),
        whole=_pattern_table(whole),
        squeezed=_pattern_table(squeezed),
        functions=_pattern_table(functions),
    )


def _grams(items: list[_Item], size: int) -> dict[Gram, list[_Place]]:
    places: dict[Gram, list[_Place]] = {}
    for item in items:
        for number, segment in enumerate(item.segments):
            for position in range(len(segment) - size + 1):
                gram = segment[position : position + size]
                places.setdefault(gram, []).append(_Place(item.number, number, position))
    return places


def _segments_of_grams(items: list[_Item], size: int) -> Counter[Gram]:
    """Count the distinct segments of the benchmark that hold each gram."""
    counts: Counter[Gram] = Counter()
    for text in dict.fromkeys(segment for item in items for segment in item.source.segments):
        words = tokens(text)
        counts.update({tuple(words[i : i + size]) for i in range(len(words) - size + 1)})
    return counts


def _kept_long(items: list[_Item]) -> set[Gram]:
    excluded = template_grams(LONG_GRAM)
    return {
        gram
        for gram, segments in _segments_of_grams(items, LONG_GRAM).items()
        if segments <= MAX_SEGMENTS and is_informative(gram) and gram not in excluded
    }


def _kept_short(items: list[_Item]) -> set[Gram]:
    excluded = template_grams(SHORT_GRAM)
    return {
        gram
        for gram, segments in _segments_of_grams(items, SHORT_GRAM).items()
        if segments <= MAX_SEGMENTS and is_informative_short(gram) and gram not in excluded
    }


def _cover(grams: Mapping[Gram, list[_Place]], size: int) -> defaultdict[int, set[tuple[int, int]]]:
    """Return the tokens of each item, as (segment, position), that the grams cover."""
    covered: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    for places in grams.values():
        for place in places:
            covered[place.item].update(
                (place.segment, place.position + step) for step in range(size)
            )
    return covered


def _within_l1(item: _Item, covered: set[tuple[int, int]]) -> bool:
    return len(covered) >= max(LEAKING_TOKENS, LEAKING_SHARE * item.distinct_tokens)


def _within_l2(item: _Item, covered: set[tuple[int, int]]) -> bool:
    share = LEAKING_SHARE * item.all_tokens
    return bool(covered) and (len(covered) >= share or longest_run(covered) >= LEAKING_RUN)


def _whole_segments(items: list[_Item]) -> Iterator[_Pattern]:
    for item in items:
        longest = max(item.segments, key=len, default=())
        if SHORT_GRAM <= len(longest) < LONG_GRAM and is_informative(longest):
            yield _Pattern(
                gram_hash(longest[:SHORT_GRAM]),
                digest(longest),
                len(longest),
                item.number,
                item.segments.index(longest),
            )


def _squeezed(item: _Item) -> Iterator[_Pattern]:
    segments = list(dict.fromkeys(item.source.segments))
    squeezed = [squeeze(normalise(segment)) for segment in segments]
    longest = max(squeezed, key=len, default="")
    if len(longest) >= SQUEEZED_WINDOW:
        yield _Pattern(
            window_hash(longest),
            digest([longest]),
            len(longest),
            item.number,
            squeezed.index(longest),
        )


def _functions(item: _Item) -> Iterator[_Pattern]:
    questions, answers = item.source.segments, item.source.answers
    # A completion is code only below its prompt.
    joined = tuple(question + answer for question in questions for answer in answers)
    shapes = {
        shape.digest
        for text in (*questions, *answers, *joined)
        for shape in function_shapes(text.replace("\r\n", "\n"))
    }
    for shape in sorted(shapes):
        yield _Pattern(0, shape, 0, item.number, 0)


def _gram_table(grams: Mapping[Gram, list[_Place]], kept: set[Gram]) -> GramTable:
    ordered = sorted(
        ((gram_hash(gram), digest(gram), gram) for gram in grams), key=lambda entry: entry[:2]
    )
    places = [place for _, _, gram in ordered for place in grams[gram]]
    counts = [0, *(len(grams[gram]) for _, _, gram in ordered)]
    return GramTable(
        hashes=np.array([hashed for hashed, _, _ in ordered], np.uint64),
        digests=_digest_array([entry for _, entry, _ in ordered]),
        kept=np.array([gram in kept for _, _, gram in ordered], np.bool_),
        starts=np.cumsum(counts, dtype=np.int32),
        items=np.array([place.item for place in places], np.int32),
        segments=np.array([place.segment for place in places], np.int32),
        positions=np.array([place.position for place in places], np.int32),
    )


def _pattern_table(patterns: list[_Pattern]) -> PatternTable:
    ordered = sorted(patterns, key=lambda p: (p.hashed, p.digest, p.item))
    return PatternTable(
        hashes=np.array([p.hashed for p in ordered], np.uint64),
        digests=_digest_array([p.digest for p in ordered]),
        lengths=np.array([p.length for p in ordered], np.int32),
        items=np.array([p.item for p in ordered], np.int32),
        segments=np.array([p.segment for p in ordered], np.int32),
    )


def _digest_array(digests: list[bytes]) -> "np.typing.NDArray[np.uint8]":
    return np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), 16)
