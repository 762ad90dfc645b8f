"""From source files to a published release, and what a second run does."""

from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from codeio_airflow.ui.rows import Row
from codeio_ops.jsonvalue import parse
from codeio_ops.release.pull import pull_release
from codeio_ops.release.readback import verify_release
from codeio_ops.release.recipe import Recipe
from support.road import CORPUS, FACTS, LATE, Road

FILES = sorted(CORPUS.rglob("*.py"))


def test_real_files_become_a_published_release(finished_road: Road) -> None:
    (release,) = finished_road.releases()
    assert (release.status, release.name, release.version) == ("published", "codeio_pp", 1)
    assert finished_road.rows("program") >= 10
    assert release.samples == finished_road.rows("sample") == finished_road.rows("prompt")
    shares = finished_road.ask("SELECT direction, turn, verdict FROM codeio.verdict_share")
    assert {(direction, turn) for direction, turn, _ in shares} == {
        (direction, turn) for direction in ("input", "output") for turn in (1, 2)
    }
    assert {verdict for _, turn, verdict in shares if turn == 1} > {"correct", "wrong"}


def test_what_is_published_is_read_back_as_stated(finished_road: Road) -> None:
    (release,) = finished_road.releases()
    manifest = verify_release(
        release.name,
        release.version,
        objects=finished_road.bucket,
        manifest_sha256=release.manifest_sha256,
    ).manifest
    assert manifest.content_sha256 == release.content_sha256
    assert manifest.samples == release.samples
    paths = {entry.path for entry in manifest.files}
    assert {"README.md", "data/train-00000.parquet", "chat/train-00000.jsonl"} <= paths


def test_released_values_keep_their_type(finished_road: Road, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    (release,) = finished_road.releases()
    list(pull_release(release.name, release.version, tmp_path, objects=finished_road.bucket))
    rows = pq.read_table(tmp_path / "data", columns=["io_pair_id", "input", "output"]).to_pylist()
    stored = {
        str(pair): repr((given, returned))
        for pair, given, returned in finished_road.ask(
            "SELECT io_pair_id, input, output FROM codeio.io_pair"
        )
    }
    read = {row["io_pair_id"]: repr((parse(row["input"]), parse(row["output"]))) for row in rows}
    assert read == {pair: stored[pair] for pair in read}
    assert {str, int, list} <= {type(parse(row["output"])) for row in rows}


def test_every_file_moved_on_or_has_a_reason(finished_road: Road) -> None:
    stages = finished_road.ask("SELECT stage, passed, dropped, pending FROM codeio.funnel")
    funnel = {stage: (passed, dropped) for stage, passed, dropped, _ in stages}
    assert all(pending == 0 for *_, pending in stages)
    assert sum(funnel["ingest"]) == len(FILES)
    assert sum(funnel["transform"]) == funnel["ingest"][0]
    assert sum(funnel["sample"]) == funnel["transform"][0]
    assert sum(funnel["answer"]) == funnel["prompt"][0]
    reasons = dict(finished_road.ask("SELECT reason, rows FROM codeio.drop_reason"))
    assert reasons["duplicate"] == reasons["too_small"] == 1


def test_the_pages_count_the_accepted_rows_of_each_request_as_the_view_does(
    finished_road: Road,
) -> None:
    view = finished_road.ask(
        "SELECT purpose, sum(calls), sum(accepted_rows) FROM codeio.teacher_cost GROUP BY purpose"
    )
    pages = finished_road.store.fetch("pages.spending", Row, dag_id="", run_id="")
    assert {row.purpose for row in pages} == {"transform", "answer", "revise"}
    assert {(row.purpose, row.calls, row.accepted) for row in pages} == set(view)


def test_a_second_run_adds_no_fact_and_asks_no_teacher(
    finished_road: Road, teacher_server: Any
) -> None:
    before = {table: finished_road.rows(table) for table in FACTS}
    asked = teacher_server.requests.posts
    again = finished_road.with_parts(run_id="second")
    assert again.run() == finished_road.releases()[0]
    assert {table: again.rows(table) for table in FACTS} == before
    assert teacher_server.requests.posts == asked


def test_from_scratch_in_other_shards_it_is_the_same_release(
    empty_road: Road, finished_road: Road, teacher_server: Any
) -> None:
    settings = empty_road.settings.model_copy(update={"shard_rows": 5, "teacher_concurrency": 3})
    asked = teacher_server.requests.posts
    empty_road.add(f"directory:{CORPUS}")
    release = empty_road.with_parts(settings=settings, run_id="scratch").run()
    assert teacher_server.requests.posts - asked == empty_road.rows("teacher_call") > 100
    (finished,) = finished_road.releases()
    assert release.content_sha256 == finished.content_sha256
    assert release.release_id == finished.release_id


def test_another_recipe_is_released_without_asking_a_teacher(
    finished_road: Road, teacher_server: Any
) -> None:
    asked = teacher_server.requests.posts
    release = finished_road.release(Recipe(name="codeio", turns=1))
    assert (release.status, release.version) == ("published", 1)
    assert teacher_server.requests.posts == asked
    assert len(finished_road.releases()) == 2


def test_the_auditor_follows_a_sample_to_its_file(finished_road: Road) -> None:
    samples = finished_road.ask("SELECT sample_id FROM codeio.sample ORDER BY sample_id")
    for (sample_id,) in samples[:5]:
        steps = finished_road.ask(
            "SELECT kind, detail, dag_id, model, sandbox_image_digest "
            "FROM codeio.lineage_of(:sample_id)",
            auditor=True,
            sample_id=sample_id,
        )
        detail = {kind: text for kind, text, *_ in steps}
        assert detail["source"] == f"directory:{CORPUS}"
        path = detail["file"].partition(" (version")[0]
        assert CORPUS / path in FILES
        assert "licence MIT" in detail["file"]
        assert "codeio_pp v1 published" in detail["release"]
        # A file found at two paths has a source and a file for each.
        kinds = [kind for kind, _ in groupby(steps, key=itemgetter(0))]
        assert kinds[:7] == [
            "source", "file", "raw_file", "program", "io_pair", "prompt", "response",
        ]  # fmt: skip
        assert {dag_id for _, _, dag_id, *_ in steps} == {"tests"}
        assert next(m for kind, _, _, m, _ in steps if kind == "response") == "offline-trace-v1"
        assert next(d for kind, *_, d in steps if kind == "io_pair").startswith("sha256:")


def test_a_new_file_alone_is_worked_on(finished_road: Road, tmp_path: Path) -> None:
    before = {table: finished_road.rows(table) for table in ("raw_file", "program", "prompt")}
    (tmp_path / "late.py").write_text(LATE)
    finished_road.add(f"directory:{tmp_path}")
    release = finished_road.with_parts(run_id="later").run()
    assert release.version == 2
    assert finished_road.rows("raw_file") == before["raw_file"] + 1
    assert finished_road.rows("program") == before["program"] + 1
    assert before["prompt"] < finished_road.rows("prompt") <= before["prompt"] + 6
