"""The gate on duplicates: no teacher answers the same prompt twice in one release."""

from dataclasses import dataclass
from uuid import UUID

from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copies:
    """Samples in which one teacher answers the same prompt, by id."""

    sample_ids: list[UUID]


def duplicates(inputs: GateInputs) -> Measurement:
    """Count samples whose prompt one teacher answers in the release more than once."""
    found = repeated_samples(inputs.rows)
    return Measurement(
        metric="samples with a repeated prompt",
        value=sum(map(len, found)),
        threshold=0,
        evidence={"samples": [str(copies[0]) for copies in found[:MAX_EVIDENCE]]},
    )


def repeated_samples(rows: Rows) -> list[list[UUID]]:
    """Return the samples that repeat a prompt, those of one prompt and teacher together."""
    return [item.sample_ids for item in rows.fetch("release.duplicate_prompts", _Copies)]
