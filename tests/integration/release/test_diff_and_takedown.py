"""Why rows come, go and change; and what a takedown reaches."""

from collections import Counter

import pytest

from codeio_ops.errors import NothingToTakeDown
from codeio_ops.fingerprint import content_id
from codeio_ops.reasons import DropReason
from codeio_ops.release.assemble import Release
from codeio_ops.release.diff import ReleaseDiff, diff_releases
from codeio_ops.release.readback import verify_release
from codeio_ops.release.rows import SPLITS, SampleText, read_rows
from codeio_ops.release.takedown import Kind, reach_of, take_down
from codeio_ops.storage.objects import ObjectStore

from .conftest import Facts


def counted(diff: ReleaseDiff) -> Counter[tuple[str, str]]:
    return Counter({(change, why): count for change, why, count in diff.reasons()})


def rows_of(facts: Facts, release: Release) -> list[SampleText]:
    return [row for split in SPLITS for row in read_rows(facts.store, release.release_id, split)]


def test_diff_explains_rows_that_came_went_and_changed(facts: Facts) -> None:
    old = facts.assemble("codeio")
    facts.drop(2, DropReason.NEAR_DUPLICATE)
    facts.write(8)
    changed = next(
        row for row in rows_of(facts, old)
        if row.verdict_1 == "correct" and row.program_id != content_id("program", 2)
    )  # fmt: skip
    facts.judge_anew(changed.prompt_id, right=False)
    new = facts.assemble("codeio")
    diff = diff_releases(old, new, store=facts.store)
    # The row judged anew waits for its revision, so it went with a reason of its own.
    assert counted(diff) == Counter(
        {
            ("went", "near_duplicate: for a test"): 6,
            ("came", "its conversation was finished after v1 was assembled"): 6,
            ("went", "its conversation was judged anew, and the recipe no longer takes it"): 1,
        }
    )
    assert diff.unchanged == old.samples - 7
    assert not diff.recipe


def test_diff_names_the_verdict_that_changed(facts: Facts) -> None:
    old = facts.assemble("codeio")
    wrong = next(row for row in rows_of(facts, old) if row.verdict_1 == "wrong")
    facts.judge_anew(wrong.prompt_id, right=True)
    diff = diff_releases(old, facts.assemble("codeio"), store=facts.store)
    assert [(row.change, row.prompt_id, row.why) for row in diff.rows] == [
        ("changed", wrong.prompt_id, "first verdict wrong -> correct by verifier-1 -> verifier-2")
    ]


def test_diff_of_two_recipes_names_what_they_leave_out(facts: Facts) -> None:
    all_rows, right_rows = facts.assemble("codeio"), facts.assemble("drop_wrong")
    gone = diff_releases(all_rows, right_rows, store=facts.store)
    back = diff_releases(right_rows, all_rows, store=facts.store)
    reason = "its answer is wrong; the recipe drops wrong ones"
    assert counted(gone) == {("went", reason): all_rows.samples - right_rows.samples}
    assert counted(back) == {
        ("came", f"drop_wrong v1 left it out: {reason}"): all_rows.samples - right_rows.samples
    }
    assert 'wrong: "keep" -> "drop"' in gone.recipe


@pytest.mark.parametrize(
    ("kind", "value", "programs"),
    [
        ("repository", "octocat/maths", {1, 4, 7}),
        ("repository", "algorithms", {2, 5}),
        ("path", "lib", {0, 3, 6}),
        ("path", "lib/add3.py", {3}),
        ("author", "charles babbage", {2, 5}),
        ("author", "ada@example.org", {2, 5}),
        ("licence", "Apache-2.0", {1, 4, 7}),
    ],
)
def test_takedown_reaches_just_the_files_it_names(
    facts: Facts, kind: Kind, value: str, programs: set[int]
) -> None:
    release = facts.assemble("codeio")
    reach = reach_of(kind, value, store=facts.store)
    assert reach.raw_files == len(programs)
    assert [(item.name, item.samples) for item in reach.releases] == [("codeio", 6 * len(programs))]
    take_down(kind, value, reason="asked", store=facts.store, writer=facts.writer)
    left = {row.program_id for row in rows_of(facts, facts.assemble("codeio"))}
    assert left == {content_id("program", n) for n in range(8)} - {
        content_id("program", n) for n in programs
    }
    assert reach.authorless_files == 6
    assert release.version == 1


def test_takedown_makes_the_next_version_and_later_ones_stay_without(
    facts: Facts, objects: ObjectStore
) -> None:
    old = facts.assemble("codeio")
    old = facts.publish(old, objects)
    facts.assemble("drop_wrong")
    done = take_down("licence", "MIT", reason="asked", store=facts.store, writer=facts.writer)
    [candidate] = done.candidates
    assert (candidate.name, candidate.version, candidate.status) == ("codeio", 2, "candidate")
    assert {row.licence for row in rows_of(facts, candidate)} == {"Apache-2.0"}
    verify_release("codeio", 1, objects=objects)

    diff = diff_releases(old, candidate, store=facts.store)
    assert counted(diff) == {("went", "taken down: licence MIT (asked)"): 30}

    facts.write(10, 11)  # of the second source, under Apache-2.0, and the third, under MIT
    later = {row.program_id for row in rows_of(facts, facts.assemble("codeio"))}
    assert content_id("program", 10) in later
    assert content_id("program", 11) not in later


def test_takedown_of_all_rows_leaves_no_candidate(facts: Facts, objects: ObjectStore) -> None:
    facts.publish(facts.assemble("codeio"), objects)
    take_down("licence", "MIT", reason="asked", store=facts.store, writer=facts.writer)
    done = take_down("licence", "Apache-2.0", reason="too", store=facts.store, writer=facts.writer)
    assert (done.candidates, done.emptied) == ((), ("codeio",))


def test_takedown_of_what_is_not_there_is_not_recorded(facts: Facts) -> None:
    with pytest.raises(NothingToTakeDown):
        take_down("author", "nobody", reason="x", store=facts.store, writer=facts.writer)
    assert facts.assemble("codeio").samples == 48
