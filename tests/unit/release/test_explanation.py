"""Why a gate holds a release back: its meaning, an example with its place, and what to do."""

from uuid import UUID

import pytest

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.gates import GATES
from codeio_ops.release.explanation import (
    EXAMPLE_CHARS,
    GATE_ADVICE,
    Place,
    broken_checks,
    example_in,
    findings_in,
)
from codeio_ops.storage.queries import check_advice, check_names

ID = "00000000-0000-0000-0000-000000000007"
PLACES = {ID: Place(id=UUID(ID), kind="sample", source="pypi:algorithms==1.0.1", path="a/b.py")}


def test_every_shipped_gate_is_explained() -> None:
    assert GATE_ADVICE.keys() == GATES.keys()


@pytest.mark.parametrize("name", check_names())
def test_every_check_says_what_it_means_and_what_to_do(name: str) -> None:
    advice = check_advice(name)
    assert advice.meaning.endswith(".") and advice.cure.endswith(".")


@pytest.mark.parametrize(
    ("evidence", "example"),
    [
        ({"checks": ["c"], "offenders": {"c": [ID]}}, f"c: sample {ID} (a/b.py of {{source}})"),
        ({"samples": [ID, "other"]}, f"sample {ID} (a/b.py of {{source}})"),
        ({"hits": [], "files": [{"benchmark": "humaneval", "item": "7"}]},
         "benchmark humaneval, item 7"),
        ({"allowed": ["MIT"], "files": {"f": ["GPL-3.0"]}}, "f: GPL-3.0"),
        ({"near_duplicates_apart": [["one", "other"]]}, "one and other"),
        ({"changed": [f"p of program {ID}: crash"]},
         f"p of program sample {ID} (a/b.py of {{source}}): crash"),
        ({"files": {ID: ["GPL-3.0-only", "Other"]}},
         f"sample {ID} (a/b.py of {{source}}): GPL-3.0-only"),
        ({"samples": ["word " * 25 + ID]}, "word " * 25 + "sample..."),
        ({"samples": ["x" * 999]}, "x" * EXAMPLE_CHARS + "..."),
        ({"audited": 7, "changed": []}, ""),
        (None, ""),
    ],
)  # fmt: skip
def test_an_example_is_the_first_thing_that_fails(evidence: Json, example: str) -> None:
    assert example_in(evidence, PLACES) == example.format(source="pypi:algorithms==1.0.1")


def test_a_broken_check_counts_all_its_rows_where_evidence_says_how_many() -> None:
    told: Json = {"counts": {"unsourced": 90}, "offenders": {"unsourced": [ID], "gone": [ID, ID]}}
    assert [(check.name, check.rows) for check in broken_checks(told)] == [
        ("unsourced", 90), ("gone", 2),
    ]  # fmt: skip


def test_findings_name_each_thing_with_its_place_and_say_how_much_more_there_is() -> None:
    told: Json = {
        "files": {ID: ["A", "B", "C", "D"], "other": []},
        "hits": [{"source": ID, "leak": True, "evidence": []}],
    }
    place = f"sample {ID} (a/b.py of pypi:algorithms==1.0.1)"
    assert findings_in(told, PLACES) == [
        f"source {place}, leak True", f"{place}: A, B, C and 1 more", "other",
    ]  # fmt: skip
