"""Specs of a parameter that depends on another one: a length, an index, a member, a variation.

The name in `of` is a variable that the generator has already drawn.
"""

from dataclasses import dataclass
from typing import Literal

from offline_teacher.drafting import spec_union as union


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceSpec:
    """An integer bounded by the length of another parameter.

    `length` is the length itself, `last` the last index, `index` any index and `count`
    a number from one to the length.
    """

    of: str
    role: Literal["length", "last", "index", "count"]

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "int"

    def expression(self) -> str:
        """Python source that draws one value."""
        return {
            "length": f"len({self.of})",
            "last": f"len({self.of}) - 1",
            "index": f"random.randrange(len({self.of}))",
            "count": f"random.randint(1, len({self.of}))",
        }[self.role]

    def prose(self) -> str:
        """The values in words."""
        return {
            "length": f"the length of `{self.of}`",
            "last": f"the last index of `{self.of}`",
            "index": f"a valid index into `{self.of}`",
            "count": f"an integer from 1 to the length of `{self.of}`",
        }[self.role]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """A value that is taken from another parameter, always or most of the time."""

    of: str
    base: "union.Spec"
    always: bool = False
    integer: bool = False

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "int" if self.integer else self.base.type_text

    def expression(self) -> str:
        """Python source that draws one value."""
        if self.always:
            member = f"random.choice(list({self.of}))"
            return f"int({member})" if self.integer else member
        member = f"random.choice({self.of})"
        return f"({member} if {self.of} and random.random() < 0.7 else {self.base.expression()})"

    def prose(self) -> str:
        """The values in words."""
        if self.always:
            return f"one of the keys of `{self.of}`"
        return f"{self.base.prose()}; often a member of `{self.of}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeSpec:
    """A string or list like another parameter: as long, or a variation of it."""

    of: str
    base: "union.Spec"
    role: Literal["as_long", "variation"]

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return self.base.type_text

    def expression(self) -> str:
        """Python source that draws one value."""
        text = self.base.type_text == "str"
        return self._as_long(text) if self.role == "as_long" else self._variation(text)

    def _as_long(self, text: bool) -> str:
        if text:
            alphabet = getattr(self.base, "alphabet", "abcde")
            drawn = f"random.choices({alphabet!r}, k=len({self.of}))"
            return f"''.join(random.choice([random.sample({self.of}, len({self.of})), {drawn}]))"
        element = getattr(self.base, "element", self.base)
        return f"[{element.expression()} for _ in {self.of}]"

    def _variation(self, text: bool) -> str:
        of, base = self.of, self.base.expression()
        if text:
            shuffled = f"''.join(random.sample({of}, len({of})))"
            return f"random.choice([{shuffled}, {of}[:random.randint(1, len({of}) + 1)], {base}])"
        if self.base.type_text == "List[Optional[int]]":
            return f"random.choice([list({of}), {base}])"
        part = f"random.sample({of}, random.randint(min(1, len({of})), len({of})))"
        return f"random.choice([{part}, {base}])"

    def prose(self) -> str:
        """The values in words."""
        if self.role == "as_long":
            return f"{self.base.prose()}; as long as `{self.of}`"
        return f"{self.base.prose()}; may share values with `{self.of}`"
