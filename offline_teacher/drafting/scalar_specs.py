"""Specs of single values: numbers, text, one of a few, a constant.

Every spec can be written as a Python expression that draws one value with `random`
(`expression`), as a type (`type_text`) and as a phrase (`prose`).
"""

from dataclasses import dataclass
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

WORDS = ("red", "apple", "the", "level", "sky", "Code", "river", "a", "noon", "blue", "stone", "to")
_MAX_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class IntSpec:
    """An integer between two bounds, both included."""

    low: int = 1
    high: int = 20

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "int"

    def expression(self) -> str:
        """Python source that draws one value."""
        return f"random.randint({self.low}, {self.high})"

    def prose(self) -> str:
        """The values in words."""
        return f"an integer from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatSpec:
    """A number with two decimals between two bounds."""

    low: float = 0.5
    high: float = 20.0

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "float"

    def expression(self) -> str:
        """Python source that draws one value."""
        return f"round(random.uniform({self.low}, {self.high}), 2)"

    def prose(self) -> str:
        """The values in words."""
        return f"a number from {self.low} to {self.high} with at most two decimals"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolSpec:
    """True or false."""

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "bool"

    def expression(self) -> str:
        """Python source that draws one value."""
        return "random.choice([True, False])"

    def prose(self) -> str:
        """The values in words."""
        return "true or false"


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

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "str"

    def expression(self) -> str:
        """Python source that draws one value."""
        if not self.seeds:
            return self._random_expression()
        if self.shaped:
            return self._shaped_expression()
        return (
            f"(random.choice({list(self.seeds)!r}) if random.random() < 0.3 "
            f"else {self._random_expression()})"
        )

    def _random_expression(self) -> str:
        if self.shortest == self.longest == 1:
            return f"random.choice({self.alphabet!r})"
        length = f"random.randint({self.shortest}, {self.longest})"
        return f"''.join(random.choices({self.alphabet!r}, k={length}))"

    def _shaped_expression(self) -> str:
        letters = "".join(char for char in self.alphabet if char.isalpha()) or "abc"
        return (
            f"''.join(random.choice({letters!r}) if c.isalpha() "
            "else random.choice('123456789') if c.isdigit() else c "
            f"for c in random.choice({list(self.seeds)!r}))"
        )

    def prose(self) -> str:
        """The values in words."""
        if self.shaped:
            shapes = " or ".join(f'"{seed}"' for seed in self.seeds)
            return f"a string shaped like {shapes}, with other letters and digits"
        return (
            f"a string of {self.shortest} to {self.longest} characters "
            f'drawn from "{self.alphabet[:60]}"'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsSpec:
    """A few common words separated by single spaces."""

    fewest: int = 2
    most: int = 7

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return "str"

    def expression(self) -> str:
        """Python source that draws one value."""
        count = f"random.randint({self.fewest}, {self.most})"
        return f"' '.join(random.choices({list(WORDS)!r}, k={count}))"

    def prose(self) -> str:
        """The values in words."""
        return f"a text of {self.fewest} to {self.most} words separated by single spaces"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceSpec:
    """One of a few known values."""

    values: tuple[Scalar, ...]

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return type(self.values[0]).__name__

    def expression(self) -> str:
        """Python source that draws one value."""
        return f"random.choice({list(self.values)!r})"

    def prose(self) -> str:
        """The values in words."""
        return "one of " + ", ".join(map(repr, self.values[:_MAX_SHOWN]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstSpec:
    """Always the same value."""

    value: Scalar

    @property
    def type_text(self) -> str:
        """The type as written in descriptions."""
        return type(self.value).__name__

    def expression(self) -> str:
        """Python source that gives the value."""
        return repr(self.value)

    def prose(self) -> str:
        """The value in words."""
        return f"always {self.value!r}"
