"""Every dependency states a licence that goes with ours, or a person has looked at it."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
from licences import REMARKS, Dependency, dependencies, page

REPOSITORY = Path(__file__).parents[3]


def test_no_dependency_brings_a_surprise() -> None:
    found = dependencies()
    assert len(found) > 100
    assert {one.name for one in found if one.is_unusual} <= REMARKS.keys()


@pytest.mark.parametrize(
    ("licence", "unusual"),
    [("MIT", False), ("Apache-2.0 OR BSD-3-Clause", False), ("AGPL-3.0-only", True), ("", True)],
)
def test_copyleft_and_silence_are_unusual(licence: str, unusual: bool) -> None:
    assert Dependency(name="any", licence=licence).is_unusual is unusual


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the page is that of Python 3.11")
def test_the_page_is_that_of_the_lock() -> None:
    assert page() == (REPOSITORY / "docs" / "licences.md").read_text(), "run: make docs"


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_uv_is_pinned_to_the_version_of_the_lock(file: str) -> None:
    lock = tomllib.loads((REPOSITORY / "uv.lock").read_text())
    [locked] = [one["version"] for one in lock["package"] if one["name"] == "uv"]
    text = (REPOSITORY / file).read_text()
    assert set(re.findall(r"(?:uv==|UV_VERSION := )(\d[\d.]+)", text)) == {locked}
