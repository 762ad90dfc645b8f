"""JSON values of tests: Hypothesis strategies, and a way into one."""

from hypothesis import strategies as st

from codeio_ops.jsonvalue import Json

Jsons = st.SearchStrategy[Json]

# What `jsonvalue.check` lets in: no lone surrogate, no NUL, whole numbers of 64 bits.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
SCALARS: Jsons = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)


def values(keys: st.SearchStrategy[str] = TEXTS) -> Jsons:
    """Return JSON values whose objects have these keys."""

    def containers(inner: Jsons) -> Jsons:
        return st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)

    return st.recursive(SCALARS, containers, max_leaves=12)


VALUES = values()


def number_of(given: Json) -> int:
    """Return the whole number `n` of an input."""
    assert isinstance(given, dict)
    number = given["n"]
    assert isinstance(number, int)
    return number
