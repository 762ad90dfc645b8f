"""Information value: a program that always returns the same teaches nothing."""

from dataclasses import dataclass
from uuid import UUID

from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Rows, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class _ConstantProgram:
    """A program with one output for all its stored pairs."""

    program_id: UUID
    pairs: int


def information(inputs: GateInputs) -> Measurement:
    """Count programs of a release whose stored pairs all have the same output."""
    found = constant_programs(inputs.rows)
    return Measurement(
        metric="programs with a constant output",
        value=len(found),
        threshold=0,
        evidence={"programs": [str(program_id) for program_id in list(found)[:MAX_EVIDENCE]]},
        severity=Severity.SOFT,
    )


def constant_programs(rows: Rows) -> dict[UUID, int]:
    """Return the programs of samples whose stored pairs all have the same output, with how many."""
    found = rows.fetch("release.constant_programs", _ConstantProgram)
    return {item.program_id: item.pairs for item in found}
