"""Leakage: does a training text hold 13 words in a row of a benchmark question?

The measure is the paper's (arXiv 2502.07316, section 4.7) with one filter: a 13-gram must be
long and varied enough to mean anything, or "x x x x ..." and the alphabet match everything.
Only hashes of benchmark text are stored.
"""

import gzip
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from codeio_ops.errors import SourceUnavailable
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.records import Benchmark, BenchmarkGram
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter

GRAM_TOKENS = 13
MIN_GRAM_CHARS = 30
MIN_DISTINCT_TOKENS = 7

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W\d_{_CJK}]+")


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A benchmark item whose words were found."""

    benchmark: str
    item: str

    def __str__(self) -> str:
        """Return `benchmark/item`."""
        return f"{self.benchmark}/{self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkItem:
    """A question of a benchmark, in one or more segments that grams do not cross."""

    item: str
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _GramRow:
    gram_sha256: str
    benchmark: str
    item: str


class BenchmarkIndex:
    """All indexed benchmarks, ready to be looked up."""

    def __init__(self, hits_of: dict[str, set[Hit]]) -> None:
        self._hits_of = hits_of

    @classmethod
    def load(cls, store: Store) -> "BenchmarkIndex":
        """Read the hashes of all benchmarks."""
        hits_of: dict[str, set[Hit]] = {}
        for row in store.fetch("benchmark.grams", _GramRow):
            hits_of.setdefault(row.gram_sha256, set()).add(Hit(row.benchmark, row.item))
        return cls(hits_of)

    def hits(self, texts: Iterable[str]) -> list[Hit]:
        """Return the items that share a 13-gram with one of the texts, sorted."""
        if not self._hits_of:
            return []
        found = (
            self._hits_of.get(_gram_sha256(gram), ()) for text in texts for gram in grams(text)
        )
        return sorted({hit for hits in found for hit in hits})


def tokens(text: str) -> list[str]:
    """Split text into runs of letters, case folded; each CJK character is a token.

    Digits, underscores, punctuation and white space separate. Source: `cio-leak-1`.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return [token for run in _TOKEN.findall(folded) for token in _letters(run)]


def grams(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the 13-grams of a text that are long and varied enough to count."""
    words = tokens(text)
    for start in range(len(words) - GRAM_TOKENS + 1):
        gram = tuple(words[start : start + GRAM_TOKENS])
        if sum(map(len, gram)) >= MIN_GRAM_CHARS and len(set(gram)) >= MIN_DISTINCT_TOKENS:
            yield gram


def index_benchmark(
    name: str, origin: str, items: Sequence[BenchmarkItem], *, writer: FactWriter
) -> Benchmark:
    """Store the hashes of a benchmark's 13-grams."""
    benchmark_id = content_id("benchmark", name)
    rows = {
        BenchmarkGram(gram_sha256=_gram_sha256(gram), benchmark_id=benchmark_id, item=item.item)
        for item in items
        for segment in item.segments
        for gram in grams(segment)
    }
    benchmark = Benchmark(
        benchmark_id=benchmark_id,
        name=name,
        origin=origin,
        items=len(items),
        grams=len({row.gram_sha256 for row in rows}),
        stage_run_id=writer.run.stage_run_id,
    )
    writer.write([benchmark, *sorted(rows, key=lambda row: (row.gram_sha256, row.item))])
    return benchmark


def read_items(content: bytes, *, origin: str) -> list[BenchmarkItem]:
    """Read benchmark rows from JSON Lines, gzipped or not.

    A row has an id (`id` or `task_id`) and a question: `q` (a list of segments), `prompt`
    or `question`.

    Raises:
        SourceUnavailable: the content is not of that form.
    """
    try:
        text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        return [_item(json.loads(line), n) for n, line in enumerate(text.splitlines()) if line]
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise SourceUnavailable(
            f"{origin} is not a benchmark file: {exc}",
            cure="each row must be a JSON object with id and q, prompt or question",
        ) from exc


def _item(row: dict[str, object], number: int) -> BenchmarkItem:
    question = row.get("q") or row.get("prompt") or row["question"]
    segments = question if isinstance(question, list) else [question]
    return BenchmarkItem(
        item=str(row.get("id") or row.get("task_id") or number),
        segments=tuple(str(segment) for segment in segments),
    )


def _letters(run: str) -> list[str]:
    """Split a run of word characters at those that are not letters, such as `²`."""
    if run.isalpha():
        return [run]
    return "".join(char if char.isalpha() else " " for char in run).split()


def _gram_sha256(gram: tuple[str, ...]) -> str:
    return sha256_hex("\x1f".join(gram).encode())[:32]
