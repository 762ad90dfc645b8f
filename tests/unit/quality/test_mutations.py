"""Mutated answers are wrong, other forms of the truth are right, for any value."""

from hypothesis import example, given
from hypothesis import strategies as st

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.mutations import right_values, wrong_values
from codeio_ops.verify.compare import same_value

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
@example(-1.0)
@example(-0.0)
@example(7.4e-321)
@example(1.602e-19)
@example([1.0, 1.0005])
@example([[0.5], [0.5001]])
@example({})
def test_every_mutation_is_wrong(value: Json) -> None:
    for label, altered in wrong_values(value):
        assert not same_value(altered, value), label


@given(values)
def test_every_other_form_of_the_truth_is_right(value: Json) -> None:
    for label, form in right_values(value):
        assert same_value(form, value), label


def test_the_mutations_are_systematic() -> None:
    value: Json = {"total": 3, "share": 0.5, "names": ["a", "b"]}
    labels = {label for label, _ in wrong_values(value)}
    assert {
        "another type: text at $.total",
        "off by one at $.total",
        "just outside the tolerance at $.share",
        "reordered at $.names",
        "a missing key at $",
        "an unknown key at $",
        "one item less at $.names",
    } <= labels
