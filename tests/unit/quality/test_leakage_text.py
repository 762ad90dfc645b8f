"""The tokens of `cio-leak-1`, and the way back from a token to the text it stands in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.quality.leakage.text import (
    WayBack,
    located_tokens,
    normalise,
    squeeze,
    squeezed_places,
    tokens,
)

# The vectors of the definition.
VECTORS = [
    ("Hello, World! x_1 = foo2bar(3)", ["hello", "world", "x", "foo", "bar"]),
    (
        "You are given nums1 and nums2; return O(n²) ﬁnal",
        ["you", "are", "given", "nums", "and", "nums", "return", "o", "n", "final"],
    ),
    ("ÉCOLE Straße İstanbul", ["école", "strasse", "i", "stanbul"]),
    (
        "给你一个整数数组 nums 和一个整数 target。",
        [*"给你一个整数数组", "nums", *"和一个整数", "target"],
    ),
    ("camelCase snake_case HTTPServer", ["camelcase", "snake", "case", "httpserver"]),
    ("naïve café cafe\u0301", ["naïve", "café", "café"]),
    ("a\u00a0b\tc\r\nd", ["a", "b", "c", "d"]),
    ("カタカナ ひらがな 한국어 текст", [*"カタカナ", *"ひらがな", "한국어", "текст"]),
    ("∑ α·β ≤ γ", ["α", "β", "γ"]),
    ("1,000.5 0x1F 'q'", ["x", "f", "q"]),
]


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_the_vectors_of_the_definition(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_located_tokens_are_the_tokens_where_they_stand(text: str) -> None:
    folded = normalise(text)
    located = located_tokens(folded)
    assert [token.text for token in located] == tokens(text)
    assert all(folded[token.start : token.end] == token.text for token in located)


@given(st.text())
def test_squeezed_characters_stand_at_their_places(text: str) -> None:
    folded = normalise(text)
    assert "".join(folded[place] for place in squeezed_places(folded)) == squeeze(folded)


@given(st.text())
def test_the_way_back_leads_to_text_that_holds_the_token(text: str) -> None:
    back = WayBack(text)
    for token in located_tokens(normalise(text)):
        start, end = back.span(token.start, token.end)
        assert 0 <= start < end <= len(text)


@pytest.mark.parametrize(
    ("text", "token", "expected"),
    [
        ("x = Alpha", "alpha", "Alpha"),
        ("# ﬁnal word", "word", "word"),
        ("ﬁnal word", "final", "ﬁnal"),
        ("é and cafe\u0301 here", "here", "here"),
    ],
)
def test_the_way_back_is_exact_in_plain_text(text: str, token: str, expected: str) -> None:
    found = next(t for t in located_tokens(normalise(text)) if t.text == token)
    start, end = WayBack(text).span(found.start, found.end)
    assert text[start:end] == expected
