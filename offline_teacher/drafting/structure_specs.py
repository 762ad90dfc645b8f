"""Specs of structures written as lists and maps: graphs, linked lists, trees, operation logs.

Same shape as the other specs: `expression`, `type_text`, `prose`.
"""

from dataclasses import dataclass

from offline_teacher.drafting import spec_union as union
from offline_teacher.drafting.container_specs import ListSpec
from offline_teacher.drafting.scalar_specs import IntSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSpec:
    """An adjacency list or map of three to six nodes; `int_nodes` numbers them."""

    int_nodes: bool = False
    weighted: bool = False

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "Dict[str, Dict[str, int]]" if self.weighted else f"Dict[str, List[{self._node()}]]"

    def _node(self) -> str:
        return "int" if self.int_nodes else "str"

    def expression(self) -> str:
        """Python source that draws one value."""
        key = "str(i)" if self.int_nodes else "chr(65 + i)"
        other = "str(j)" if self.int_nodes else "chr(65 + j)"
        node = "j" if self.int_nodes else "chr(65 + j)"
        tail = "for n in [random.randint(3, 6)] for i in range(n)}"
        if self.weighted:
            edges = f"{other}: random.randint(1, 9) for j in range(n) if j != i"
            return f"{{{key}: {{{edges} and random.random() < 0.6}} {tail}"
        others = f"[{node} for j in range(n) if j != i]"
        return f"{{{key}: sorted(random.sample({others}, random.randint(1, min(3, n - 1)))) {tail}"

    def prose(self) -> str:
        """The values in words."""
        name = "number" if self.int_nodes else "letter"
        if self.weighted:
            return f"a weighted graph: each node {name} maps to its neighbours and the edge weights"
        return f"a graph: each node {name} maps to the list of its neighbours"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedListSpec:
    """The values of a singly linked list, head first."""

    element: "union.Spec" = IntSpec(low=0, high=9)
    shortest: int = 1
    longest: int = 7
    ordered: bool = False

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return f"List[{self.element.type_text}]"

    def expression(self) -> str:
        """Python source that draws one value."""
        return ListSpec(
            element=self.element,
            shortest=self.shortest,
            longest=self.longest,
            ordered=self.ordered,
        ).expression()

    def prose(self) -> str:
        """The values in words."""
        ordered = " in ascending order" if self.ordered else ""
        return (
            f"the {self.shortest} to {self.longest} values of a singly linked list, "
            f"head first{ordered}, each {self.element.prose()}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSpec:
    """A binary tree in level order, null for a missing child; `search` orders it."""

    low: int = -9
    high: int = 20
    search: bool = False

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "List[int]" if self.search else "List[Optional[int]]"

    def expression(self) -> str:
        """Python source that draws one value."""
        value = f"random.randint({self.low}, {self.high})"
        if self.search:
            return f"random.sample(range({self.low}, {self.high + 1}), random.randint(2, 8))"
        return (
            f"[{value} if i == 0 or random.random() < 0.85 else None "
            "for i in range(random.randint(1, 9))]"
        )

    def prose(self) -> str:
        """The values in words."""
        bounds = f"integer from {self.low} to {self.high}"
        if self.search:
            return f"2 to 8 keys of a binary search tree in order of insertion, each an {bounds}"
        return f"1 to 9 nodes of a binary tree in level order, each an {bounds} or null (no node)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of a stateful class and the specs of its arguments."""

    name: str
    arguments: "tuple[union.Spec, ...]"

    def expression(self) -> str:
        """Python source that draws one call as a list: name, then arguments."""
        return "[" + ", ".join([repr(self.name), *(a.expression() for a in self.arguments)]) + "]"

    def prose(self) -> str:
        """The call in words."""
        if not self.arguments:
            return f'"{self.name}" (no arguments)'
        return f'"{self.name}" (' + "; ".join(a.prose() for a in self.arguments) + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsSpec:
    """A log of calls of the methods of one object; the first two calls take arguments."""

    operations: tuple[Operation, ...]

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "List[List[Any]]"

    def expression(self) -> str:
        """Python source that draws one value."""
        takers = [op for op in self.operations if op.arguments]
        first = ", ".join(op.expression() for op in takers)
        rest = ", ".join(op.expression() for op in self.operations)
        return (
            f"[random.choice([{first}]) for _ in range(2)] + "
            f"[random.choice([{first}] if random.random() < 0.4 else [{rest}]) "
            "for _ in range(random.randint(2, 7))]"
        )

    def prose(self) -> str:
        """The values in words."""
        calls = ", ".join(op.prose() for op in self.operations)
        return (
            "a list of 4 to 9 operations, each a list of the operation's name and its arguments; "
            f"the operations are {calls}"
        )
