"""The kernel and a pure-Python oracle over token tuples agree on every verdict."""

import random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codeio_ops.errors import BlobCorrupt
from codeio_ops.quality.leakage.build import build_index
from codeio_ops.quality.leakage.hashing import gram_hash
from codeio_ops.quality.leakage.index import BenchmarkIndex
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.scan import LeakageScanner
from codeio_ops.quality.leakage.text import tokens
from codeio_ops.quality.leakage.training import SourceText, TrainingText, program_sources
from codeio_ops.quality.leakage.verdict import Hit
from codeio_ops.teacher.prompting import template_texts
from support.leakage_oracle import Verdict, scan

WORDS = (
    *("river", "mountain", "seventeen", "algorithm", "kettle", "violet", "thunder", "harbour"),
    *("candle", "matrix", "pepper", "window", "gravel", "Straße", "café", "ﬁnal", "给", "你"),
    *("数", "组", "x", "y", "ab", "return", "sum", "list", "número"),
)
FUNCTION = """
def total_of_pairs(numbers, limit):
    '''Add what fits.'''
    result = []
    for first in range(len(numbers)):
        for second in range(first + 1, len(numbers)):
            value = numbers[first] * 3 + numbers[second]
            if value < limit and value % 2 == 0:
                result.append((first, second, value))
    return sorted(result, key=lambda entry: entry[2])
"""
RENAMED = (
    FUNCTION.replace("'''Add what fits.'''", "")
    .replace("numbers", "xs")
    .replace("total_of_pairs", "f")
    .replace("first", "i")
    .replace("second", "j")
    .replace("value", "v")
    .replace("result", "out")
)
TABLE = "[3, 1, 4] -> {1: 5, 9: 2} + (6 * 5) % 3 == [8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2]"


def _verdicts(hits: list[Hit]) -> dict[tuple[str, str, str], Verdict]:
    return {
        (hit.benchmark, hit.item, hit.source): (hit.paper_any13, hit.any13, hit.rules)
        for hit in hits
    }


def _scanned(
    benchmarks: dict[str, list[BenchmarkItem]], sources: dict[str, dict[str, str]]
) -> list[Hit]:
    scanner = LeakageScanner([build_index(name, items) for name, items in benchmarks.items()])
    return list(scanner.scan(SourceText(source=k, fields=v) for k, v in sources.items()))


def _agree(
    benchmarks: dict[str, list[BenchmarkItem]], sources: dict[str, dict[str, str]]
) -> dict[tuple[str, str, str], Verdict]:
    found = _verdicts(_scanned(benchmarks, sources))
    assert found == scan(benchmarks, sources)
    return found


def _item(name: str, *segments: str, answers: tuple[str, ...] = ()) -> BenchmarkItem:
    return BenchmarkItem(item=name, segments=segments, answers=answers)


def _question(seed: int, length: int) -> str:
    return " ".join(random.Random(seed).choices(WORDS[:19], k=length))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_oracle_agrees_on_text_made_of_pieces_of_questions(data: st.DataObject) -> None:
    text = st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(" ".join)
    items = [
        _item(str(number), *segments)
        for number, segments in enumerate(
            data.draw(st.lists(st.lists(text, min_size=1, max_size=3), min_size=1, max_size=4))
        )
    ]
    pieces = [segment for item in items for segment in item.segments]
    noise = st.text(max_size=12)

    def piece() -> str:
        words = data.draw(st.sampled_from(pieces)).split()
        start = data.draw(st.integers(0, len(words)))
        return data.draw(noise) + data.draw(st.sampled_from([" ", "_", "\n# ", " 7 "])).join(
            words[start : start + data.draw(st.integers(1, 40))]
        )

    sources = {
        str(number): {"a": piece() + piece().upper(), "b": piece()}
        for number in range(data.draw(st.integers(1, 3)))
    }
    _agree({"one": items, "two": items[:1]}, sources)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=4), st.lists(st.text(max_size=200), max_size=4))
def test_the_oracle_agrees_on_any_text(questions: list[str], texts: list[str]) -> None:
    items = [_item(str(number), text) for number, text in enumerate(questions)]
    sources = {str(n): {"text": text + "".join(questions)} for n, text in enumerate(texts)}
    _agree({"any": items}, sources)


@pytest.mark.parametrize("length", [12, 13, 14, 60, 400])
def test_a_question_in_a_comment_leaks(length: int) -> None:
    question = _question(length, length)
    source = "import os\n# " + question.replace(" ", "\n#   ").upper() + "\nprint(1)\n"
    found = _agree({"b": [_item("q", question)]}, {"s": {"text": source}})
    assert found["b", "q", "s"][2]


def test_a_long_document_crosses_the_blocks_of_the_kernel() -> None:
    question = _question(1, 40)
    filler = " ".join(random.Random(2).choices(["alpha", "beta", "x"], k=4_075))
    for shift in range(0, 60, 7):
        text = filler + " y" * shift + " " + question + " " + filler
        assert _agree({"b": [_item("q", question)]}, {"s": {"text": text}})


def test_many_candidates_are_all_found() -> None:
    items = [_item(str(n), _question(n, 30)) for n in range(40)]
    text = "\n1\n".join(item.segments[0] for item in items)
    found = _agree({"b": items}, {"s": {"text": text * 30}})
    assert len(found) == len(items)


def test_repeated_words_count_for_the_paper_and_not_for_the_gate() -> None:
    found = _agree({"b": [_item("q", "x " * 20)]}, {"s": {"text": "x, " * 50}})
    assert found["b", "q", "s"] == (True, False, ())


def test_words_of_the_whole_benchmark_do_not_count() -> None:
    wording = _question(3, 20)
    items = [_item(str(n), f"{wording} {_question(100 + n, 12)}") for n in range(25)]
    found = _agree({"b": items}, {"s": {"text": wording}})
    assert set(found.values()) == {(True, False, ())}


def test_the_words_of_our_prompts_do_not_count() -> None:
    template = max(template_texts(), key=lambda text: len(tokens(text)))
    item = _item("q", f"{template} {_question(10, 300)}")
    found = _agree({"b": [item]}, {"s": {"text": template}})
    assert found["b", "q", "s"] == (True, False, ())


def test_grams_do_not_cross_fields() -> None:
    words = _question(4, 14).split()
    items = {"b": [_item("q", " ".join(words))]}
    assert _agree(items, {"s": {"a": " ".join(words)}})
    assert not _agree(items, {"s": {"a": " ".join(words[:7]), "b": " ".join(words[7:])}})


@pytest.mark.parametrize("words_a_line", [4, 8])
def test_a_question_in_lines_inside_a_value_leaks(words_a_line: int) -> None:
    question = _question(5, 40)
    words = question.split()
    lines = [" ".join(words[i : i + words_a_line]) for i in range(0, 40, words_a_line)]
    text = TrainingText(
        text_id=UUID(int=1), program_id=UUID(int=2), raw_file_id=UUID(int=3),
        first_verdict_id=UUID(int=4), last_verdict_id=UUID(int=4),
        reference_code="", problem_statement="", io_description="",
        input={"text": "\n".join(lines)}, output=None,
        turn_1="", feedback_1="", turn_2=None, feedback_2=None,
    )  # fmt: skip
    scanner = LeakageScanner([build_index("b", [_item("q", question)])])
    (hit,) = scanner.scan(program_sources([text]))
    assert hit.leak


def test_a_short_question_of_symbols_is_found_squeezed() -> None:
    spaced = TABLE.replace(",", " ,").replace("==", " == \n")
    found = _agree({"b": [_item("q", TABLE)]}, {"s": {"text": f"x = 1\n{spaced}\n"}})
    assert found["b", "q", "s"] == (False, False, ("L4",))


def test_a_solution_under_other_names_is_found() -> None:
    item = _item("q", "Add them.", answers=(FUNCTION,))
    found = _agree({"b": [item]}, {"s": {"code": f"import os\n{RENAMED}"}})
    assert found["b", "q", "s"] == (False, False, ("L5",))


def test_a_solution_with_another_constant_is_not() -> None:
    other = RENAMED.replace("* 3", "* 4")
    assert _agree({"b": [_item("q", "Add.", answers=(FUNCTION,))]}, {"s": {"code": other}}) == {}


def test_evidence_covers_the_leak_and_nothing_else() -> None:
    question = _question(5, 30)
    text = f"# Überschrift ﬁne\n# {question}\nprint('after')\n"
    (hit,) = _scanned({"b": [_item("q", question)]}, {"s": {"code": text}})
    assert [text[span.start : span.end] for span in hit.evidence] == [question]


def test_a_collision_of_hashes_is_no_hit() -> None:
    question, other = _question(6, 13), _question(7, 13)
    index = build_index("b", [_item("q", question)])
    # Give the gram of the question the hash of another one: the digest must refuse it.
    index.long.hashes[:] = np.uint64(gram_hash(tokens(other)))
    hits = LeakageScanner([index]).scan([SourceText(source="s", fields={"text": other})])
    assert list(hits) == []


def test_an_item_that_is_too_short_is_unscannable() -> None:
    index = build_index("b", [_item("short", "Why so?"), _item("long", _question(8, 30))])
    assert index.unscannable.tolist() == [True, False]


def test_an_index_survives_the_trip_and_holds_no_text() -> None:
    question = _question(9, 40)
    index = build_index("b", [_item("q", question, TABLE, answers=(FUNCTION,))])
    content = index.to_bytes()
    assert BenchmarkIndex.from_bytes(content).to_bytes() == content
    hits = LeakageScanner([BenchmarkIndex.from_bytes(content)]).scan(
        [SourceText(source="s", fields={"text": question})]
    )
    assert [hit.item for hit in hits] == ["q"]


def test_a_damaged_index_is_refused() -> None:
    with pytest.raises(BlobCorrupt):
        BenchmarkIndex.from_bytes(b"no archive")
