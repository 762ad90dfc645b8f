"""Value specs: what an input looks like.

Everything drawn is JSON; a program that wants a tuple, a set, integer keys or nodes gets them
through a codec. `generators` writes the Python that draws a spec, `descriptions` its prose.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None
Received: TypeAlias = Literal["list", "tuple", "set"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntSpec:
    """An integer between two bounds, both included."""

    low: int = 1
    high: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatSpec:
    """A number with two decimals between two bounds."""

    low: float = 0.5
    high: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolSpec:
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpec:
    """A string over an alphabet; now and then one of a few known strings.

    Attributes:
        alphabet: The characters that are drawn from.
        shortest: Least length.
        longest: Greatest length.
        seeds: Known strings.
        shaped: Draw only variations of the seeds, other letters and digits in the same places.
    """

    alphabet: str = "abcde"
    shortest: int = 3
    longest: int = 10
    seeds: tuple[str, ...] = ()
    shaped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsSpec:
    """A few common words separated by single spaces."""

    fewest: int = 2
    most: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceSpec:
    """One of a few known values."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstSpec:
    """Always the same value."""

    value: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSpec:
    """A list of like values.

    Attributes:
        element: What each value is.
        shortest: Least length.
        longest: Greatest length.
        ordered: Ascending order.
        distinct: No value twice; kept only where the element's range allows it.
        wanted: What the program wants to receive.
    """

    element: "Spec"
    shortest: int = 2
    longest: int = 7
    ordered: bool = False
    distinct: bool = False
    wanted: Received = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSpec:
    """A list of fixed length with a spec for each place."""

    columns: "tuple[Spec, ...]"
    wanted: Received = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSpec:
    """A list of rows of equal length."""

    cell: "Spec"
    fewest: int = 2
    most: int = 4
    square: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSpec:
    """A dictionary with two to five keys; `int_keys` says the program wants integer keys."""

    key: "Spec"
    value: "Spec"
    int_keys: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSpec:
    """A dictionary with fixed keys."""

    fields: "tuple[tuple[str, Spec], ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSpec:
    """An adjacency list or map of three to six nodes; `int_nodes` numbers them."""

    int_nodes: bool = False
    weighted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedListSpec:
    """The values of a singly linked list, head first."""

    element: "Spec" = IntSpec(low=0, high=9)
    shortest: int = 1
    longest: int = 7
    ordered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSpec:
    """A binary tree in level order, null for a missing child; `search` orders it."""

    low: int = -9
    high: int = 20
    search: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of a stateful class and the specs of its arguments."""

    name: str
    arguments: "tuple[Spec, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsSpec:
    """A log of calls of the methods of one object; the first two calls take arguments."""

    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSpec:
    """An integer bounded by the length of another parameter, `of`.

    `length` is the length itself, `last` the last index, `index` any index and `count`
    a number from one to the length.
    """

    of: str
    role: Literal["length", "last", "index", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """A value that is taken from another parameter, always or most of the time."""

    of: str
    base: "Spec"
    always: bool = False
    integer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeSpec:
    """A string or list like another parameter: as long, or a variation of it."""

    of: str
    base: "Spec"
    role: Literal["as_long", "variation"]


ScalarSpec: TypeAlias = (
    IntSpec | FloatSpec | BoolSpec | TextSpec | WordsSpec | ChoiceSpec | ConstSpec
)
ContainerSpec: TypeAlias = ListSpec | RowSpec | MatrixSpec | MapSpec | RecordSpec
StructureSpec: TypeAlias = GraphSpec | LinkedListSpec | TreeSpec | OperationsSpec
RelationSpec: TypeAlias = PlaceSpec | MemberSpec | LikeSpec
Spec: TypeAlias = ScalarSpec | ContainerSpec | StructureSpec | RelationSpec


def default_map(value: Spec | None = None) -> MapSpec:
    """A map from short keys to small numbers, or to `value`."""
    key = TextSpec(alphabet="abcdefgh", shortest=1, longest=2)
    return MapSpec(key=key, value=value or IntSpec(low=1, high=9))
