"""A gate: no first answer of a release is shorter than a sentence."""

from codeio_ops.jsonvalue import Json
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement, Severity
from codeio_ops.release.rows import SPLITS, read_rows

SHORTEST = 80


def short_answers(inputs: GateInputs) -> Measurement:
    """Count samples whose first answer has fewer than `SHORTEST` characters."""
    short: list[Json] = [
        str(row.sample_id)
        for split in SPLITS
        for row in read_rows(inputs.store, inputs.release_id, split)
        if len(row.turn_1) < SHORTEST
    ]
    return Measurement(
        metric="samples with a short first answer",
        value=len(short),
        threshold=0,
        evidence={"samples": short[:MAX_EVIDENCE]},
        severity=Severity.SOFT,
    )
