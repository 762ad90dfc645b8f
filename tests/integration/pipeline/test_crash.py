"""Killed in the middle of every stage and run again, the release is the undisturbed one."""

from functools import partial
from typing import Any

import pytest

from codeio_ops.release.recipe import Recipe
from support.road import CORPUS, Fuse, Killed, Road

# Where each stage is killed: the part, its method, and the calls (of a teacher: replies) that
# still work. So some of the work is done then, and not all of it.
KILLS = {
    "ingest": ("writer", "write", 0),  # the texts are in S3, the facts are not
    "dedup": ("writer", "write", 0),
    "transform": ("teacher", "complete_all", 5),
    "dedup programs": ("writer", "write", 0),
    "sample": ("sandbox", "run", 7),
    "prompt": ("writer", "write", 1),  # one shard of several
    "answer": ("teacher", "complete_all", 9),
    "verify": ("sandbox", "run", 3),
    "revise": ("teacher", "complete_all", 4),
    "verify again": ("sandbox", "run", 2),
}
WRITES = {
    "transform": "teacher_call",
    "prompt": "prompt",
    "answer": "response",
    "verify": "verdict",
}


def _killed_in(road: Road, stage: str) -> Road:
    part, method, calls = KILLS[stage]
    fuse = Fuse(calls)
    if part == "sandbox":
        damaged: Any = fuse.on_calls(road.sandbox, method)
    elif part == "teacher":
        damaged = partial(fuse.on_results, method=method)
    else:
        damaged = partial(fuse.on_calls, method=method)
    return road.with_parts(run_id=f"killed in {stage}", **{part: damaged})


def test_a_run_killed_in_every_stage_ends_with_the_same_release(
    empty_road: Road, finished_road: Road
) -> None:
    empty_road.add(f"directory:{CORPUS}")
    for stage in empty_road.stages():
        if stage != "screen":  # with no benchmark it has nothing to write
            with pytest.raises(Killed):
                _killed_in(empty_road, stage).stages()[stage]()
        if stage in WRITES:
            assert 0 < empty_road.rows(WRITES[stage]) < finished_road.rows(WRITES[stage])
        empty_road.with_parts(run_id=f"after {stage}").stages()[stage]()
    _kill_while_releasing(empty_road)
    release = empty_road.with_parts(run_id="at last").release(Recipe())
    (undisturbed,) = finished_road.releases()
    assert release.content_sha256 == undisturbed.content_sha256
    for table in ("program", "io_pair", "prompt", "response", "verdict", "teacher_call", "sample"):
        assert empty_road.rows(table) == finished_road.rows(table)


def _kill_while_releasing(road: Road) -> None:
    """Kill the assembly, then the gates, then the publishing before its manifest."""
    with pytest.raises(Killed):
        road.with_parts(writer=partial(Fuse(1).on_calls, method="write")).assemble(Recipe())
    assert road.releases() == []
    candidate = road.assemble(Recipe())
    with pytest.raises(Killed):
        road.with_parts(sandbox=Fuse(4).on_calls(road.sandbox, "run")).judge(candidate)
    assert all(road.with_parts(run_id="judged again").judge(candidate).values())
    with pytest.raises(Killed):
        road.with_parts(objects=partial(Fuse(2).on_calls, method="put_new")).promote(candidate)
    assert len(road.bucket.keys("releases/")) == 2
    assert road.found(candidate).status == "candidate"
