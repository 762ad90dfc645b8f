"""What the finds in one source mean for one benchmark item."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.leakage.definition import LEAKING_RUN, LEAKING_SHARE, LEAKING_TOKENS

MAX_SPANS = 20


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A part of the training text: characters [`start`, `end`) of a field."""

    field: str
    start: int
    end: int

    def to_json(self) -> dict[str, Json]:
        """Return the span as evidence is stored: never the text itself."""
        return {"field": self.field, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A benchmark item found in a source.

    Attributes:
        benchmark: Name of the benchmark.
        item: Id of the item in it.
        source: Id of the source.
        paper_any13: Whether they share any 13-gram, the measure of the paper.
        any13: Whether they share one that the filters keep.
        rules: The rules among L1, L2, L4 and L5 that call it a leak.
        evidence: Where in the source, at most `MAX_SPANS` parts.
    """

    benchmark: str
    item: str
    source: str
    paper_any13: bool
    any13: bool
    rules: tuple[str, ...]
    evidence: tuple[Span, ...]

    @property
    def leak(self) -> bool:
        """Whether the source must not be trained on."""
        return bool(self.rules)

    def __str__(self) -> str:
        """Return `benchmark/item` and the rules."""
        return f"{self.benchmark}/{self.item} ({', '.join(self.rules) or 'any13'})"


@dataclass(slots=True)
class Finds:
    """What was found of one item in one source; tokens are (segment, position)."""

    any_gram: bool = False
    long: set[tuple[int, int]] = field(default_factory=set)
    short: set[tuple[int, int]] = field(default_factory=set)
    squeezed: bool = False
    function: bool = False
    spans: set[Span] = field(default_factory=set)

    def rules(self, *, all_tokens: int, distinct_tokens: int) -> tuple[str, ...]:
        """Return the rules that call it a leak."""
        l1 = len(self.short) >= max(LEAKING_TOKENS, LEAKING_SHARE * distinct_tokens)
        l2 = bool(self.long) and (
            len(self.long) >= LEAKING_SHARE * all_tokens or longest_run(self.long) >= LEAKING_RUN
        )
        named = (("L1", l1), ("L2", l2), ("L4", self.squeezed), ("L5", self.function))
        return tuple(name for name, broken in named if broken)


def longest_run(covered: Iterable[tuple[int, int]]) -> int:
    """Return the longest run of consecutive positions within one segment."""
    longest = length = 0
    before = (-1, -1)
    for segment, position in sorted(covered):
        length = length + 1 if (segment, position - 1) == before else 1
        before = (segment, position)
        longest = max(longest, length)
    return longest


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join spans that overlap or touch, and keep the longest `MAX_SPANS`, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        last = joined[-1] if joined else None
        if last and last.field == span.field and span.start <= last.end + 1:
            joined[-1] = Span(last.field, last.start, max(last.end, span.end))
        else:
            joined.append(span)
    return tuple(sorted(_longest(joined)))


def _longest(spans: Sequence[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: span.start - span.end)[:MAX_SPANS]
