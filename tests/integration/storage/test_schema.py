"""The schema documents itself, is the same by every way to it, and is what is committed."""

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from psycopg2 import ProgrammingError
from sqlalchemy import Engine, create_engine, text

from codeio_ops.config import Settings
from codeio_ops.errors import SchemaForeign
from codeio_ops.local.state import StackState
from codeio_ops.storage.migrate import migrate
from support.storage import bare_database

REPOSITORY = Path(__file__).parents[3]
# Names that Postgres gives to constraints nobody named.
AUTOMATIC = ("_pkey", "_fkey", "_key", "_check", "_excl")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The generator of the docs, which is a script."""
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its own module up.
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def owner_url(module_settings: Settings) -> str:
    return module_settings.owner_database_url.get_secret_value()


def _column(url: str, question: str) -> list[str]:
    engine = create_engine(url)
    with engine.connect() as link:
        found = [str(item) for item in link.execute(text(question)).scalars()]
    engine.dispose()
    return found


def test_every_table_view_and_function_has_a_comment(owner_url: str) -> None:
    relations = _column(
        owner_url,
        "SELECT relname FROM pg_class WHERE relnamespace = 'codeio'::regnamespace "
        "AND relkind IN ('r', 'v', 'm') AND obj_description(oid, 'pg_class') IS NULL",
    )
    functions = _column(
        owner_url,
        "SELECT proname FROM pg_proc WHERE pronamespace = 'codeio'::regnamespace "
        "AND obj_description(oid, 'pg_proc') IS NULL",
    )
    assert relations == functions == []


def test_every_column_has_a_comment(owner_url: str) -> None:
    bare = _column(
        owner_url,
        "SELECT relname || '.' || attname "
        "FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid "
        "WHERE relnamespace = 'codeio'::regnamespace AND relkind IN ('r', 'v', 'm') AND attnum > 0 "
        "AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL",
    )
    assert bare == []


def test_every_constraint_was_named_by_a_person(owner_url: str) -> None:
    names = _column(
        owner_url,
        "SELECT conname FROM pg_constraint WHERE connamespace = 'codeio'::regnamespace "
        "AND contype <> 'n'",
    )
    assert len(names) > 30
    assert [name for name in names if name.endswith(AUTOMATIC)] == []


def test_every_time_has_a_zone(owner_url: str) -> None:
    assert not _column(
        owner_url,
        "SELECT table_name || '.' || column_name FROM information_schema.columns "
        "WHERE table_schema = 'codeio' AND data_type = 'timestamp without time zone'",
    )


def test_every_fact_names_the_run_that_wrote_it(owner_url: str) -> None:
    without = _column(
        owner_url,
        "SELECT relname FROM pg_class WHERE relnamespace = 'codeio'::regnamespace "
        "AND relkind = 'r' AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid "
        "AND attname = 'stage_run_id')",
    )
    # A person adds a source; a failed try may have written nothing; some belong to a row that
    # names its run; the rest are the teachers' shared limits, which are no facts.
    belonging = {"release_sample", "teacher_batch_request", "sample_facet"}
    limits = {"answering_teacher", "teacher_pace", "teacher_spending"}
    assert set(without) <= {"source", "task_failure", "schema_file", *belonging, *limits}


@pytest.mark.parametrize("path", ["sql/schema.sql", "sql/README.md"])
def test_what_is_committed_is_what_the_database_says(
    generate: ModuleType, owner_url: str, path: str
) -> None:
    made = {"sql/schema.sql": generate.schema_dump, "sql/README.md": generate.data_dictionary}
    assert made[path](owner_url) == (REPOSITORY / path).read_text(), "run `make docs`"


def test_the_index_of_dags_is_what_the_dags_say(generate: ModuleType) -> None:
    assert generate.dag_index() == (REPOSITORY / "dags" / "README.md").read_text(), (
        "run `make docs`"
    )


def test_the_committed_schema_builds_the_same_database(
    generate: ModuleType, stack_state: StackState
) -> None:
    committed = (REPOSITORY / "sql" / "schema.sql").read_text()
    with bare_database(stack_state) as url:
        _execute(url, committed)
        assert _without_aliases(generate.schema_dump(url)) == _without_aliases(committed)


def _without_aliases(dump: str) -> str:
    """Drop the aliases that Postgres makes up for casts, and writes out once they were read."""
    return re.sub(r"(::\w+) AS \w+", r"\1", dump)


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    """A copy of the SQL files, to change."""
    return shutil.copytree(REPOSITORY / "sql", tmp_path / "sql")


@pytest.fixture
def bare_url(stack_state: StackState) -> Iterator[str]:
    with bare_database(stack_state) as url:
        yield url


def test_a_new_migration_keeps_the_rows_and_may_change_what_views_read(
    generate: ModuleType, sql: Path, bare_url: str
) -> None:
    migrate(bare_url, sql=sql)
    _execute(
        bare_url,
        "INSERT INTO codeio.source (source_id, kind, locator, licence) "
        "VALUES (gen_random_uuid(), 'pypi', 'kept==1', 'MIT')",
    )
    before = _definitions(generate.schema_dump(bare_url))
    # Postgres refuses this while a view stands that reads the column.
    changed = "ALTER TABLE codeio.stage_run ALTER COLUMN run_id TYPE varchar USING run_id;"
    _append(sql / "migrations" / "9999_next.sql", changed)
    migrate(bare_url, sql=sql)
    assert _column(bare_url, "SELECT locator FROM codeio.source") == ["kept==1"]
    assert _definitions(generate.schema_dump(bare_url)) == before


def _definitions(dump: str) -> list[str]:
    return re.findall(r"^CREATE (?:VIEW|FUNCTION|TRIGGER) \S+|^GRANT.*", dump, re.MULTILINE)


def test_views_are_made_again_when_one_changes_and_only_then(sql: Path, bare_url: str) -> None:
    made = "SELECT 'codeio.funnel'::regclass::oid"
    migrate(bare_url, sql=sql)
    first = _column(bare_url, made)
    migrate(bare_url, sql=sql)
    assert _column(bare_url, made) == first
    _append(sql / "views" / "50_funnel.sql", "CREATE VIEW codeio.one AS SELECT 1 AS one;")
    migrate(bare_url, sql=sql)
    assert _column(bare_url, made) != first
    assert _column(bare_url, "SELECT one FROM codeio.one") == ["1"]


def test_a_view_that_fails_leaves_the_database_as_it_was(sql: Path, bare_url: str) -> None:
    migrate(bare_url, sql=sql)
    _append(sql / "views" / "50_funnel.sql", "CREATE VIEW codeio.one AS SELECT nothing;")
    with pytest.raises(ProgrammingError):
        migrate(bare_url, sql=sql)
    assert _column(bare_url, "SELECT count(*) FROM codeio.funnel") == ["10"]


def test_a_schema_that_these_files_did_not_make_is_refused(sql: Path, bare_url: str) -> None:
    migrate(bare_url, sql=sql)
    _append(sql / "migrations" / "0002_sources.sql", "-- edited after it was run")
    with pytest.raises(SchemaForeign, match="0002_sources") as refused:
        migrate(bare_url, sql=sql)
    assert "make clean" in refused.value.cure
    _execute(bare_url, "DROP TABLE codeio.schema_file")
    with pytest.raises(SchemaForeign, match=r"before version 0\.2\.0"):
        migrate(bare_url)


def test_the_database_of_a_later_version_is_refused_and_nobody_is_told_to_delete_it(
    sql: Path, bare_url: str
) -> None:
    (sql / "migrations" / "9999_later.sql").write_text("CREATE TABLE codeio.later (one integer);")
    migrate(bare_url, sql=sql)
    with pytest.raises(SchemaForeign, match="a later version, which has migrations/9999") as no:
        migrate(bare_url)
    assert "delete" not in no.value.cure and "CODEIO_HOME" in no.value.cure
    assert _column(bare_url, "SELECT count(*) FROM codeio.later") == ["0"]


def test_two_migrations_at_once_take_turns(generate: ModuleType, stack_state: StackState) -> None:
    command = "import sys; from codeio_ops.storage.migrate import migrate; migrate(sys.argv[1])"
    with bare_database(stack_state) as url:
        both = [
            subprocess.Popen(
                (sys.executable, "-c", command, url), cwd=REPOSITORY, stderr=subprocess.PIPE
            )
            for _ in range(2)
        ]
        assert [(*process.communicate(), process.returncode)[1:] for process in both] == [
            (b"", 0),
            (b"", 0),
        ]
        assert generate.schema_dump(url) == (REPOSITORY / "sql" / "schema.sql").read_text()


def _execute(url: str, script: str) -> None:
    engine: Engine = create_engine(url)
    driver = engine.raw_connection()
    driver.cursor().execute(script)
    driver.commit()
    driver.close()
    engine.dispose()


def _append(path: Path, script: str) -> None:
    with path.open("a") as file:
        file.write(f"\n{script}\n")
