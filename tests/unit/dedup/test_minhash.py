"""The signature spec: what changes a signature and what does not, and that it never drifts."""

import numpy as np
import pytest

from codeio_ops.dedup.lexer import tokenize
from codeio_ops.dedup.minhash import MIN_SHINGLES, signature, similarity, sketch

CODE = b'''"""Doc."""
import math as m
from os import path

LIMIT = 10  # a limit


def area(radius, scale=1):
    """Return the area."""
    text = 'a "quoted" text' + f"{radius} and {scale}"
    values = [radius * k for k in range(LIMIT) if k % 2 == 0]
    return m.pi * radius ** 2 * scale, text, sum(values)
'''
SAME = {
    "reformatted": CODE.replace(b", ", b" ,\n    ").replace(b" = ", b"="),
    "comments": CODE.replace(b"# a limit", b"# another\n# and more\n"),
    "docstrings": CODE.replace(b"Return the area.", b"Compute something."),
    "header": b"# Copyright 2020\n# SPDX-License-Identifier: MIT\n" + CODE,
    "renamed": CODE.replace(b"radius", b"r").replace(b"values", b"xs").replace(b"area", b"f"),
    "windows": b"\xef\xbb\xbf" + CODE.replace(b"\n", b"\r\n"),
    "parentheses": CODE.replace(b"radius ** 2", b"(radius ** 2)"),
}
OTHER = {
    "number": CODE.replace(b"** 2", b"** 3"),
    "attribute": CODE.replace(b"m.pi", b"m.tau"),
    "builtin": CODE.replace(b"sum(", b"max("),
    "import": CODE.replace(b"import path", b"import sep"),
    "operator": CODE.replace(b"% 2", b"// 2"),
    "string": CODE.replace(b"quoted", b"written"),
}


def shingles(content: bytes) -> np.ndarray:
    return sketch(content, language="python").shingles


@pytest.mark.parametrize("change", SAME)
def test_what_is_no_new_code_changes_no_shingle(change: str) -> None:
    assert shingles(SAME[change]).tolist() == shingles(CODE).tolist()


@pytest.mark.parametrize("change", OTHER)
def test_what_is_new_code_changes_some(change: str) -> None:
    assert 0.5 < similarity(shingles(OTHER[change]), shingles(CODE)) < 1


def key(content: bytes, language: str = "python") -> bytes:
    return sketch(content, language=language).text


TALLY = b"def tally(xs):\n    s = 0\n    for x in xs:\n        s += x\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"# a\rdef add(a, b):\r    return a + b\r", b"# a\rdef sub(a, b):\r    return a - b\r"),
        (TALLY + b"        return s\n", TALLY + b"    return s\n"),
        (b"x = f'{n} items'\n", b"x = '{n} items'\n"),
        (b"x = b'x' * n\n", b"x = 'x' * n\n"),
        (b"x = r'\\n'\n", b"x = '\\n'\n"),
        (b"x = 'a\\\r\n# b'\n", b"x = 'a\\\r\n# c'\n"),
        (b"if a:\n  b\n  c\n", b"if a:\n  b\nc\n"),
        (b"x = 1\n", b"x = 1.0\n"),
        (b"print 'a'\nif x:\n  y\n  z\n", b"print 'a'\nif x:\n  y\nz\n"),
        (b"# one\n", b"# two\n"),
        (b"", b"\n"),
    ],
)
def test_different_programs_have_different_keys(one: bytes, other: bytes) -> None:
    assert key(one) != key(other)
    assert key(one)


@pytest.mark.parametrize(("one", "other"), [(b"return\nx", b"return x"), (b"/[/]/", b"/[//]/")])
def test_javascript_is_the_same_only_to_the_letter(one: bytes, other: bytes) -> None:
    assert key(one, "javascript") != key(other, "javascript")


@pytest.mark.parametrize(
    "same",
    [
        b"def f( a ):  # one\n\n    return  a+1 # more\n",
        b"def f(a):\r\treturn (a + 1)\r",
        b"\xef\xbb\xbfdef f(a):\r\n  return a \\\r\n + 0x1",
    ],
)
def test_comments_layout_and_line_ends_change_no_key(same: bytes) -> None:
    assert key(same) == key(b"def f(a):\n    return a + 1\n")


def test_a_carriage_return_ends_a_comment_and_a_line() -> None:
    assert shingles(CODE.replace(b"\n", b"\r")).tolist() == shingles(CODE).tolist()


def test_javascript_has_its_own_comments_and_words() -> None:
    one = tokenize(b"// note\nlet a = b /* c */ / 2; const t = `x ${a}`\n", language="javascript")
    two = tokenize(b"let z = y / 2\nconst q = `other ${z}`", language="javascript")
    assert one.hashes.shape == two.hashes.shape
    assert one.names.tolist() == two.names.tolist()
    assert one.hashes[~one.names].tolist() == two.hashes[~two.names].tolist()


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"'", b'"""never closed', b"# only", b"\\", b"\xff\xfe\x00", b"f'"]
)
def test_no_input_is_too_strange(content: bytes) -> None:
    found = sketch(content, language="python")
    assert len(found.shingles) < MIN_SHINGLES
    assert not found.bands.any()


def test_equal_rows_estimate_the_similarity() -> None:
    one, two = np.arange(4000, dtype=np.uint64), np.arange(1000, 5000, dtype=np.uint64)
    spread = np.uint64(0x9E3779B97F4A7C15)
    share = np.mean(signature(one * spread) == signature(two * spread))
    assert abs(share - similarity(one, two)) < 0.12


def test_signatures_are_those_of_the_spec() -> None:
    found = sketch(CODE, language="python")
    assert len(found.shingles) == GOLDEN_SHINGLES
    assert int(found.shingles[0]) == GOLDEN_FIRST
    assert signature(found.shingles)[:3].tolist() == GOLDEN_ROWS
    assert [int(key) for key in found.bands[:2]] == GOLDEN_BANDS


# `cio-near-1` of CODE, once and for all: when this test fails, signatures in S3 are worth nothing.
GOLDEN_SHINGLES = 52
GOLDEN_FIRST = 142129685172266942
GOLDEN_ROWS = [91955360, 70123290, 159457768]
GOLDEN_BANDS = [2431664604804580747, 8981501065849099811]
