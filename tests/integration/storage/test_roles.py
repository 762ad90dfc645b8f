"""What each role may do: the auditor reads, the application adds, the owner changes."""

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import InternalError, ProgrammingError

from codeio_ops.config import Settings
from codeio_ops.errors import StoreRefused
from codeio_ops.local import postgres_roles
from codeio_ops.storage.engine import translated_errors

# Kept by triggers (see test_rollups.py) and by the migration.
DERIVED = {"stage_run_tally", "sample_facet", "schema_file", "former_dedup_result"}


@pytest.fixture(scope="module")
def auditor(module_settings: Settings) -> Iterator[Connection]:
    yield from _connected(module_settings.auditor_database_url.get_secret_value())


@pytest.fixture(scope="module")
def app(module_settings: Settings) -> Iterator[Connection]:
    yield from _connected(module_settings.database_url.get_secret_value())


def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.connect() as link:
        yield link
    engine.dispose()


def _relations(link: Connection, kinds: str) -> list[str]:
    found = link.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'codeio'::regnamespace "
            "AND relkind = any(:kinds)"
        ),
        {"kinds": list(kinds)},
    )
    return [str(name) for name in found.scalars()]


def _refused(link: Connection, statement: str) -> bool:
    # Its default, which a session may change, must not be what keeps a role from writing.
    link.rollback()
    link.execute(text("SET TRANSACTION READ WRITE"))
    try:
        link.execute(text(statement))
    except ProgrammingError as exc:
        return isinstance(exc.orig, InsufficientPrivilege)
    finally:
        link.rollback()
    return False


def test_the_auditor_reads_every_table_and_view(auditor: Connection) -> None:
    names = _relations(auditor, "rv")
    assert {"raw_file", "funnel", "gate_result"} <= set(names)
    for name in names:
        auditor.execute(text(f'SELECT * FROM codeio."{name}" LIMIT 1'))
    nobody = "00000000-0000-8000-8000-000000000000"
    assert auditor.execute(text(f"SELECT * FROM codeio.lineage_of('{nobody}')")).all() == []


def test_the_auditor_writes_nothing(auditor: Connection) -> None:
    for name in _relations(auditor, "r"):
        for statement in (
            f'INSERT INTO codeio."{name}" DEFAULT VALUES',
            f'DELETE FROM codeio."{name}"',
            f'TRUNCATE codeio."{name}"',
        ):
            assert _refused(auditor, statement), statement
    assert _refused(auditor, "UPDATE codeio.release SET status = 'published'")
    assert _refused(auditor, "CREATE TEMP TABLE mine (x int)")
    assert _refused(auditor, "CREATE TABLE codeio.mine (x int)")
    assert _refused(auditor, "CREATE TABLE public.mine (x int)")
    assert _refused(auditor, "CREATE SCHEMA mine")


@pytest.mark.parametrize("role", ["auditor", "app"])
@pytest.mark.parametrize(
    "call",
    [
        "lo_create(0)",
        "lo_creat(-1)",
        "lo_from_bytea(0, 'x')",
        "lo_put(1, 0, 'x')",
        "lo_unlink(1)",
        "lo_open(1, 131072)",
        "lowrite(0, 'x')",
        "lo_truncate(0, 0)",
        "lo_import('/etc/passwd')",
        "lo_export(1, '/tmp/x')",
    ],
)
def test_nobody_writes_large_objects(role: str, call: str, request: pytest.FixtureRequest) -> None:
    assert _refused(request.getfixturevalue(role), f"SELECT {call}")


def test_what_the_auditor_may_take_is_limited(auditor: Connection) -> None:
    for name, value in postgres_roles.AUDITOR_SETTINGS.items():
        assert auditor.execute(text(f"SHOW {name}")).scalar() in (value, "1min")
    limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user"
    assert auditor.execute(text(limit)).scalar() == postgres_roles.AUDITOR_CONNECTIONS
    assert _refused(auditor, "SET temp_file_limit = -1")


@pytest.mark.parametrize(
    "statement",
    ["ALTER ROLE CURRENT_USER PASSWORD 'x'", "ALTER ROLE CURRENT_USER SET search_path = x"],
)
def test_a_slip_of_the_auditor_does_not_lock_the_pages_out(
    auditor: Connection, statement: str
) -> None:
    with pytest.raises(InternalError, match="read-only transaction"):
        auditor.execute(text(statement))
    auditor.rollback()


def test_a_query_of_the_auditor_that_takes_too_long_is_told_as_that(
    module_settings: Settings,
) -> None:
    url = make_url(module_settings.auditor_database_url.get_secret_value())
    engine = create_engine(url, connect_args={"options": "-c statement_timeout=10"})
    with (
        pytest.raises(StoreRefused, match=r"broke the query off.*statement timeout"),
        translated_errors(),
        engine.connect() as link,
    ):
        link.execute(text("SELECT pg_sleep(5)"))
    engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT rolpassword FROM pg_authid",
        "SELECT passwd FROM pg_shadow",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT * FROM pg_hba_file_rules",
        "COPY codeio.source TO PROGRAM 'cat'",
        "SET ROLE codeio_owner",
        "SET ROLE codeio_app",
    ],
)
def test_the_auditor_sees_no_secret(auditor: Connection, statement: str) -> None:
    assert _refused(auditor, statement)


@pytest.mark.parametrize("role", ["auditor_database_url", "database_url"])
@pytest.mark.parametrize("database", ["airflow", "postgres", "template1"])
def test_nobody_enters_another_database(
    module_settings: Settings, role: str, database: str
) -> None:
    url = make_url(getattr(module_settings, role).get_secret_value())
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        psycopg2.connect(
            host=url.host, port=url.port, user=url.username, password=url.password,
            dbname=database,
        )  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE codeio.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE SCHEMA mine",
        "ALTER TABLE codeio.source ADD COLUMN mine int",
        "DROP TABLE codeio.sample",
        "DROP VIEW codeio.funnel",
        "CREATE INDEX ON codeio.source (paused)",
        "CREATE OR REPLACE VIEW codeio.funnel AS SELECT 1",
        "COMMENT ON TABLE codeio.source IS 'mine'",
        "ALTER ROLE codeio_auditor SUPERUSER",
    ],
)
def test_the_application_changes_no_schema(app: Connection, statement: str) -> None:
    assert _refused(app, statement)


def test_the_application_passes_no_right_on(app: Connection) -> None:
    # Postgres warns, and grants nothing.
    app.execute(text("GRANT INSERT ON codeio.source TO codeio_auditor"))
    allowed = "SELECT has_table_privilege('codeio_auditor', 'codeio.source', 'INSERT')"
    assert app.execute(text(allowed)).scalar() is False
    app.rollback()


def test_facts_are_added_and_never_changed(app: Connection) -> None:
    for name in _relations(app, "r"):
        assert _refused(app, f'DELETE FROM codeio."{name}"')
        assert _refused(app, f'TRUNCATE codeio."{name}"')
        if name in DERIVED:
            continue
        has_insert = app.execute(
            text("SELECT has_table_privilege(:name, 'INSERT')"), {"name": f"codeio.{name}"}
        ).scalar()
        assert has_insert, name
    changeable = app.execute(
        text(
            "SELECT DISTINCT table_name FROM information_schema.column_privileges "
            "WHERE grantee = 'codeio_app' AND privilege_type = 'UPDATE'"
        )
    ).scalars()
    states = {
        "answering_teacher",
        "teacher_pace",
        "teacher_spending",
        "teacher_batch",
        "teacher_batch_request",
    }
    assert set(changeable) == {"source", "release", *states}
