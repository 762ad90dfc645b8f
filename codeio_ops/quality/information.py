"""Information value: a program that always returns the same teaches nothing."""

from dataclasses import dataclass
from uuid import UUID

from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class _ConstantProgram:
    """A program with one output for all its stored pairs."""

    program_id: UUID
    pairs: int


def information(inputs: GateInputs) -> Measurement:
    """Count programs of a release whose stored pairs all have the same output."""
    found = inputs.store.fetch(
        "release.constant_programs", _ConstantProgram, release_id=inputs.release_id
    )
    return Measurement(
        metric="programs with a constant output",
        value=len(found),
        threshold=0,
        evidence={"programs": [str(item.program_id) for item in found[:MAX_EVIDENCE]]},
        severity=Severity.SOFT,
    )
