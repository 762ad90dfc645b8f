"""The leak measure: 13 words in a row that mean something, found wherever they stand."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.errors import SourceUnavailable
from codeio_ops.quality.leakage import (
    GRAM_TOKENS,
    BenchmarkIndex,
    BenchmarkItem,
    Hit,
    grams,
    index_benchmark,
    read_items,
    tokens,
)
from codeio_ops.records import Benchmark, BenchmarkGram, StageRun
from codeio_ops.testing import KeptFacts

QUESTION = (
    "Given a list of positive integers return the smallest index at which the running sum "
    "exceeds the threshold or minus one when it never does"
)
WORDS = QUESTION.split()
LETTERS = st.text("abcdefghij", min_size=3, max_size=8)


@pytest.fixture
def facts(stage_run: StageRun) -> KeptFacts:
    return KeptFacts(stage_run)


def _index(facts: KeptFacts, *items: BenchmarkItem, name: str = "bench") -> BenchmarkIndex:
    index_benchmark(name, "a test", items, writer=facts)  # type: ignore[arg-type]
    hits: dict[str, set[Hit]] = {}
    for row in facts.records:
        if isinstance(row, BenchmarkGram):
            hits.setdefault(row.gram_sha256, set()).add(Hit(name, row.item))
    return BenchmarkIndex(hits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World", ["hello", "world"]),
        ("snake_case x1y2", ["snake", "case", "x", "y"]),
        ("Straße ﬁne", ["strasse", "fine"]),
        ("中文字abc", ["中", "文", "字", "abc"]),
        ("m² 3.14", ["m"]),
        ("", []),
    ],
)
def test_tokens_are_runs_of_letters(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_splitting_what_was_split_changes_nothing(text: str) -> None:
    found = tokens(text)
    assert tokens(" ".join(found)) == found


@given(st.lists(LETTERS, max_size=40))
def test_grams_are_the_windows_that_are_varied_enough(words: list[str]) -> None:
    found = list(grams(" ".join(words)))
    assert len(found) <= max(0, len(words) - GRAM_TOKENS + 1)
    for gram in found:
        assert len(gram) == GRAM_TOKENS
        assert sum(map(len, gram)) >= 30 and len(set(gram)) >= 7


@pytest.mark.parametrize("text", ["x " * 40, "a b c d e f g h i j k l m n o p", "yes no " * 20])
def test_grams_that_mean_nothing_do_not_count(text: str) -> None:
    assert list(grams(text)) == []


@given(st.integers(0, len(WORDS) - GRAM_TOKENS), LETTERS, LETTERS)
def test_thirteen_words_are_found_wherever_they_stand(
    stage_run: StageRun, start: int, before: str, after: str
) -> None:
    index = _index(KeptFacts(stage_run), BenchmarkItem(item="7", segments=(QUESTION,)))
    quoted = WORDS[start : start + GRAM_TOKENS]
    text = f"# {before}\n" + "  \n".join(quoted).upper() + f" -- {after}"
    assert index.hits([text]) == [Hit("bench", "7")]
    assert index.hits([" ".join(quoted[:-1])]) == []
    assert index.hits([" ".join([*quoted[:6], "otherwise", *quoted[6:-1]])]) == []


def test_grams_do_not_cross_segments_nor_texts(facts: KeptFacts) -> None:
    head, tail = " ".join(WORDS[:12]), " ".join(WORDS[12:24])
    index = _index(facts, BenchmarkItem(item="1", segments=(head, tail)))
    assert index.hits([QUESTION]) == []
    whole = _index(facts, BenchmarkItem(item="2", segments=(QUESTION,)))
    assert whole.hits([head, tail]) == []


def test_hits_name_every_item_once_in_order(facts: KeptFacts) -> None:
    items = [BenchmarkItem(item=name, segments=(QUESTION,)) for name in ("b", "a")]
    assert list(map(str, _index(facts, *items).hits([QUESTION, QUESTION]))) == [
        "bench/a",
        "bench/b",
    ]


def test_an_empty_index_finds_nothing() -> None:
    assert BenchmarkIndex({}).hits([QUESTION]) == []


def test_only_hashes_of_a_benchmark_are_stored(facts: KeptFacts) -> None:
    _index(facts, BenchmarkItem(item="1", segments=(QUESTION,)))
    (benchmark,) = (row for row in facts.records if isinstance(row, Benchmark))
    assert benchmark.grams == len(facts.records) - 1 == len(list(grams(QUESTION)))
    assert not any(word in repr(facts.records) for word in ("positive", "threshold"))


ROWS = [
    {"id": "x/1", "q": ["first part", "second part"]},
    {"task_id": "H/0", "prompt": "def f():"},
    {"question": "How many?"},
]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_benchmarks_are_read_in_the_forms_they_come_in(pack: type) -> None:
    content = "\n".join(map(json.dumps, ROWS)).encode() + b"\n\n"
    assert read_items(pack(content), origin="here") == [
        BenchmarkItem(item="x/1", segments=("first part", "second part")),
        BenchmarkItem(item="H/0", segments=("def f():",)),
        BenchmarkItem(item="2", segments=("How many?",)),
    ]


@pytest.mark.parametrize(
    "content", [b"not json", b"[1]", b'{"id": 1}', b"\x1f\x8bbroken", b"\xff\xfe"]
)
def test_a_file_that_is_no_benchmark_says_so(content: bytes) -> None:
    with pytest.raises(SourceUnavailable, match="here is not a benchmark file"):
        read_items(content, origin="here")
