"""A database made before version 0.2.0 keeps its rows, and gets the tables of this version."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, text

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.local.state import StackState
from codeio_ops.records import (
    Record,
    ReleaseRow,
    ResponseRow,
    TeacherCall,
    TeacherRow,
    TreeChange,
)
from codeio_ops.release.assemble import assemble_release
from codeio_ops.release.recipe import Recipe
from codeio_ops.storage.engine import Store
from codeio_ops.storage.migrate import migrate
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.runs import FactWriter, stage_run
from support.facts import RUN, TEACHER, FactBuilder
from support.judged import published
from support.storage import bare_database

MODEL = content_id("teacher", "model")
OF_MODEL = Recipe(name="of_model", teachers="local-model")
OF_ALL = Recipe(name="of_all", teachers="any")
OLD = Path(__file__).parents[2] / "data" / "schema_0012.sql"
VERSION = (
    "CREATE TABLE codeio_schema_version (version_num varchar(32) PRIMARY KEY);"
    "INSERT INTO codeio_schema_version VALUES ('0012');"
)
ROWS = """
INSERT INTO codeio.source (source_id, kind, locator, licence) VALUES
    ('00000000-0000-0000-0000-00000000000a', 'directory', '/code', 'MIT'),
    ('00000000-0000-0000-0000-00000000000b', 'directory', '/code and more', 'MIT');
INSERT INTO codeio.stage_run (
    stage_run_id, stage, dag_id, run_id, task_id, map_index, try_number, code_version, settings_sha256
) VALUES ('00000000-0000-0000-0000-000000000001', 'ingest', 'd', 'r', 't', -1, 1, '0.1.0', 's');
INSERT INTO codeio.drop_record (drop_record_id, stage, subject_id, reason, detail, stage_run_id) VALUES
    (gen_random_uuid(), 'ingest', gen_random_uuid(), 'licence', 'directory:/code a.py (' || repeat('a', 64) || '): GPL',
     '00000000-0000-0000-0000-000000000001'),
    (gen_random_uuid(), 'ingest', gen_random_uuid(), 'licence', 'directory:/code and more a.py (size:2): GPL',
     '00000000-0000-0000-0000-000000000001'),
    (gen_random_uuid(), 'screen', gen_random_uuid(), 'leak', 'x', '00000000-0000-0000-0000-000000000001');
INSERT INTO codeio.stage_run_tally SELECT '00000000-0000-0000-0000-000000000001', stage, outcome, label,
    direction, turn, 2, 2, 0, 0, NULL, now()
FROM (VALUES ('ingest', 'seen', '00000000-0000-0000-0000-00000000000a', '', 0),
    ('ingest', 'dropped', 'licence', '', 0), ('verify', 'passed', 'correct', 'output', 1),
    ('sample', 'passed', '0.5', '', 0), ('sample', 'measured', '32', '', 0), ('answer', 'called', 'answered', '', 0)
) AS old (stage, outcome, label, direction, turn);
INSERT INTO codeio.release (
    release_id, name, version, recipe, content_sha256, status, samples, uri, published_at, stage_run_id
) VALUES (gen_random_uuid(), 'codeio_pp', 1, '{"name": "codeio_pp"}', 'c', 'published', 1,
    's3://codeio/releases/codeio_pp/1/', now(), '00000000-0000-0000-0000-000000000001');
"""  # noqa: E501
# A path seen in two nights, and a table with two rows of one path.
SEEN = """
INSERT INTO codeio.source (source_id, kind, locator, licence, cursor_value) VALUES
    ('00000000-0000-0000-0000-00000000000c', 'jsonl', '/rows.jsonl', 'MIT', '10:20');
INSERT INTO codeio.stage_run (
    stage_run_id, stage, dag_id, run_id, task_id, map_index, try_number, code_version, settings_sha256, started_at
) VALUES ('00000000-0000-0000-0000-000000000002', 'ingest', 'd', 's', 't', -1, 1, '0.1.0', 's', now() + '1 day');
INSERT INTO codeio.blob (sha256, pack_key, pack_offset, pack_bytes, size_bytes, stage_run_id)
SELECT repeat(number, 64), 'p', 0, 1, 1, '00000000-0000-0000-0000-000000000001'
FROM unnest(ARRAY['2', '3', '4', '5']) AS number;
INSERT INTO codeio.raw_file (raw_file_id, blob_sha256, language, size_bytes, stage_run_id)
SELECT ('00000000-0000-0000-0000-00000000000' || number)::uuid, repeat(number, 64), 'python', 1,
    '00000000-0000-0000-0000-000000000001'
FROM unnest(ARRAY['2', '3', '4', '5']) AS number;
INSERT INTO codeio.raw_file_origin (origin_id, raw_file_id, source_id, version, path, licence, stage_run_id)
SELECT id, id, source_id::uuid, '', path, 'MIT', run::uuid
FROM (VALUES
    ('00000000-0000-0000-0000-000000000002'::uuid, '00000000-0000-0000-0000-00000000000a', 'new.py',
        '00000000-0000-0000-0000-000000000001'),
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-00000000000a', 'new.py',
        '00000000-0000-0000-0000-000000000002'),
    ('00000000-0000-0000-0000-000000000004', '00000000-0000-0000-0000-00000000000c', 'row.py',
        '00000000-0000-0000-0000-000000000001'),
    ('00000000-0000-0000-0000-000000000005', '00000000-0000-0000-0000-00000000000c', 'row.py',
        '00000000-0000-0000-0000-000000000001')
) AS seen (id, source_id, path, run);
"""  # noqa: E501
# What a table is, whatever the order of its columns.
COLUMNS = """
SELECT concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
    pg_get_expr(adbin, adrelid))
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'codeio'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'codeio'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'codeio'
"""


@pytest.fixture
def old_url(stack_state: StackState) -> Iterator[str]:
    """An installation of the version before, with rows whose form changed."""
    with bare_database(stack_state) as url:
        _run(url, OLD.read_text() + VERSION + ROWS)
        yield url


def _run(url: str, script: str) -> None:
    engine = create_engine(url)
    with engine.begin() as link:
        driver = link.connection.dbapi_connection
        assert driver is not None
        driver.cursor().execute(script)
    engine.dispose()


def _rows(url: str, question: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.connect() as link:
        found = [tuple(row) for row in link.execute(text(question))]
    engine.dispose()
    return found


def _tables(url: str) -> set[str]:
    engine = create_engine(url)
    with engine.connect() as link:
        found = {str(item) for item in link.exec_driver_sql(COLUMNS).scalars()}
    engine.dispose()
    # Whether the rows that were there have been checked does not matter.
    return {re.sub(r" NOT VALID$", "", line) for line in found}


def test_an_old_database_gets_the_tables_of_a_new_one(
    old_url: str, stack_state: StackState
) -> None:
    migrate(old_url)
    with bare_database(stack_state) as fresh:
        migrate(fresh)
        assert _tables(old_url) == _tables(fresh)


def test_what_was_seen_last_at_each_path_is_present_until_it_is_read_again(old_url: str) -> None:
    _run(old_url, SEEN)
    migrate(old_url)
    shown = (
        "SELECT right(source_id::text, 1), path, right(origin_id::text, 1), place_id "
        "FROM codeio.present_place ORDER BY 1, 2, 3"
    )
    found = _rows(old_url, shown)
    kept = [row[:3] for row in found if row[1] != "a.py"]
    assert kept == [("a", "new.py", "3"), ("c", "row.py", "4"), ("c", "row.py", "5")]
    assert {row[:2] for row in found} > {("a", "a.py"), ("b", "a.py")}, "drops take their place too"
    source = UUID("00000000-0000-0000-0000-00000000000a")
    assert found[1][3] == TreeChange.identify(source, "", "new.py")
    assert len({row[3] for row in found}) == len(found)
    assert _rows(old_url, "SELECT DISTINCT cursor_value FROM codeio.source") == [("",)]


def test_its_rows_are_kept_in_the_new_form(old_url: str) -> None:
    migrate(old_url)
    migrate(old_url)
    drops = "SELECT stage, right(source_id::text, 1) FROM codeio.drop_record ORDER BY stage, 2"
    assert _rows(old_url, drops) == [("ingest", "a"), ("ingest", "b"), ("screen", None)]
    told_apart = (
        "SELECT outcome, right(source_id::text, 1), reason, verdict, reply, direction, turn, "
        "wall_ms_up_to, rss_mib_up_to, rows FROM codeio.stage_run_tally ORDER BY 1, 2, 3"
    )
    nothing = (None, None, None, None, None)
    assert _rows(old_url, told_apart) == [
        ("called", None, None, None, "answered", None, None, None, None, 2),
        ("dropped", "a", "licence", *nothing, None, 1),
        ("dropped", "b", "licence", *nothing, None, 1),
        ("dropped", None, "leak", *nothing, None, 1),
        ("measured", None, None, None, None, None, None, None, 32.0, 2),
        ("passed", None, None, None, None, None, None, 0.5, None, 2),
        ("passed", None, None, "correct", None, "output", 1, None, None, 2),
        ("seen", "a", None, *nothing, None, 2),
    ]
    release = "SELECT name, status, manifest_sha256 FROM codeio.release"
    assert _rows(old_url, release) == [("codeio_pp", "published", "")]


def test_its_releases_go_on_where_two_kinds_of_teachers_stopped_them(
    old_url: str, settings: Settings, objects: ObjectStore
) -> None:
    _run(old_url, "DELETE FROM codeio.release")  # it has no samples
    _put(old_url, _of_both_kinds())
    migrate(old_url)
    chosen = (
        "SELECT version, teachers #>> '{0,id}', json_array_length(teachers) FROM codeio.release"
    )
    assert sorted(_rows(old_url, chosen)) == [(2, str(TEACHER), 1), (3, str(TEACHER), 1)]

    store = Store.open(old_url)
    writer = FactWriter(store, stage_run("promote", RUN, settings))
    made = [
        published(
            assemble_release(recipe, current={TEACHER}, store=store, writer=writer),
            store=store, writer=writer, objects=objects,
        )
        for recipe in (Recipe(), OF_MODEL, OF_ALL)
    ]  # fmt: skip
    store.close()
    assert [(release.name, release.version, release.samples) for release in made] == [
        ("codeio_pp", 4, 4), ("of_model", 1, 1), ("of_all", 1, 5),
    ]  # fmt: skip


def _of_both_kinds() -> list[Record]:
    """Return four samples by the stand-in, published, and with one by a model, rejected."""
    facts = FactBuilder(UUID(int=1))
    program = facts.program(facts.file("a file"), "def main_solution(n):\n    return n")
    samples = []
    for number in range(5):
        prompt = facts.prompt(facts.pair(program.program_id, {"n": number}, number, ordinal=number))
        verdict = facts.verdict(facts.response(prompt, "as it is").response_id)
        samples.append(facts.sample(prompt.prompt_id, verdict).sample_id)
    facts.candidate("published", dict.fromkeys(samples[:-1], "train"))
    facts.candidate("rejected", dict.fromkeys(samples, "train"))
    model = replace(
        cast(TeacherRow, facts.records[0]), teacher_id=MODEL, kind="local-model", model="model",
        version="", endpoint_host="127.0.0.1",
    )  # fmt: skip
    return [model, *(_as_it_was(record, last=prompt.prompt_id) for record in facts.records)]


def _as_it_was(record: Record, *, last: UUID) -> Record:
    """Return a record with its version and status; the last answer is by the model."""
    match record:
        case ReleaseRow(name=status):
            version = ("published", "rejected").index(status) + 2
            return replace(
                record, name="codeio_pp", version=version, status=status, content_sha256=status,
                recipe=Recipe().model_dump(mode="json"),
            )  # fmt: skip
        case TeacherCall(subject_id=subject_id) if subject_id == last:
            return replace(record, teacher_id=MODEL)
        case ResponseRow(prompt_id=prompt_id) if prompt_id == last:
            return replace(record, teacher_id=MODEL)
        case _:
            return record


def _put(url: str, records: Sequence[Record]) -> None:
    """Insert records into the version before, as far as it has their tables and columns."""
    engine = create_engine(url)
    with engine.begin() as link:
        for record in records:
            columns = _columns(link, record)
            if not columns:
                continue
            link.execute(
                text(
                    f"INSERT INTO codeio.{record.table} ({columns}) SELECT {columns} "
                    f"FROM json_populate_record(NULL::codeio.{record.table}, CAST(:row AS json)) "
                    "ON CONFLICT DO NOTHING"
                ),
                {"row": json.dumps(asdict(record), default=str)},
            )
    engine.dispose()


def _columns(link: Connection, record: Record) -> str:
    found = link.execute(
        text("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('codeio.' || :name)"),
        {"name": record.table},
    )
    known = set(found.scalars())
    return ", ".join(f'"{name}"' for name in asdict(record) if name in known)
