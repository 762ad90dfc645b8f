"""The length stage: how many lines each program has."""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from codeio_ops.records import Record
from codeio_ops.storage.shards import Shard
from codeio_ops.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramLength(Record):
    """How long a program is."""

    table: ClassVar[str] = "program_length"
    program_id: UUID
    lines: int
    stage_run_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingProgram:
    program_id: UUID
    main_function: str


def measure_programs(shard: Shard, work: Work) -> Counter[str]:
    """Count the lines of each program of the shard that was not measured yet."""
    pending = work.rows(shard, _PendingProgram)
    work.writer.write(
        [
            ProgramLength(
                program_id=item.program_id,
                lines=len(item.main_function.splitlines()),
                stage_run_id=work.writer.run.stage_run_id,
            )
            for item in pending
        ]
    )
    return Counter(measured=len(pending))
