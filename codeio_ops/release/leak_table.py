"""The leakage table of the card, read from the evidence of the leakage gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codeio_ops.jsonvalue import Json
from codeio_ops.release.judgement import StoredResult

GATE = "leakage"
FLAGS = ("paper_any13", "any13", "leak", "unscannable")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkLine:
    """A benchmark on the card.

    Attributes:
        flagged: Items by flag, for the flags that the gate measured.
    """

    name: str
    items: int
    flagged: Mapping[str, int]

    def share(self, flag: str) -> float | None:
        """Return the share of items with this flag; None when it was not measured."""
        found = self.flagged.get(flag)
        return None if found is None else found / self.items if self.items else 0.0


def leak_table(gates: Sequence[StoredResult]) -> list[BenchmarkLine]:
    """Return a line for each benchmark that the gate names, sorted by name.

    The evidence holds `benchmarks`: `{NAME: {items, paper_any13, any13, leak, unscannable}}`,
    or a list of such objects with their `name`.
    """
    evidence = next((gate.evidence for gate in gates if gate.gate == GATE), None)
    found = evidence.get("benchmarks") if isinstance(evidence, dict) else None
    named = _named(found)
    return [_line(name, named[name]) for name in sorted(named)]


def _named(found: Json) -> dict[str, dict[str, Json]]:
    if isinstance(found, dict):
        return {name: value for name, value in found.items() if isinstance(value, dict)}
    rows = found if isinstance(found, list) else []
    return {str(row.get("name", "")): row for row in rows if isinstance(row, dict)}


def _line(name: str, counts: Mapping[str, Json]) -> BenchmarkLine:
    return BenchmarkLine(
        name=name,
        items=_number(counts.get("items")) or 0,
        flagged={flag: n for flag in FLAGS if (n := _number(counts.get(flag))) is not None},
    )


def _number(value: Json) -> int | None:
    return int(value) if isinstance(value, int | float) else None
