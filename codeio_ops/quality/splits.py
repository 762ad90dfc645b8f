"""The gate on splits: validation holds no program of train, and none that is nearly one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

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
    from codeio_ops.dedup.exact import near_duplicate_pairs

    held: dict[UUID, list[str]] = {}
    with inputs.store.transaction() as transaction:
        programs = transaction.stream(
            "release.split_programs", _SplitProgram, release_id=inputs.release_id
        )
        near = list(near_duplicate_pairs(_codes(programs, held)))
    in_both: list[Json] = [str(program) for program, found in held.items() if len(found) > 1]
    apart: list[Json] = [[str(one), str(other)] for one, other in near if held[one] != held[other]]
    return Measurement(
        metric="programs in both splits, and near duplicates in different ones",
        value=len(in_both) + len(apart),
        threshold=0,
        evidence={
            "in_both": in_both[:MAX_EVIDENCE],
            "near_duplicates_apart": apart[:MAX_EVIDENCE],
        },
    )


def _codes(
    programs: Iterable[_SplitProgram], held: dict[UUID, list[str]]
) -> Iterator[tuple[UUID, str]]:
    """Give the code of each program, and note its splits in `held`."""
    for program in programs:
        held[program.program_id] = program.splits
        yield program.program_id, program.main_function
