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

from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.progress import tracked
from codeio_ops.records import PairCheck
from codeio_ops.sandbox.base import Limits, RunResult, Sandbox, StoredProgram, Verdict
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import Shard
from codeio_ops.verify.answers import run_inputs

log = logging.getLogger(__name__)

HOLDS = "same_output"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPair(StoredProgram):
    """A stored pair with its program."""

    io_pair_id: UUID
    input: Json
    output: Json


def recheck_pairs(
    shard: Shard, *, store: Store, sandbox: Sandbox, writer: FactWriter, settings: Settings
) -> Counter[str]:
    """Run the stale pairs of the shard again, and store whether each output is the same.

    Idempotent by (pair, image).

    Returns:
        Counts by outcome: `same_output`, `other_output`, or the verdict of a failed call.

    Raises:
        SandboxFault: the sandbox failed; pairs checked before are stored.
    """
    image = sandbox.image_digest
    stale = store.fetch("stale.recheck", StoredPair, low=shard.low, high=shard.high, image=image)
    programs = [list(group) for _, group in groupby(stale, key=attrgetter("program_id"))]
    counts: Counter[str] = Counter()
    for pairs in tracked(programs, total=len(programs), what="programs with stale pairs"):
        results = run_inputs(
            pairs[0].program,
            [pair.input for pair in pairs],
            sandbox=sandbox,
            limits=Limits(cpu_s=settings.call_cpu_s),
        )
        checks = [
            PairCheck.new(
                pair.io_pair_id,
                sandbox_image_digest=image,
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
