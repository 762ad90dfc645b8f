"""What gates stop, and what nobody can do to a published release."""

from pathlib import Path

import pytest

from codeio_ops.errors import GateFailed, ReleaseCorrupt, ReleaseExists, ReleaseMissing
from codeio_ops.release.assemble import Release, assemble_release
from codeio_ops.release.diff import diff_releases
from codeio_ops.release.judgement import PassedRelease, judgement_of
from codeio_ops.release.pull import pull_release
from codeio_ops.release.readback import prefix_of, verify_release
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.refusal import left_out_counts, left_out_rows
from support.planted_benchmark import QUESTION, put_in_use
from support.road import LATE, Road

OTHER = Recipe(name="other")


def _plant_benchmark(road: Road) -> None:
    """Index the problem statement of one program as if it were a question of a benchmark."""
    ((statement,),) = road.ask(
        "SELECT problem_statement FROM codeio.program "
        "INNER JOIN codeio.raw_file_origin USING (raw_file_id) WHERE path = 'numbers/luhn.py'"
    )
    _index(road, f"A question. {statement} Answer it.")


def _index(road: Road, question: str) -> None:
    put_in_use(road.bucket, road.work("gate").writer, question=question)


def _corrupt_pair(road: Road) -> None:
    road.ask(
        "UPDATE codeio.io_pair SET output = '\"not what it returns\"' WHERE io_pair_id IN "
        "(SELECT io_pair_id FROM codeio.io_pair WHERE ordinal = 0 LIMIT 1) RETURNING 1"
    )


def test_a_program_that_holds_a_benchmark_question_stays_out(finished_road: Road) -> None:
    (first,) = finished_road.releases()
    _plant_benchmark(finished_road)
    release = finished_road.with_parts(run_id="planted").release(Recipe())
    assert (release.status, release.version) == ("published", 2)
    assert release.samples < first.samples
    drops = finished_road.ask("SELECT reason, detail FROM codeio.drop_record WHERE stage='screen'")
    ((reason, detail),) = drops
    assert reason == "leak"
    assert "planted/q/1" in detail
    diff = diff_releases(first, release, store=finished_road.store)
    assert diff.reasons() == [("went", f"leak: {detail}", first.samples - release.samples)]


def _plant_source(road: Road, directory: Path) -> None:
    """Add a source whose one file holds a benchmark question in a comment."""
    (directory / "leaky.py").write_text(f"{LATE}\n\n# {QUESTION}\n")
    road.add(f"directory:{directory}")
    _index(road, QUESTION)


def test_a_source_that_holds_a_benchmark_question_never_becomes_a_program(
    finished_road: Road, tmp_path: Path
) -> None:
    (first,) = finished_road.releases()
    programs = finished_road.rows("program")
    _plant_source(finished_road, tmp_path)
    assert finished_road.with_parts(run_id="planted").run() == first
    assert finished_road.rows("program") == programs
    ((path, detail),) = finished_road.ask(
        "SELECT path, detail FROM codeio.quarantined_file "
        "INNER JOIN codeio.raw_file_origin USING (raw_file_id)"
    )
    assert path == "leaky.py" and "planted/q/1" in detail


def test_without_quarantine_what_a_leaking_source_became_is_left_out_or_stopped_by_the_gate(
    finished_road: Road, tmp_path: Path
) -> None:
    (first,) = finished_road.releases()
    before = finished_road.bucket.keys("releases/")
    settings = finished_road.settings.model_copy(update={"quarantine_leaks": False})
    road = finished_road.with_parts(settings=settings, run_id="planted")
    _plant_source(road, tmp_path)
    assert road.run() == first
    (left_out,) = left_out_counts(road.store, first.release_id)
    assert left_out.reason == "leak" and left_out.samples > 0
    work = road.work("promote")
    current = {work.teacher.identity.teacher_id}
    bypassed = assemble_release(Recipe(), current=current, store=work.store, writer=work.writer)
    assert bypassed.samples == first.samples + left_out.samples
    road.judge(bypassed)
    with pytest.raises(GateFailed, match="codeio_pp v2 failed: leakage"):
        road.promote(bypassed)
    assert road.bucket.keys("releases/") == before
    ((evidence,),) = road.ask(
        "SELECT evidence FROM codeio.current_gate_result WHERE gate = 'leakage' AND NOT passed"
    )
    assert {(file["benchmark"], file["item"]) for file in evidence["files"]} == {("planted", "q/1")}


def test_a_licence_that_is_not_allowed_holds_no_other_file_back(
    finished_road: Road, tmp_path: Path
) -> None:
    (first,) = finished_road.releases()
    (tmp_path / "stairs.py").write_text(f"# SPDX-License-Identifier: GPL-3.0-only\n{LATE}")
    road = finished_road.with_parts(run_id="gpl")
    road.add(f"directory:{tmp_path}")
    assert road.run() == first
    (left_out,) = left_out_counts(road.store, first.release_id)
    assert left_out.reason == "licence" and left_out.samples > 0
    (row, *_) = left_out_rows(road.store, first.release_id, most=9)
    assert row.path == "stairs.py" and row.detail == "GPL-3.0-only"
    allowed = road.settings.model_copy(update={"licences": ("MIT", "GPL-3.0-only")})
    later = road.with_parts(settings=allowed, run_id="allowed").release(Recipe())
    assert (later.status, later.version) == ("published", 2)
    assert later.samples == first.samples + left_out.samples


def test_a_leak_that_reaches_a_candidate_is_caught(finished_road: Road) -> None:
    candidate = finished_road.assemble(OTHER)
    _plant_benchmark(finished_road)
    passed = finished_road.judge(candidate)
    assert {name for name, ok in passed.items() if not ok} == {"leakage"}
    _assert_rejected(finished_road, candidate)
    ((value, evidence),) = finished_road.ask(
        "SELECT value, evidence FROM codeio.current_gate_result "
        "WHERE gate = 'leakage' AND NOT passed"
    )
    assert value == len({hit["source"] for hit in evidence["hits"]}) > 0
    assert {(hit["bench"], hit["item"]) for hit in evidence["hits"]} == {("planted", "q/1")}


def test_a_pair_that_the_program_does_not_give_is_caught(finished_road: Road) -> None:
    _corrupt_pair(finished_road)
    candidate = finished_road.assemble(OTHER)
    passed = finished_road.judge(candidate)
    failed = {name for name, ok in passed.items() if not ok}
    assert failed == {"determinism", "verifier_self_test"}
    _assert_rejected(finished_road, candidate)


def test_a_release_that_no_gate_judged_is_not_published(finished_road: Road) -> None:
    candidate = finished_road.assemble(OTHER)
    _assert_rejected(finished_road, candidate)


def test_a_rejected_release_may_be_judged_again(finished_road: Road) -> None:
    candidate = finished_road.assemble(OTHER)
    _assert_rejected(finished_road, candidate)
    assert all(finished_road.judge(candidate).values())
    assert finished_road.promote(candidate).status == "published"


def _assert_rejected(road: Road, candidate: Release) -> None:
    with pytest.raises(GateFailed, match="other v1 failed"):
        road.promote(candidate)
    rejected = road.found(candidate)
    assert (rejected.status, rejected.uri) == ("rejected", "")
    with pytest.raises(GateFailed):
        PassedRelease(release=rejected, judgement=judgement_of(road.store, rejected.release_id))
    assert road.bucket.keys("releases/other/") == []
    with pytest.raises(ReleaseMissing):
        verify_release("other", 1, objects=road.bucket)


@pytest.mark.parametrize(
    "path", ["data/train-00000.parquet", "README.md", "chat/train-00000.jsonl"]
)
def test_a_file_with_one_other_byte_is_found(
    finished_road: Road, path: str, tmp_path: Path
) -> None:
    bucket = finished_road.bucket
    key = prefix_of("codeio_pp", 1) + path
    content = bytearray(bucket.get(key))
    content[len(content) // 2] ^= 1
    bucket.put(key, bytes(content))
    with pytest.raises(ReleaseCorrupt, match=path):
        verify_release("codeio_pp", 1, objects=bucket)
    with pytest.raises(ReleaseCorrupt, match=path):
        list(pull_release("codeio_pp", 1, tmp_path, objects=bucket))
    assert not (tmp_path / path).exists()


def test_a_file_too_many_is_found(finished_road: Road) -> None:
    finished_road.bucket.put(prefix_of("codeio_pp", 1) + "data/train-00001.parquet", b"more")
    with pytest.raises(ReleaseCorrupt, match="unexpected"):
        verify_release("codeio_pp", 1, objects=finished_road.bucket)


def test_a_manifest_that_is_no_manifest_is_found(finished_road: Road) -> None:
    finished_road.bucket.put(prefix_of("codeio_pp", 1) + "manifest.json", b'{"name": 1}')
    with pytest.raises(ReleaseCorrupt, match="manifest"):
        verify_release("codeio_pp", 1, objects=finished_road.bucket)


def test_publishing_never_replaces_a_release(finished_road: Road) -> None:
    (published,) = finished_road.releases()
    bucket = finished_road.bucket
    manifest = bucket.get(prefix_of(published.name, 1) + "manifest.json")
    place = prefix_of("other", 1)
    bucket.put(place + "manifest.json", manifest)
    candidate = finished_road.assemble(OTHER)
    finished_road.judge(candidate)
    with pytest.raises(ReleaseExists, match="other content"):
        finished_road.promote(finished_road.found(candidate))
    assert bucket.get(place + "manifest.json") == manifest
    assert bucket.keys(place) == [place + "manifest.json"]
    assert finished_road.found(candidate).status == "candidate"


def test_publishing_replaces_what_a_killed_publisher_left(finished_road: Road) -> None:
    bucket = finished_road.bucket
    key = prefix_of("other", 1) + "data/train-00000.parquet"
    bucket.put(key, b"half of it")
    candidate = finished_road.assemble(OTHER)
    finished_road.judge(candidate)
    finished_road.promote(candidate)
    assert bucket.get(key) != b"half of it"
    assert verify_release("other", 1, objects=bucket).manifest.version == 1


def test_the_role_that_writes_facts_cannot_change_them(finished_road: Road) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import ProgrammingError

    engine = create_engine(finished_road.settings.database_url.get_secret_value())
    for statement in (
        "UPDATE codeio.verdict SET verdict = 'correct'",
        "DELETE FROM codeio.drop_record",
        "UPDATE codeio.release SET samples = 1",
        "TRUNCATE codeio.gate_result",
    ):
        with engine.connect() as link, pytest.raises(ProgrammingError, match="permission denied"):
            link.execute(text(statement))
    engine.dispose()
