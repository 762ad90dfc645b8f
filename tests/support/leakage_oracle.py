"""`cio-leak-1` once more, in plain Python over token tuples: no hash, no index, no kernel.

Written from the definition alone, it shares only the tokeniser, the renamed functions and the
template words with the product. Slow; it is also the peer that the benchmark names.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from codeio_ops.quality.leakage.functions import function_shapes
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.templates import template_grams
from codeio_ops.quality.leakage.text import normalise, squeeze, tokens

Verdict = tuple[bool, bool, tuple[str, ...]]
Gram = tuple[str, ...]


def scan(
    benchmarks: Mapping[str, Sequence[BenchmarkItem]], sources: Mapping[str, Mapping[str, str]]
) -> dict[tuple[str, str, str], Verdict]:
    """Return (paper_any13, any13, rules) of each (benchmark, item, source) that shares anything."""
    found: dict[tuple[str, str, str], Verdict] = {}
    held = {source: _Source(fields) for source, fields in sources.items()}
    for name, items in benchmarks.items():
        kept = {13: _kept(items, 13), 8: _kept(items, 8)}
        for item in items:
            wanted = _Item(item, kept)
            for source, text in held.items():
                verdict = wanted.judge(text)
                if verdict:
                    found[name, item.item, source] = verdict
    return found


class _Source:
    def __init__(self, fields: Mapping[str, str]) -> None:
        self.cut = [tokens(text) for text in fields.values()]
        self.squeezed = [squeeze(normalise(text)) for text in fields.values()]
        self.shapes = {s.digest for text in fields.values() for s in function_shapes(text)}
        self.grams: dict[int, set[Gram]] = {
            size: {gram for words in self.cut for gram in _grams(words, size)}
            for size in range(8, 14)
        }


class _Item:
    def __init__(self, item: BenchmarkItem, kept: Mapping[int, set[Gram]]) -> None:
        self.distinct = [tokens(segment) for segment in dict.fromkeys(item.segments)]
        self.paper = {gram for words in self.distinct for gram in _grams(words, 13)}
        self.places = {size: self._places(size, grams) for size, grams in kept.items()}
        self.grams = {size: set(places) for size, places in self.places.items()}
        self.all_tokens = sum(len(tokens(segment)) for segment in item.segments)
        self.distinct_tokens = sum(map(len, self.distinct))
        self.pattern = max((squeeze(normalise(s)) for s in item.segments), key=len, default="")
        texts = [*item.segments, *item.answers]
        texts += [q + a for q in item.segments for a in item.answers]
        self.shapes = {
            shape.digest for text in texts for shape in function_shapes(text.replace("\r\n", "\n"))
        }
        self.within_l1 = self._is_l1(self._covered(8, self.grams[8]))

    def judge(self, source: _Source) -> Verdict | None:
        paper = not self.paper.isdisjoint(source.grams[13])
        long = self._covered(13, source.grams[13]) | self._whole(source)
        short = self._covered(8, source.grams[8])
        l4 = (
            not self.within_l1
            and len(self.pattern) >= 24
            and any(self.pattern in text for text in source.squeezed)
        )
        l2 = bool(long) and (2 * len(long) >= self.all_tokens or _run(long) >= 50)
        rules = {"L1": self._is_l1(short), "L2": l2, "L4": l4, "L5": self.shapes & source.shapes}
        if not (paper or long or any(rules.values())):
            return None
        return paper, bool(long), tuple(name for name, broken in rules.items() if broken)

    def _is_l1(self, covered: set[tuple[int, int]]) -> bool:
        return len(covered) >= 13 and 2 * len(covered) >= self.distinct_tokens

    def _covered(self, size: int, held: set[Gram]) -> set[tuple[int, int]]:
        return {
            (number, start + step)
            for gram in self.grams[size] & held
            for number, start in self.places[size][gram]
            for step in range(size)
        }

    def _places(self, size: int, kept: set[Gram]) -> Mapping[Gram, list[tuple[int, int]]]:
        """Return where each kept gram stands: segment and first token."""
        places: defaultdict[Gram, list[tuple[int, int]]] = defaultdict(list)
        for number, words in enumerate(self.distinct):
            for start, gram in enumerate(_grams(words, size)):
                if gram in kept:
                    places[gram].append((number, start))
        return places

    def _whole(self, source: _Source) -> set[tuple[int, int]]:
        longest = max(self.distinct, key=len, default=[])
        size = len(longest)
        if not 8 <= size < 13 or not _informative(tuple(longest), 30, 7 * size / 13):
            return set()
        if tuple(longest) not in source.grams[size]:
            return set()
        return {(self.distinct.index(longest), position) for position in range(size)}


def _kept(items: Sequence[BenchmarkItem], size: int) -> set[Gram]:
    segments: Counter[Gram] = Counter()
    for text in {segment for item in items for segment in item.segments}:
        segments.update(set(_grams(tokens(text), size)))
    least = (30, 7) if size == 13 else (20, 5)
    return {
        gram
        for gram, count in segments.items()
        if count <= 20 and _informative(gram, *least) and gram not in template_grams(size)
    }


def _informative(gram: Gram, weight: int, distinct: float) -> bool:
    heavy = sum(3 if "\u3040" <= t[0] <= "\u9fff" and len(t) == 1 else len(t) for t in gram)
    return heavy >= weight and len(set(gram)) >= distinct


def _grams(words: Sequence[str], size: int) -> list[Gram]:
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def _run(covered: set[tuple[int, int]]) -> int:
    by_segment: defaultdict[int, set[int]] = defaultdict(set)
    for segment, position in covered:
        by_segment[segment].add(position)
    longest = 0
    for positions in by_segment.values():
        for position in positions:
            if position - 1 not in positions:
                end = position
                while end in positions:
                    end += 1
                longest = max(longest, end - position)
    return longest
