"""Gates: what must hold of a release candidate before it is published.

A gate measures one number that must not exceed its threshold, and keeps the evidence. All
of them run, so that a rejected release shows everything that is wrong with it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.errors import GateFailed
from codeio_ops.fingerprint import content_id
from codeio_ops.jsonvalue import Json
from codeio_ops.quality.expectations import judge_expectations
from codeio_ops.quality.leakage import BenchmarkIndex
from codeio_ops.quality.self_test import PairToTest, self_test
from codeio_ops.records import GateResult
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.release.rows import SampleText
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.queries import check_names
from codeio_ops.storage.runs import FactWriter

log = logging.getLogger(__name__)

MAX_EVIDENCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What a gate found: `value` must be at most `threshold`."""

    metric: str
    value: float
    threshold: float
    evidence: Json

    @property
    def passed(self) -> bool:
        """Whether the gate lets the release through."""
        return self.value <= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInputs:
    """What gates judge with; a gate that runs no program opens no sandbox."""

    release_id: UUID
    store: Store
    open_sandbox: Callable[[], Sandbox]
    open_objects: Callable[[], ObjectStore]
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """The latest result of a gate."""

    gate: str
    passed: bool
    metric: str
    value: float
    threshold: float
    evidence: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duplicate:
    sample_id: str
    copies: int


def integrity(inputs: GateInputs) -> Measurement:
    """Run every check of `sql/checks/`; each returns the samples that break it."""
    evidence: dict[str, Json] = {}
    total = 0
    with inputs.store.transaction() as transaction:
        for name in check_names():
            offenders = transaction.offenders(name, release_id=inputs.release_id)
            total += len(offenders)
            if offenders:
                evidence[name] = [str(item) for item in offenders[:MAX_EVIDENCE]]
    return Measurement(
        metric="rows that break a check",
        value=total,
        threshold=0,
        evidence={"checks": list(check_names()), "offenders": evidence},
    )


def duplicates(inputs: GateInputs) -> Measurement:
    """Count samples whose prompt stands in the release more than once."""
    found = inputs.store.fetch(
        "release.duplicate_prompts", _Duplicate, release_id=inputs.release_id
    )
    return Measurement(
        metric="samples with a repeated prompt",
        value=sum(item.copies for item in found),
        threshold=0,
        evidence={"samples": [item.sample_id for item in found[:MAX_EVIDENCE]]},
    )


def leakage(inputs: GateInputs) -> Measurement:
    """Count samples that hold 13 words in a row of a benchmark question."""
    index = BenchmarkIndex.load(inputs.store)
    samples = inputs.store.fetch("release.samples", SampleText, release_id=inputs.release_id)
    found = {str(s.sample_id): index.hits(_training_texts(s)) for s in samples}
    leaking = {sample_id: hits for sample_id, hits in found.items() if hits}
    return Measurement(
        metric="samples with a 13-gram of a benchmark question",
        value=len(leaking),
        threshold=0,
        evidence={
            "benchmarks": inputs.store.fetch_json("benchmark.all"),
            "samples": {k: [str(h) for h in v] for k, v in list(leaking.items())[:MAX_EVIDENCE]},
        },
    )


def verifier_self_test(inputs: GateInputs) -> Measurement:
    """Send stored pairs through the verifier as answers: true ones pass, altered ones fail."""
    pairs = inputs.store.fetch("release.pairs_to_test", PairToTest, release_id=inputs.release_id)
    report = self_test(pairs, sandbox=inputs.open_sandbox(), cpu_s=inputs.cpu_s)
    misjudged: list[Json] = list(report.misjudged[:MAX_EVIDENCE])
    return Measurement(
        metric="answers that the verifier judged wrongly",
        value=len(report.misjudged),
        threshold=0,
        evidence={"pairs": len(pairs), "answers": report.answers, "misjudged": misjudged},
    )


def expectations(inputs: GateInputs) -> Measurement:
    """Run the Great Expectations suite over the candidate."""
    release = find_release(inputs.store, inputs.release_id)
    report = judge_expectations(release, store=inputs.store, objects=inputs.open_objects())
    return Measurement(
        metric="expectations that do not hold",
        value=len(report.failed),
        threshold=0,
        evidence=report.evidence(),
    )


GATES: Mapping[str, Callable[[GateInputs], Measurement]] = {
    "duplicates": duplicates,
    "expectations": expectations,
    "integrity": integrity,
    "leakage": leakage,
    "verifier_self_test": verifier_self_test,
}


def run_gate(gate: str, release: Release, inputs: GateInputs, *, writer: FactWriter) -> bool:
    """Judge a candidate by one gate, store the result, and return whether it passed.

    A published release has passed; it is not judged again.
    """
    if release.status == "published":
        return True
    measured = GATES[gate](inputs)
    writer.write([_row(gate, release, measured, writer.run.stage_run_id)])
    log.info(
        "gate %s: %s = %g (at most %g)", gate, measured.metric, measured.value,
        measured.threshold, extra={"action": "gate"},
    )  # fmt: skip
    return measured.passed


def decide(release: Release, *, store: Store) -> None:
    """Let a candidate through when every gate passed; else mark it rejected.

    Raises:
        GateFailed: a gate failed, or has not judged it.
    """
    if release.status == "published":
        return
    results = gate_results(store, release.release_id)
    passed = {result.gate for result in results if result.passed}
    failed = sorted(GATES.keys() - passed)
    status = "rejected" if failed else "candidate"
    with store.transaction() as transaction:
        transaction.execute("release.set_status", release_id=release.release_id, status=status)
    if failed:
        raise GateFailed(
            f"{release.name} v{release.version} failed: {', '.join(failed)}",
            cure=f"see the evidence: codeio release show {release.name} {release.version}",
        )


def gate_results(store: Store, release_id: UUID) -> list[StoredResult]:
    """Return the latest result of each gate on a release."""
    return store.fetch("release.gate_results", StoredResult, release_id=release_id)


def _training_texts(sample: SampleText) -> list[str]:
    """Return the texts a model would learn from, without the words of our own template."""
    return [
        sample.problem_statement,
        sample.io_description,
        sample.reference_code,
        sample.turn_1,
        sample.turn_2 or "",
    ]


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
        stage_run_id=stage_run_id,
    )
