"""The determinism audit: do pairs come out again, elsewhere, later, in another order?"""

from itertools import groupby
from operator import attrgetter
from uuid import UUID

from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.quality.judges import Judge
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement
from codeio_ops.sample.recheck import StoredPair
from codeio_ops.sandbox.base import Limits, RunResult, Sandbox, Verdict

# Twice what sampling and confirming use, which derive theirs from the program.
_SEED = 0x5EED


def determinism(inputs: GateInputs) -> Measurement:
    """Run pairs again in fresh containers under another hash seed.

    All that were not run so in this image are, and a random sample of the others.
    """
    sandbox = inputs.open_auditing_sandbox()
    judge = Judge.of(
        "determinism",
        "codeio_ops.quality.determinism",
        "codeio_ops.sandbox.surroundings",
        inputs=[sandbox.image_digest],
    )
    pairs = inputs.pairs_to_run(judge)
    changed = audit(pairs, sandbox=sandbox, cpu_s=inputs.settings.call_cpu_s)
    inputs.keep_passed(judge, pairs, besides=changed)
    lines: list[Json] = list[Json](changed.values())
    return Measurement(
        metric="pairs that came out otherwise",
        value=len(changed),
        threshold=0,
        evidence={
            "pairs": inputs.count_pairs(),
            "audited": len(pairs),
            "changed": lines[:MAX_EVIDENCE],
        },
    )


def audit(pairs: list[StoredPair], *, sandbox: Sandbox, cpu_s: float) -> dict[UUID, str]:
    """Return the pairs whose output is another one now, with a line about each.

    Args:
        pairs: Pairs in the order of their programs.
        sandbox: Runs the programs; inputs go in reverse order, under a seed of the audit.
        cpu_s: CPU seconds a call may use.
    """
    changed: dict[UUID, str] = {}
    for _, group in groupby(pairs, key=attrgetter("program_id")):
        mine = list(group)[::-1]
        given = [pair.input for pair in mine]
        results = sandbox.run(mine[0].program, given, limits=Limits(cpu_s=cpu_s), seed=_SEED)
        changed |= {
            pair.io_pair_id: f"{pair.io_pair_id} of program {pair.program_id}: {problem}"
            for pair, result in zip(mine, results, strict=True)
            if (problem := _problem(pair, result))
        }
    return changed


def _problem(pair: StoredPair, result: RunResult) -> str:
    if result.verdict is not Verdict.OK:
        return str(result.verdict)
    return "" if canonical(result.value) == canonical(pair.output) else "another output"
