"""The recheck stage: pairs that another sandbox image drew, run again in the one in use.

The pairs stay as they are; each check is a fact of its own. Of a pair that does not hold,
nothing more is asked, and its samples are in no later release.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.progress import tracked
from codeio_ops.records import PairCheck
from codeio_ops.sandbox.base import Limits, RunResult, StoredProgram, Verdict
from codeio_ops.storage.shards import Rows, Shard
from codeio_ops.verify.answers import run_inputs
from codeio_ops.work import Work

log = logging.getLogger(__name__)

HOLDS = "same_output"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPair(StoredProgram):
    """A stored pair with its program."""

    io_pair_id: UUID
    input: Json
    output: Json


def parameters(work: Work, rows: Rows) -> dict[str, str]:
    """Return what the query of the stage needs."""
    return {"image": work.image_digest}


def recheck_pairs(shard: Shard, work: Work) -> Counter[str]:
    """Run the stale pairs of the shard again, and store whether each output is the same.

    Idempotent by (pair, image).

    Returns:
        Counts by outcome: `same_output`, `other_output`, or the verdict of a failed call.

    Raises:
        SandboxFault: the sandbox failed; pairs checked before are stored.
    """
    sandbox, writer = work.sandbox, work.sandbox_writer
    stale = work.rows(shard, StoredPair, **parameters(work, shard.rows))
    programs = [list(group) for _, group in groupby(stale, key=attrgetter("program_id"))]
    counts: Counter[str] = Counter()
    for pairs in tracked(programs, total=len(programs), what="programs with stale pairs"):
        results = run_inputs(
            pairs[0],
            [pair.input for pair in pairs],
            sandbox=sandbox,
            limits=Limits(cpu_s=work.settings.call_cpu_s),
        )
        checks = [
            PairCheck.new(
                pair.io_pair_id,
                sandbox_image_digest=sandbox.image_digest,
                outcome=(outcome := _outcome(pair, result)),
                holds=outcome == HOLDS,
                stage_run_id=writer.run.stage_run_id,
            )
            for pair, result in zip(pairs, results, strict=True)
        ]
        writer.write(checks)
        counts.update(check.outcome for check in checks)
    log.info("rechecked %s: %s", shard.name, dict(counts), extra={"action": "recheck"})
    return counts


def _outcome(pair: StoredPair, result: RunResult) -> str:
    if result.verdict is not Verdict.OK:
        return str(result.verdict)
    return HOLDS if canonical(result.value) == canonical(pair.output) else "other_output"
