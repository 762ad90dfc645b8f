"""Killed in the middle of every stage and run again, the release is the undisturbed one."""

from functools import partial

import pytest

from codeio_ops.release.recipe import Recipe
from support.road import CORPUS, Fuse, Killed, Road

# Where each stage is killed: the part, its method, and the calls (of a teacher: replies) that
# still work. So some of the work is done then, and not all of it.
KILLS = {
    "ingest_code.ingest": ("writer", "write", 0),  # the texts are in S3, the facts are not
    "ingest_code.deduplicate": ("writer", "write", 0),
    "build_programs.transform": ("teacher", "complete_all", 5),
    "build_programs.deduplicate": ("writer", "write", 0),
    "build_programs.sample": ("sandbox", "run", 7),
    "answer_prompts.prompt": ("writer", "write", 1),  # one shard of several
    "answer_prompts.answer": ("teacher", "complete_all", 9),
    "answer_prompts.verify": ("sandbox", "run", 3),
    "answer_prompts.revise": ("teacher", "complete_all", 4),
    "answer_prompts.verify_revisions": ("sandbox", "run", 2),
}
WRITES = {
    "build_programs.transform": "teacher_call",
    "answer_prompts.prompt": "prompt",
    "answer_prompts.answer": "response",
    "answer_prompts.verify": "verdict",
}


def _killed_in(road: Road, task: str) -> Road:
    part, method, calls = KILLS[task]
    fuse = Fuse(calls)
    counted = fuse.on_results if part == "teacher" else fuse.on_calls
    return road.with_parts(
        run_id=f"killed in {task}", wrapped={part: partial(counted, method=method)}
    )


def test_a_run_killed_in_every_stage_ends_with_the_same_release(
    empty_road: Road, finished_road: Road
) -> None:
    empty_road.add(f"directory:{CORPUS}")
    for task in empty_road.tasks():
        if task != "build_programs.screen":  # killed where it screens what is finished
            with pytest.raises(Killed):
                _killed_in(empty_road, task).tasks()[task]()
        if task in WRITES:
            assert 0 < empty_road.rows(WRITES[task]) < finished_road.rows(WRITES[task])
        empty_road.with_parts(run_id=f"after {task}").tasks()[task]()
    _kill_while_releasing(empty_road)
    release = empty_road.with_parts(run_id="at last").release(Recipe())
    (undisturbed,) = finished_road.releases()
    assert release.content_sha256 == undisturbed.content_sha256
    for table in ("program", "io_pair", "prompt", "response", "verdict", "teacher_call", "sample"):
        assert empty_road.rows(table) == finished_road.rows(table)


def _wrapped(road: Road, part: str, fuse: Fuse, method: str) -> Road:
    return road.with_parts(wrapped={part: partial(fuse.on_calls, method=method)})


def _kill_while_releasing(road: Road) -> None:
    """Kill the assembly, then the gates, then the publishing before its manifest."""
    with pytest.raises(Killed):
        _wrapped(road, "writer", Fuse(1), "write").assemble(Recipe())
    assert road.releases() == []
    candidate = road.assemble(Recipe())
    with pytest.raises(Killed):
        _wrapped(road, "sandbox", Fuse(4), "run").judge(candidate)
    assert all(road.with_parts(run_id="judged again").judge(candidate).values())
    with pytest.raises(Killed):
        _wrapped(road, "objects", Fuse(2), "put_new").promote(candidate)
    assert len(road.bucket.keys("releases/")) == 2
    assert road.found(candidate).status == "candidate"
