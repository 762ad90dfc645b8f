"""Every question of the audit cookbook is answered to the auditor, who can change nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from codeio_ops.storage.queries import SQL_DIRECTORY
from support.ingesting import Platform, program

QUESTIONS = sorted(Path(str(SQL_DIRECTORY / "audit")).glob("*.sql"))


def test_there_are_enough_questions() -> None:
    assert len(QUESTIONS) >= 12


def test_the_auditor_gets_an_answer_to_every_question(
    platform: Platform, write: Callable[..., Path]
) -> None:
    root = write("first", a=program(1), b=f"# a copy\n{program(1)}")
    platform.ingest(platform.add(f"directory:{root}"), night="2026-01-31")
    platform.deduplicate()
    auditor = platform.settings.auditor_database_url.get_secret_value()
    answers = {
        path.stem: platform.sql(path.read_text().replace(":", "\\:"), url=auditor)
        for path in QUESTIONS
    }
    (night,) = answers["10_new_files_of_night"]
    assert night == ("2026-01-31", "directory", str(root), 2, 2)
    assert answers["18_changes_of_night"] == [("2026-01-31", "directory", str(root), 2, 0)]
    ((_, copied, _, kept, similarity),) = answers["13_near_duplicates"]
    assert {copied, kept} == {"a.py", "b.py"}
    assert similarity == 1.0
    assert answers["12_drop_reasons"] == [("dedup", "duplicate_code", 1)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO codeio.dedup_segment VALUES ('k', 'raw_file', 's', 1, gen_random_uuid())",
        "UPDATE codeio.source SET paused = true",
        "DELETE FROM codeio.drop_record",
        "TRUNCATE codeio.dedup_result",
        "DROP VIEW codeio.released_lineage",
        "CREATE TABLE codeio.mine (x int)",
        "CREATE TEMP TABLE mine (x int)",
        "SELECT codeio.take_back_drops(ARRAY[gen_random_uuid()], true)",
        "SELECT codeio.judge_again('raw_file')",
        "SELECT codeio.delete_unreferenced_blobs(now())",
        "SET ROLE codeio_app",
        "SET ROLE codeio_owner",
        "ALTER ROLE codeio_app PASSWORD 'known'",
        "SELECT rolpassword FROM pg_authid",
        "SELECT passwd FROM pg_shadow",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY codeio.source TO '/tmp/source.csv'",
        "COPY codeio.source TO PROGRAM 'cat'",
        "SELECT lo_import('/etc/passwd')",
    ],
)
def test_the_auditor_can_neither_write_nor_read_secrets(
    module_platform: Platform, statement: str
) -> None:
    auditor = module_platform.settings.auditor_database_url.get_secret_value()
    # The role may take its own read-only setting back: what it has no right to must hold alone.
    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"):
        module_platform.sql(f"SET TRANSACTION READ WRITE; {statement}", url=auditor)
