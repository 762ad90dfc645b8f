"""Splits by function: validation holds no program of train, and none that is nearly one."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.dedup.exact import clusters, near_duplicate_pairs
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class _SplitProgram:
    """A program of a release and the splits that hold samples of it."""

    program_id: UUID
    main_function: str
    splits: list[str]


def assign_splits(codes: Mapping[UUID, str], *, validation_percent: int) -> dict[UUID, str]:
    """Return the split of each program; near duplicates go together.

    The program of lowest id decides for its cluster, so that a split depends on nothing but
    the programs there are.
    """
    firsts = clusters(dict(sorted(codes.items())))
    return {program: _split(first, validation_percent) for program, first in firsts.items()}


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


def _split(program_id: UUID, validation_percent: int) -> str:
    bucket = int(sha256_hex(str(program_id).encode())[:8], 16) % 100
    return "validation" if bucket < validation_percent else "train"
