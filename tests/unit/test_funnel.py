"""The funnel: what came out, what waits, and the order and units of the table."""

import pytest

from codeio_ops.funnel import DropTally, StageTally, VerdictTally, build_funnel


def _stage(stage: str, **counts: int) -> StageTally:
    closed = counts.get("settled", 0) + counts.get("dropped", 0)
    return StageTally(stage=stage, **{"closed": closed, **counts})


def test_what_waits_is_what_came_in_less_what_was_settled_or_dropped() -> None:
    found = [
        _stage("ingest", passed=10),
        _stage("transform", passed=6, settled=6, dropped=1),
        _stage("sample", passed=50, settled=5, dropped=1),
    ]
    steps = {step.stage: step for step in build_funnel(found, [], [], whole=True)}
    assert (steps["transform"].waiting, steps["sample"].waiting) == (3, 0)
    assert steps["sample"].passed == 5
    assert steps["sample"].share == pytest.approx(5 / 6)


def test_a_stage_that_the_page_does_not_know_is_shown_last() -> None:
    found = [_stage("audit", passed=3), _stage("ingest", passed=1)]
    drops = [DropTally(stage="audit", reason="odd", rows=2)]
    steps = build_funnel(found, drops, [], whole=True)
    assert steps[-1].stage == "audit"
    assert [drop.reason for drop in steps[-1].drops] == ["odd"]


def test_rows_that_a_filter_drops_wait_nowhere() -> None:
    found = [
        _stage("ingest", passed=10),
        _stage("dedup", dropped=3),
        _stage("screen", dropped=1),
        _stage("transform", passed=6, settled=6),
        _stage("dedup programs", dropped=2),
        _stage("sample", passed=40, settled=4),
    ]
    steps = {step.stage: step for step in build_funnel(found, [], [], whole=True)}
    assert (steps["dedup"].passed, steps["screen"].passed) == (7, 6)
    assert (steps["transform"].waiting, steps["sample"].waiting) == (0, 0)


def test_the_share_of_answers_is_the_share_that_is_correct() -> None:
    verdicts = [VerdictTally(verdict="correct", rows=3), VerdictTally(verdict="wrong", rows=1)]
    steps = build_funnel([_stage("verify", passed=4)], [], verdicts, whole=False)
    assert steps[0].share == pytest.approx(0.75)
    assert [row.verdict for row in steps[0].wrong] == ["wrong"]
