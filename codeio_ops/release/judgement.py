"""What gates and people say of a release, and whether they let it through.

How a gate stands towards a release is said by the view `codeio.gate_standing`, which the
database itself asks before it takes a release as published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from codeio_ops.errors import GateFailed
from codeio_ops.jsonvalue import Json
from codeio_ops.release.assemble import Release
from codeio_ops.release.explanation import (
    Place,
    advices_of,
    broken_checks,
    example_in,
    places_in,
)
from codeio_ops.storage.engine import Store

# Who decides when nobody answers.
TIMEOUT = "timeout"

Standing = Literal["passed", "overridden", "undecided", "failed", "rejected", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """The latest result of a gate."""

    gate_result_id: UUID
    gate: str
    severity: str
    passed: bool
    metric: str
    value: float
    threshold: float
    evidence: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A decision about the latest result of a gate."""

    gate: str
    gate_result_id: UUID
    approved: bool
    decided_by: str
    decided_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStanding:
    """How a gate that must judge stands towards a release."""

    gate: str
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All that was judged about a release.

    Attributes:
        standings: One of each gate that must judge it, by gate.
        results: The latest result of each gate, by gate.
        overrides: The decisions about these results, by gate, oldest first.
    """

    standings: Sequence[GateStanding]
    results: Sequence[StoredResult]
    overrides: Sequence[Override]

    @property
    def lost(self) -> list[str]:
        """The gates that no person can let it through any more."""
        return self._gates("missing", "failed", "rejected")

    @property
    def undecided(self) -> list[str]:
        """The gates of which a person must still decide about the failure."""
        return self._gates("undecided")

    def _gates(self, *standings: Standing) -> list[str]:
        return [item.gate for item in self.standings if item.standing in standings]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedRelease:
    """A release that all its gates let through; nothing else can be published.

    Raises:
        GateFailed: it is not published yet, and a gate does not let it through.
    """

    release: Release
    judgement: Judgement

    def __post_init__(self) -> None:
        """Refuse a release that was not let through."""
        blocking = [*self.judgement.lost, *self.judgement.undecided]
        if blocking and self.release.status != "published":
            raise _failed(self.release, self.judgement, blocking, places={})


def gate_results(store: Store, release_id: UUID) -> list[StoredResult]:
    """Return the latest result of each gate on a release."""
    return store.fetch("release.gate_results", StoredResult, release_id=release_id)


def overrides(store: Store, release_id: UUID) -> list[Override]:
    """Return the decisions about the latest results of a release, by gate, oldest first."""
    return store.fetch("release.overrides", Override, release_id=release_id)


def judgement_of(store: Store, release_id: UUID) -> Judgement:
    """Return all that was judged about a release."""
    return Judgement(
        standings=store.fetch("release.gate_standings", GateStanding, release_id=release_id),
        results=gate_results(store, release_id),
        overrides=overrides(store, release_id),
    )


def decide(release: Release, *, store: Store) -> list[StoredResult]:
    """Return the failures that a person must still decide about; none lets the release go.

    Raises:
        GateFailed: a hard gate failed or has not judged it, or a person rejected it; the
            release is now `rejected`.
    """
    if release.status == "published":
        return []
    judgement = judgement_of(store, release.release_id)
    _reject_or_keep(release, judgement, judgement.lost, store)
    return [result for result in judgement.results if result.gate in judgement.undecided]


def settle(release: Release, *, store: Store) -> PassedRelease:
    """Let a candidate through when every gate passed or was overridden; else reject it.

    Raises:
        GateFailed: it is now `rejected`.
    """
    judgement = judgement_of(store, release.release_id)
    if release.status != "published":
        _reject_or_keep(release, judgement, [*judgement.lost, *judgement.undecided], store)
    return PassedRelease(release=release, judgement=judgement)


def describe(result: StoredResult, places: Mapping[str, Place]) -> str:
    """Say in a line what a gate measured, which checks are broken, and one example."""
    measured = f"{result.metric}: {result.value:g}, at most {result.threshold:g}"
    checks = [
        f"{check.name}, {check.rows}: {check.advice.meaning}"
        for check in broken_checks(result.evidence)
    ]
    example = example_in(result.evidence, places)
    return " ".join([measured, *(f"({check})" for check in checks), *_such_as(example)])


def _such_as(example: str) -> list[str]:
    return [f"such as {example}"] if example else []


def _reject_or_keep(
    release: Release, judgement: Judgement, blocking: Sequence[str], store: Store
) -> None:
    """Make it `rejected`, or a candidate (again) when nothing stands in its way."""
    status = "rejected" if blocking else "candidate"
    with store.transaction() as transaction:
        transaction.execute("release.set_status", release_id=release.release_id, status=status)
    if blocking:
        told: Json = [r.evidence for r in judgement.results if r.gate in blocking]
        raise _failed(release, judgement, blocking, places=places_in(told, store))


def _failed(
    release: Release, judgement: Judgement, gates: Sequence[str], *, places: Mapping[str, Place]
) -> GateFailed:
    """Return the error that names the gates with counts and an example, and says what to do."""
    results = {result.gate: result for result in judgement.results}
    rulings = {item.gate: item for item in judgement.overrides if not item.approved}
    causes, cures = [], []
    for gate in sorted(gates):
        result, ruling = results.get(gate), rulings.get(gate)
        cause = describe(result, places) if result else "it has not judged the release"
        causes.append(f"{gate}: {cause}" + (_ruled(ruling) if ruling else ""))
        evidence = result.evidence if result else None
        cures += [advice.cure for advice in advices_of(gate, evidence) if advice.cure]
    show = f"See all the evidence: codeio release show {release.name} {release.version}"
    return GateFailed(
        f"{release.name} v{release.version} failed: {'; '.join(causes)}",
        cure=" ".join([*dict.fromkeys(cures), show]),
    )


def _ruled(ruling: Override) -> str:
    if ruling.decided_by == TIMEOUT:
        return ", and nobody decided in time"
    return f", and {ruling.decided_by} rejected it: {ruling.reason or 'no reason given'}"
