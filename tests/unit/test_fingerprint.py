"""Ids from content: the same on every machine, and never the same for two facts."""

from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from codeio_ops.fingerprint import content_id, sha256_hex, value_sha256
from codeio_ops.jsonvalue import Json

PARTS = st.lists(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5), max_size=4
)


def test_ids_are_those_that_earlier_releases_hold() -> None:
    assert str(content_id("source", "pypi", "algorithms==1.0.1")) == (
        "ec5530aa-6167-8a14-bf6e-87ba2b440da2"
    )
    assert str(content_id("prompt", None, 1, [True])) == "1bf777aa-0ef6-8b85-bed4-4374fb994c11"


def test_sha256_is_the_standard_one() -> None:
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.text(max_size=5), PARTS)
def test_an_id_is_a_version_8_uuid(kind: str, parts: list[Json]) -> None:
    made = content_id(kind, *parts)
    assert (made.version, made.variant) == (8, RFC_4122)
    assert made == content_id(kind, *parts)


@given(PARTS, PARTS)
def test_other_parts_give_another_id(left: list[Json], right: list[Json]) -> None:
    same = repr(left) == repr(right)
    assert (content_id("fact", *left) == content_id("fact", *right)) is same


def test_parts_do_not_run_into_each_other() -> None:
    ids = {
        content_id("a", "b", "c"),
        content_id("a", "bc"),
        content_id("ab", "c"),
        content_id("a", ["b", "c"]),
        content_id("a", "b", "c", None),
        content_id("a", '"b","c"'),
    }
    assert len(ids) == 6


@given(st.dictionaries(st.text(max_size=3), st.integers(-9, 9), max_size=4))
def test_the_order_of_keys_is_no_part_of_a_value(value: dict[str, Json]) -> None:
    assert value_sha256(dict(reversed(value.items()))) == value_sha256(value)
