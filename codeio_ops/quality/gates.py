"""Gates: what must hold of a release candidate before it is published.

A gate measures one number that must not exceed its threshold, and keeps the evidence. All
of them run, so that a rejected release shows everything that is wrong with it.
"""

import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.determinism import determinism
from codeio_ops.quality.duplicates import duplicates
from codeio_ops.quality.expectations import judge_expectations
from codeio_ops.quality.information import information
from codeio_ops.quality.judges import Judge
from codeio_ops.quality.leakage.gate import leakage
from codeio_ops.quality.licences import licences
from codeio_ops.quality.measurement import MAX_EVIDENCE, GateInputs, Measurement
from codeio_ops.quality.secrets import personal_data, secrets
from codeio_ops.quality.self_test import self_test
from codeio_ops.quality.splits import splits
from codeio_ops.records import GateResult
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.storage.queries import check_names

log = logging.getLogger(__name__)


def integrity(inputs: GateInputs) -> Measurement:
    """Run every check of `sql/checks/`; each returns the samples that break it."""
    evidence: dict[str, Json] = {}
    counts: dict[str, Json] = {}
    total = 0
    with inputs.store.transaction() as transaction:
        for name in check_names():
            offenders = transaction.offenders(name, release_id=inputs.release_id)
            total += len(offenders)
            if offenders:
                counts[name] = len(offenders)
                evidence[name] = [str(item) for item in offenders[:MAX_EVIDENCE]]
    return Measurement(
        metric="rows that break a check",
        value=total,
        threshold=0,
        evidence={"checks": list(check_names()), "counts": counts, "offenders": evidence},
    )


def verifier_self_test(inputs: GateInputs) -> Measurement:
    """Send stored pairs through the verifier as answers: true ones pass, altered ones fail.

    All that this verifier was not tested with are sent, and some of the others.
    """
    sandbox = inputs.open_sandbox()
    judge = Judge.of(
        "verifier_self_test",
        "codeio_ops.verify",
        "codeio_ops.unified_form",
        "codeio_ops.quality.mutations",
        "codeio_ops.quality.self_test",
        inputs=[sandbox.image_digest],
    )
    pairs = inputs.pairs_to_run(judge)
    report = self_test(pairs, sandbox=sandbox, cpu_s=inputs.settings.call_cpu_s)
    inputs.keep_passed(judge, pairs, besides=report.misjudged)
    misjudged: list[Json] = [line for lines in report.misjudged.values() for line in lines]
    return Measurement(
        metric="answers that the verifier judged wrongly",
        value=len(misjudged),
        threshold=0,
        evidence={
            "pairs": inputs.count_pairs(),
            "tested": len(pairs),
            "answers": report.answers,
            "misjudged": misjudged[:MAX_EVIDENCE],
        },
    )


def expectations(inputs: GateInputs) -> Measurement:
    """Run the Great Expectations suite over the candidate."""
    release = find_release(inputs.store, inputs.release_id)
    report = judge_expectations(
        release, store=inputs.store, objects=inputs.objects, writer=inputs.writer
    )
    return Measurement(
        metric="expectations that do not hold",
        value=len(report.failed),
        threshold=0,
        evidence=report.evidence(),
        severity=report.severity,
    )


Gate = Callable[[GateInputs], Measurement]

GATES: Mapping[str, Gate] = {
    "determinism": determinism,
    "duplicates": duplicates,
    "expectations": expectations,
    "information": information,
    "integrity": integrity,
    "leakage": leakage,
    "licences": licences,
    "personal_data": personal_data,
    "secrets": secrets,
    "splits": splits,
    "verifier_self_test": verifier_self_test,
}
# Those that run programs.
SANDBOX_GATES = ("determinism", "verifier_self_test")


def run_gate(gate: str, release: Release, inputs: GateInputs) -> bool:
    """Judge a candidate by one gate, store the result, and return whether it passed.

    A published release has passed; it is not judged again.
    """
    if release.status == "published":
        return True
    measured = GATES[gate](inputs)
    inputs.writer.write([_row(gate, release, measured, inputs.writer.run.stage_run_id)])
    log.info(
        "gate %s: %s = %g (at most %g)", gate, measured.metric, measured.value,
        measured.threshold, extra={"action": "gate"},
    )  # fmt: skip
    return measured.passed


def _row(gate: str, release: Release, measured: Measurement, stage_run_id: UUID) -> GateResult:
    return GateResult(
        gate_result_id=content_id("gate_result", str(release.release_id), gate, str(stage_run_id)),
        release_id=release.release_id,
        gate=gate,
        passed=measured.passed,
        metric=measured.metric,
        value=measured.value,
        threshold=measured.threshold,
        evidence=measured.evidence,
        severity=measured.severity,
        stage_run_id=stage_run_id,
    )
