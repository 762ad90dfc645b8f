"""Why rows come, go and change; and what a takedown reaches."""

from collections import Counter

import pytest
from typer.testing import CliRunner

from codeio_ops.cli.app import app
from codeio_ops.config import Settings
from codeio_ops.errors import NothingToTakeDown, TakedownMissing
from codeio_ops.fingerprint import content_id
from codeio_ops.reasons import DropReason
from codeio_ops.release.assemble import Release
from codeio_ops.release.diff import ReleaseDiff, diff_releases
from codeio_ops.release.readback import verify_release
from codeio_ops.release.rows import SPLITS, SampleText, read_rows
from codeio_ops.release.takedown import (
    Kind,
    Within,
    known_takedowns,
    reach_of,
    take_down,
    undo_takedown,
)
from codeio_ops.storage.objects import ObjectStore
from support.facts import FactBuilder
from support.shell import set_shell

from .conftest import SOURCES, Facts


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


@pytest.mark.parametrize(
    ("within", "programs"),
    [
        (Within(kind="repository", name="octocat/maths"), {1}),
        (Within(kind="source", name="directory:/src/tools"), {0}),
        (Within(kind="source", name="/src/tools"), {0}),
        (None, {0, 1}),
    ],
)
def test_a_path_is_taken_down_where_it_is_meant(
    facts: Facts, within: Within | None, programs: set[int]
) -> None:
    _also_seen(facts, 0, "same.py", place=0)
    _also_seen(facts, 1, "octocat/maths/same.py" if within else "same.py", place=1)
    reach = reach_of("path", "same.py", store=facts.store, within=within)
    assert (reach.raw_files, len(reach.sources)) == (len(programs), len(programs))
    take_down(
        "path", "same.py", reason="asked", store=facts.store, writer=facts.writer, within=within
    )
    left = {row.program_id for row in rows_of(facts, facts.assemble("codeio"))}
    assert {n for n in range(8) if content_id("program", n) not in left} == programs


def test_a_place_without_the_path_is_no_takedown(facts: Facts) -> None:
    within = Within(kind="source", name="pypi:algorithms==1.0.1")
    with pytest.raises(NothingToTakeDown, match="in the source pypi"):
        take_down("path", "lib", reason="x", store=facts.store, writer=facts.writer, within=within)


def test_a_takedown_is_undone_by_a_fact_and_may_be_taken_again(facts: Facts) -> None:
    whole = facts.assemble("codeio")
    done = take_down("path", "lib", reason="asked", store=facts.store, writer=facts.writer)
    without = facts.assemble("codeio")
    undo_takedown(
        done.takedown_id, reason="it was a mistake", store=facts.store,
        writer=facts.writer_of("undo"),
    )  # fmt: skip
    assert facts.assemble("codeio").release_id == whole.release_id
    assert counted(diff_releases(whole, without, store=facts.store)) == {
        ("went", "taken down: path lib (asked)"): 18
    }
    with pytest.raises(TakedownMissing, match="was undone on"):
        undo_takedown(done.takedown_id, reason="x", store=facts.store, writer=facts.writer)
    again = take_down(
        "path", "lib", reason="after all", store=facts.store, writer=facts.writer_of("again")
    )
    assert again.takedown_id != done.takedown_id
    assert facts.assemble("codeio").release_id == without.release_id
    assert [(each.reason, each.undone_at is None) for each in known_takedowns(facts.store)] == [
        ("asked", False), ("after all", True),
    ]  # fmt: skip


def test_a_path_alone_is_taken_down_only_after_asking(
    facts: Facts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_shell(monkeypatch, settings)
    words = ["release", "takedown", "--path", "lib", "--reason", "asked"]
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 2
    assert "seen in 1 sources (directory:/src/tools)" in " ".join(refused.output.split())
    assert known_takedowns(facts.store) == []
    done = CliRunner().invoke(app, [*words, "--source", "/src/tools"])
    assert done.exit_code == 0, done.output
    (known,) = known_takedowns(facts.store)
    assert (known.place, known.files) == ("/src/tools", 3)
    assert f"--undo {known.takedown_id}" in done.output
    assert str(known.takedown_id) in CliRunner().invoke(app, ["release", "takedowns"]).output


@pytest.mark.parametrize(
    "words",
    [
        ("--source", "/src/tools"),
        ("--repository", "a", "--author", "b"),
        ("--path", "a", "--repository", "b", "--source", "c"),
        (),
    ],
)
def test_what_names_no_one_takedown_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["release", "takedown", *words, "--dry-run"]).exit_code == 2


def _also_seen(facts: Facts, number: int, path: str, *, place: int) -> None:
    """Let the file of a program be seen at one more path."""
    writer = facts.writer_of(f"also {path} of {number}")
    code = f"def main(x):\n    return {{'sum': x + {number}}}\n" + "# more\n" * number
    builder = FactBuilder(writer.run.stage_run_id)
    builder.file(code, source=SOURCES[place], path=path)
    writer.write(builder.records)
