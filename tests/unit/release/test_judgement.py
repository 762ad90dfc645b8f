"""Only a release that was let through can be handed to `publish`."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from codeio_ops.errors import GateFailed
from codeio_ops.release.assemble import Release
from codeio_ops.release.judgement import GateStanding, Judgement, PassedRelease, Standing


def _release(status: str) -> Release:
    return Release(
        release_id=UUID(int=1), name="codeio", version=1, recipe={}, content_sha256="0",
        status=status, samples=1, funnel=[], teachers=[], uri="", manifest_sha256="",
        created_at=datetime(2026, 1, 1, tzinfo=UTC), published_at=None,
    )  # fmt: skip


def _judgement(standing: Standing) -> Judgement:
    standings = [
        GateStanding(gate="integrity", standing="passed"),
        GateStanding(gate="leakage", standing=standing),
    ]
    return Judgement(standings=standings, results=[], overrides=[])


@pytest.mark.parametrize("standing", ["missing", "failed", "rejected", "undecided"])
def test_a_candidate_that_a_gate_holds_back_is_no_passed_release(standing: Standing) -> None:
    with pytest.raises(GateFailed, match="codeio v1 failed: leakage"):
        PassedRelease(release=_release("candidate"), judgement=_judgement(standing))


@pytest.mark.parametrize(
    ("status", "standing"),
    [("candidate", "passed"), ("candidate", "overridden"), ("published", "missing")],
)
def test_what_was_let_through_or_is_published_is_one(status: str, standing: Standing) -> None:
    release = _release(status)
    passed = PassedRelease(release=release, judgement=_judgement(standing))
    assert passed.release is release
