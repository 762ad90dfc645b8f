"""What pages are made of: charts without scripts, values as a person reads them, the funnel."""

import json
import re
from datetime import date

import pytest

from codeio_airflow.ui import charts
from codeio_airflow.ui.pages.samples import as_tsquery
from codeio_airflow.ui.view import count, dollars, duration, meaning, pretty_json


def test_a_chart_is_drawn_without_scripts_and_names_itself() -> None:
    chart = charts.bars("<Rows> & more", ["a", "b"], {"<b>": [1, 2], "sample": [3, None]})
    assert "<script" not in chart
    assert "<b>" not in chart and "&lt;b&gt;" in chart
    assert "<figcaption>&lt;Rows&gt; &amp; more</figcaption>" in chart
    assert 'role="img"' in chart


def test_a_stage_has_one_colour_in_every_chart() -> None:
    alone = charts.stacked_bars("x", ["a"], {"revise": [1]})
    (colour,) = set(re.findall(r"var\(--chart-\d\)", alone))
    assert colour in charts.stacked_bars("x", ["a"], {"ingest": [1], "revise": [1]})


def test_a_night_without_a_run_is_a_gap() -> None:
    nights = charts.every_night({date(2026, 3, 1), date(2026, 3, 10)})
    assert len(nights) == 10
    assert len(charts.every_night({date(2026, 3, 1)})) == charts.LEAST_NIGHTS


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.0, None, True, "x"], "é": {}},
        [[0, 1]] * 40,
        {"text": "x" * 500, "inner": {"list": list(range(60))}},
        [],
        "a\nb",
    ],
)
def test_json_over_lines_is_the_same_value(value: object) -> None:
    written = pretty_json(value)
    assert json.loads(written) == value
    assert json.dumps("é", ensure_ascii=False) in pretty_json({"é": 1})


def test_small_arrays_stay_on_one_line() -> None:
    assert pretty_json({"array": [1, 2, 3]}) == '{"array": [1, 2, 3]}'


def test_numbers_read_as_a_person_says_them() -> None:
    assert [count(1234567), count(0.5), count(None)] == ["1,234,567", "0.5", "–"]
    assert [duration(42), duration(200), duration(7300)] == ["42 s", "3 min", "2 h 02 min"]
    assert [dollars(None), dollars(0), dollars(0.0125), dollars(0.00004), dollars(12)] == [
        "no price", "$0.00", "$0.0125", "$0.000040", "$12.00",
    ]  # fmt: skip


def test_a_reason_of_another_version_has_no_meaning_here() -> None:
    assert meaning("constant_output").startswith("Every input gave the same output")
    assert meaning("a_word_of_tomorrow") == ""


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", ""),
        ("binary_search", "binary & search:*"),
        ("  Two  words ", "two & words:*"),
        ("a' | !b & (c:*", "a & b & c:*"),
    ],
)
def test_a_search_is_words_and_nothing_else(search: str, expected: str) -> None:
    assert as_tsquery(search) == expected
