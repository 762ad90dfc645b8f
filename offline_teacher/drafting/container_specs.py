"""Specs of containers: lists, rows, matrices, maps, records.

Same shape as the scalar specs: `expression`, `type_text`, `prose`. Everything drawn is JSON;
a program that wants a tuple, a set, integer keys or nodes gets them through a codec.
"""

from dataclasses import dataclass
from typing import Literal

from offline_teacher.drafting import spec_union as union
from offline_teacher.drafting.scalar_specs import IntSpec, TextSpec

Sequence = Literal["list", "tuple", "set"]


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

    element: "union.Spec"
    shortest: int = 2
    longest: int = 7
    ordered: bool = False
    distinct: bool = False
    wanted: Sequence = "list"

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return f"List[{self.element.type_text}]"

    def expression(self) -> str:
        """Python source that draws one value."""
        length = f"random.randint({self.shortest}, {self.longest})"
        drawn = f"[{self.element.expression()} for _ in range({length})]"
        match self.element:
            case IntSpec(low=low, high=high) if self.distinct and high - low >= self.longest:
                drawn = f"random.sample(range({low}, {high + 1}), {length})"
        return f"sorted({drawn})" if self.ordered else drawn

    def prose(self) -> str:
        """The values in words."""
        distinct = " distinct" if self.distinct else ""
        ordered = " in ascending order" if self.ordered else ""
        return (
            f"a list of {self.shortest} to {self.longest}{distinct} values{ordered}, "
            f"each {self.element.prose()}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSpec:
    """A list of fixed length with a spec for each place."""

    columns: "tuple[union.Spec, ...]"
    wanted: Sequence = "list"

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        kinds = list(dict.fromkeys(column.type_text for column in self.columns))
        return f"List[{kinds[0]}]" if len(kinds) == 1 else f"List[Union[{', '.join(kinds)}]]"

    def expression(self) -> str:
        """Python source that draws one value."""
        return "[" + ", ".join(column.expression() for column in self.columns) + "]"

    def prose(self) -> str:
        """The values in words."""
        places = "; ".join(column.prose() for column in self.columns)
        return f"a list of exactly {len(self.columns)} values ({places})"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixSpec:
    """A list of rows of equal length."""

    cell: "union.Spec"
    fewest: int = 2
    most: int = 4
    square: bool = False

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return f"List[List[{self.cell.type_text}]]"

    def expression(self) -> str:
        """Python source that draws one value."""
        size, cell = f"random.randint({self.fewest}, {self.most})", self.cell.expression()
        if self.square:
            return f"[[{cell} for _ in range(n)] for n in [{size}] for _ in range(n)]"
        return (
            f"[[{cell} for _ in range(columns)] for rows, columns in [({size}, {size})] "
            "for _ in range(rows)]"
        )

    def prose(self) -> str:
        """The values in words."""
        kind = "square matrix" if self.square else "matrix"
        return (
            f"a {kind} with {self.fewest} to {self.most} rows of equal length, "
            f"each cell {self.cell.prose()}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSpec:
    """A dictionary with two to five keys; `int_keys` says the program wants integer keys."""

    key: "union.Spec"
    value: "union.Spec"
    int_keys: bool = False

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return f"Dict[str, {self.value.type_text}]"

    def expression(self) -> str:
        """Python source that draws one value."""
        key = self.key.expression()
        key = f"str({key})" if self.int_keys else key
        return f"{{{key}: {self.value.expression()} for _ in range(random.randint(2, 5))}}"

    def prose(self) -> str:
        """The values in words."""
        quoted = " written as a string" if self.int_keys else ""
        return (
            f"a dictionary of 2 to 5 entries, each key {self.key.prose()}{quoted}, "
            f"each value {self.value.prose()}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSpec:
    """A dictionary with fixed keys."""

    fields: "tuple[tuple[str, union.Spec], ...]"

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "Dict[str, Any]"

    def expression(self) -> str:
        """Python source that draws one value."""
        pairs = (f"{name!r}: {spec.expression()}" for name, spec in self.fields)
        return "{" + ", ".join(pairs) + "}"

    def prose(self) -> str:
        """The values in words."""
        pairs = (f'"{name}" ({spec.type_text}, {spec.prose()})' for name, spec in self.fields)
        return "a dictionary with the keys " + "; ".join(pairs)


def default_map(value: "union.Spec | None" = None) -> MapSpec:
    """A map from short keys to small numbers, or to `value`."""
    key = TextSpec(alphabet="abcdefgh", shortest=1, longest=2)
    return MapSpec(key=key, value=value or IntSpec(low=1, high=9))
