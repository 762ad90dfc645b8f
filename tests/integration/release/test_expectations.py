"""The expectations gate: it passes whole candidates and fails each planted defect."""

import json

import psycopg2
import pytest
from fastapi.testclient import TestClient

from codeio_airflow.ui.app import build_app
from codeio_ops.config import Settings
from codeio_ops.errors import GateFailed
from codeio_ops.fingerprint import content_id
from codeio_ops.quality.expectations import ExpectationReport, docs_prefix, judge_expectations
from codeio_ops.quality.gates import run_gate
from codeio_ops.quality.measurement import GateInputs
from codeio_ops.release.assemble import Release, find_release
from codeio_ops.release.judgement import PassedRelease, decide, gate_results, judgement_of
from codeio_ops.release.recipe import Recipe
from codeio_ops.storage.objects import ObjectStore

from .conftest import Facts

pytestmark = [
    # Great Expectations uses what its own dependencies deprecate.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

RECIPE = Recipe(name="checked", turns=1)


def failures(report: ExpectationReport) -> set[tuple[str, str]]:
    return {(item.expectation, item.column) for item in report.failed}


def as_owner(settings: Settings, statement: str, *values: object) -> None:
    """Break a fact, which no role of the platform may do."""
    url = settings.owner_database_url.get_secret_value().replace("+psycopg2", "")
    link = psycopg2.connect(url)
    with link, link.cursor() as cursor:
        cursor.execute(statement, values)
    link.close()


def judge(facts: Facts, objects: ObjectStore, release: Release) -> ExpectationReport:
    return judge_expectations(release, store=facts.store, objects=objects, writer=facts.writer)


def test_a_whole_candidate_passes_and_its_docs_are_in_the_bucket(
    facts: Facts, objects: ObjectStore
) -> None:
    release = facts.assemble(RECIPE)
    report = judge(facts, objects, release)
    assert (report.failed, report.expectations > 25) == ((), True)
    prefix = docs_prefix(release.name, release.version)
    assert report.data_docs == f"s3://{objects.bucket}/{prefix}index.html"
    keys = objects.keys(prefix)
    [page] = [key for key in keys if "/validations/" in key and key.endswith(".html")]
    index = objects.get(f"{prefix}index.html").decode()
    assert page.removeprefix(prefix).split("/")[0] in index
    assert b"expected" in objects.get(page) or b"must" in objects.get(page)


def test_the_pages_show_the_docs_and_run_nothing_of_them(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble(RECIPE)
    judge(facts, objects, release)
    docs = f"/gates/{release.release_id}/expectations/data_docs/"
    with TestClient(build_app(settings, logged_in=None, active_tasks=list)) as client:
        page = client.get(docs)
        assert page.url.path.startswith(f"{docs}validations/")
        assert "Evaluated Expectations" in page.text
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "sandbox" in policy
        assert "allow-scripts" not in policy
        assert "<script" not in page.text and "src=" not in page.text
        suite = client.get(f"{docs}expectations/release.html")
        assert (suite.status_code, "<script" in suite.text) == (200, False)
        back = client.get(f"{docs}index.html", follow_redirects=False)
        assert back.headers["location"] == f"/gates/{release.release_id}/expectations"
        for path in ("static/images/favicon.ico", "%2e%2e/other.html", "nothing.html"):
            assert client.get(docs + path).status_code == 404


def test_a_null_fails(facts: Facts, objects: ObjectStore) -> None:
    facts.write(8, image_digest=None)
    report = judge(facts, objects, facts.assemble(RECIPE))
    assert failures(report) == {("expect_column_values_to_not_be_null", "sandbox_image_digest")}
    [failed] = report.failed
    assert (failed.rows, report.severity) == (6, "hard")
    assert len(failed.samples) == 6


def test_a_duplicate_fails(facts: Facts, objects: ObjectStore, settings: Settings) -> None:
    release = facts.assemble(RECIPE)
    as_owner(
        settings,
        "UPDATE codeio.prompt SET body = (SELECT min(body) FROM codeio.prompt)"
        " WHERE prompt_id = (SELECT max(prompt_id::text)::uuid FROM codeio.prompt)",
    )
    report = judge(facts, objects, release)
    assert failures(report) == {
        ("expect_compound_columns_to_be_unique", "prompt_sha256, teacher_id")
    }
    assert report.failed[0].rows == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [("output", '{"sum": 36893488147419103232}'), ("input", '{"x": "' + "y" * 2000 + '"}')],
)
def test_invalid_json_fails(
    facts: Facts, objects: ObjectStore, settings: Settings, column: str, value: str
) -> None:
    release = facts.assemble(RECIPE)
    program_id = str(content_id("program", 3))
    as_owner(
        settings,
        f"UPDATE codeio.io_pair SET {column} = %s WHERE program_id = %s AND ordinal = 0",
        value,
        program_id,
    )
    report = judge(facts, objects, release)
    assert failures(report) == {("expect_column_values_to_be_null", f"{column}_fault")}


def test_a_correct_answer_without_json_fails(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble(RECIPE)
    as_owner(
        settings,
        "UPDATE codeio.response SET body = 'It is four.' WHERE response_id ="
        " (SELECT response_id FROM codeio.verdict WHERE verdict = 'correct' LIMIT 1)",
    )
    assert failures(judge(facts, objects, release)) == {
        ("expect_column_values_to_be_null", "answer_fault")
    }


def test_a_file_without_an_origin_fails(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble(RECIPE)
    as_owner(
        settings,
        "DELETE FROM codeio.raw_file_origin WHERE path = 'lib/add3.py'",
    )
    found = failures(judge(facts, objects, release))
    assert ("expect_column_values_to_not_be_null", "source_path") in found


def test_answers_beyond_the_training_length_are_a_soft_failure(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble(RECIPE)
    as_owner(
        settings,
        "UPDATE codeio.response SET body = repeat('word ', 20000) || body WHERE response_id IN"
        " (SELECT response_id FROM codeio.response WHERE turn = 1 ORDER BY 1 LIMIT 5)",
    )
    report = judge(facts, objects, release)
    assert failures(report) == {("expect_column_values_to_be_between", "tokens")}
    assert (report.failed[0].rows, report.severity) == (5, "soft")


@pytest.mark.parametrize(("inputs", "is_chance"), [(2, False), (8, True)])
def test_a_direction_that_prevails_by_more_than_chance_is_a_soft_failure(
    facts: Facts, objects: ObjectStore, settings: Settings, inputs: int, is_chance: bool
) -> None:
    as_owner(
        settings,
        "DELETE FROM codeio.verdict WHERE response_id IN (SELECT response_id FROM codeio.response"
        " INNER JOIN codeio.prompt USING (prompt_id)"
        " WHERE direction = 'input' AND turn = 1 OFFSET %s)",
        inputs,
    )
    report = judge(facts, objects, facts.assemble(RECIPE))
    found = {("expect_column_mean_to_be_between", "asks_output")}
    assert failures(report) == (set() if is_chance else found)
    assert report.severity == "soft" or is_chance


def test_a_row_that_went_missing_fails(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    release = facts.assemble(RECIPE)
    as_owner(
        settings,
        "DELETE FROM codeio.release_sample"
        " WHERE sample_id = (SELECT min(sample_id::text)::uuid FROM codeio.release_sample)",
    )
    report = judge(facts, objects, release)
    assert failures(report) == {("expect_table_row_count_to_equal", "")}
    assert report.severity == "hard"


def test_verdicts_outside_the_band_of_the_last_version_are_a_soft_failure(
    facts: Facts, objects: ObjectStore
) -> None:
    facts.publish(facts.assemble(RECIPE), objects)
    right = RECIPE.model_copy(update={"wrong": "drop"})
    report = judge(facts, objects, facts.assemble(right, new_recipe=True))
    assert failures(report) == {
        ("expect_column_mean_to_be_between", "correct_input"),
        ("expect_column_mean_to_be_between", "correct_output"),
    }
    assert report.severity == "soft"
    for failed in report.failed:
        direction = failed.column.removeprefix("correct_")
        assert f"right first answers that name an {direction} is within 0.31" in failed.meaning
        assert failed.meaning in str(report.evidence())


def test_a_failure_is_stored_and_rejects_the_release(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    facts.write(8, image_digest=None)
    release = facts.assemble(RECIPE)
    inputs = GateInputs(
        release_id=release.release_id,
        store=facts.store,
        objects=objects,
        settings=settings,
        open_sandbox=lambda: pytest.fail("this gate runs no program"),
        open_auditing_sandbox=lambda: pytest.fail("this gate runs no program"),
        writer=facts.writer,
    )
    assert not run_gate("expectations", release, inputs)
    [result] = gate_results(facts.store, release.release_id)
    assert not result.passed
    assert isinstance(result.evidence, dict)
    assert str(result.evidence["data_docs"]).endswith("/data_docs/index.html")
    assert json.dumps(result.evidence["failed"]).count("sandbox_image_digest") == 1
    with pytest.raises(GateFailed, match="expectations"):
        decide(release, store=facts.store)
    assert find_release(facts.store, release.release_id).status == "rejected"
    with pytest.raises(GateFailed):
        PassedRelease(release=release, judgement=judgement_of(facts.store, release.release_id))
    assert objects.keys("releases/") == []


def test_the_gate_holds_no_connection_when_it_is_done(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    judge(facts, objects, facts.assemble(RECIPE))
    facts.store.close()
    link = psycopg2.connect(settings.database_url.get_secret_value().replace("+psycopg2", ""))
    with link, link.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() == (0,)
    link.close()


def test_what_the_database_refuses_to_answer_is_told(
    facts: Facts, objects: ObjectStore, settings: Settings
) -> None:
    as_owner(
        settings, "ALTER TABLE codeio_scratch.candidate_row ALTER COLUMN prompt_chars TYPE text"
    )
    report = judge(facts, objects, facts.assemble(RECIPE))
    [failed] = [item for item in report.failed if item.column == "prompt_chars"]
    assert (failed.expectation, failed.rows) == ("expect_column_values_to_be_between", None)
    assert failed.observed
    assert report.severity == "hard"
