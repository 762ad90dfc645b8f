"""Splits by function: near duplicates of a program stand in its split."""

from collections.abc import Iterable
from uuid import UUID

from codeio_ops.fingerprint import sha256_hex


def assign_splits(codes: Iterable[tuple[UUID, str]], *, validation_percent: int) -> dict[UUID, str]:
    """Return the split of each program; near duplicates go together.

    The program of lowest id decides for its cluster, so that a split depends on nothing but
    the programs there are.
    """
    from codeio_ops.dedup.exact import clusters

    firsts = clusters(codes)
    lowest: dict[UUID, UUID] = {}
    for program, first in firsts.items():
        lowest[first] = min(program, lowest.get(first, program))
    return {program: _split(lowest[first], validation_percent) for program, first in firsts.items()}


def _split(program_id: UUID, validation_percent: int) -> str:
    bucket = int(sha256_hex(str(program_id).encode())[:8], 16) % 100
    return "validation" if bucket < validation_percent else "train"
