"""Hypothesis strategies for JSON values."""

from hypothesis import strategies as st

from codeio_ops.jsonvalue import Json

# What `jsonvalue.check` lets in: no lone surrogate, no NUL, whole numbers of 64 bits.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
