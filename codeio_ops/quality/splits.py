"""The gate on splits: validation holds no program of train, and none that is nearly one."""

from dataclasses import dataclass
from uuid import UUID

from codeio_ops.dedup.exact import near_duplicate_pairs
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class _SplitProgram:
    """A program of a release and the splits that hold samples of it."""

    program_id: UUID
    main_function: str
    splits: list[str]


def splits(inputs: GateInputs) -> Measurement:
    """Count programs that stand in both splits, or are nearly one of the other split."""
    programs = inputs.store.fetch(
        "release.split_programs", _SplitProgram, release_id=inputs.release_id
    )
    by_id = {program.program_id: program for program in programs}
    in_both: list[Json] = [str(p.program_id) for p in programs if len(p.splits) > 1]
    apart: list[Json] = [
        [str(one), str(other)]
        for one, other in near_duplicate_pairs({p.program_id: p.main_function for p in programs})
        if by_id[one].splits != by_id[other].splits
    ]
    return Measurement(
        metric="programs in both splits, and near duplicates in different ones",
        value=len(in_both) + len(apart),
        threshold=0,
        evidence={
            "in_both": in_both[:MAX_EVIDENCE],
            "near_duplicates_apart": apart[:MAX_EVIDENCE],
        },
    )
