"""The determinism audit: do pairs come out again, elsewhere, later, in another order?"""

from itertools import groupby
from operator import attrgetter

from codeio_ops.fingerprint import sha256_hex
from codeio_ops.jsonvalue import Json, canonical
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement
from codeio_ops.sample.recheck import StoredPair
from codeio_ops.sandbox.base import Limits, RunResult, Sandbox, Verdict

# Twice what sampling and confirming use, which derive theirs from the program.
_SEED = 0x5EED


def determinism(inputs: GateInputs) -> Measurement:
    """Run a random sample of pairs again in fresh containers under another hash seed."""
    pairs = inputs.store.fetch("release.pairs_to_test", StoredPair, release_id=inputs.release_id)
    chosen = _draw(pairs, inputs.settings.audited_pairs, salt=str(inputs.release_id))
    changed = audit(
        chosen, sandbox=inputs.open_auditing_sandbox(), cpu_s=inputs.settings.call_cpu_s
    )
    evidence: list[Json] = list(changed[:MAX_EVIDENCE])
    return Measurement(
        metric="pairs that came out otherwise",
        value=len(changed),
        threshold=0,
        evidence={"pairs": len(pairs), "audited": len(chosen), "changed": evidence},
    )


def audit(pairs: list[StoredPair], *, sandbox: Sandbox, cpu_s: float) -> list[str]:
    """Return a line for each pair whose output is another one now.

    Args:
        pairs: Pairs in the order of their programs.
        sandbox: Runs the programs; inputs go in reverse order, under a seed of the audit.
        cpu_s: CPU seconds a call may use.
    """
    changed = []
    for _, group in groupby(pairs, key=attrgetter("program_id")):
        mine = list(group)[::-1]
        given = [pair.input for pair in mine]
        results = sandbox.run(mine[0].program, given, limits=Limits(cpu_s=cpu_s), seed=_SEED)
        changed += [
            f"{pair.io_pair_id} of program {pair.program_id}: {problem}"
            for pair, result in zip(mine, results, strict=True)
            if (problem := _problem(pair, result))
        ]
    return changed


def _draw(pairs: list[StoredPair], wanted: int, *, salt: str) -> list[StoredPair]:
    """Return `wanted` pairs, another draw for each salt but always the same for one."""
    by_chance = sorted(pairs, key=lambda pair: sha256_hex(f"{salt}{pair.io_pair_id}".encode()))
    return sorted(by_chance[:wanted], key=lambda pair: (pair.program_id, pair.io_pair_id))


def _problem(pair: StoredPair, result: RunResult) -> str:
    if result.verdict is not Verdict.OK:
        return str(result.verdict)
    return "" if canonical(result.value) == canonical(pair.output) else "another output"
