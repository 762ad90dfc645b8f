"""The roles and databases of the stack: all that needs a superuser, for migrations need none."""

from collections.abc import Mapping
from typing import LiteralString

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from codeio_ops.local.postgres import (
    AIRFLOW,
    AIRFLOW_DATABASE,
    APP,
    AUDITOR,
    DATABASE,
    OWNER,
    connect,
    role_password,
)
from codeio_ops.local.state import StackState

AUDITOR_SETTINGS: Mapping[str, str] = {
    "default_transaction_read_only": "on",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    # Such that the role itself cannot raise it.
    "temp_file_limit": "1GB",
}
AUDITOR_CONNECTIONS = 20

_SHARED = ("postgres", "template1")
_NO_LARGE_OBJECTS = """
DO $$
DECLARE routine regprocedure;
BEGIN
    FOR routine IN SELECT oid FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^(lo_|loread$|lowrite$)'
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
    END LOOP;
END;
$$
"""


def create_roles_and_databases(state: StackState) -> None:
    """Create the roles and databases that are missing, and set every password and limit."""
    with connect(state) as link, link.cursor() as cursor:
        for role in (OWNER, APP, AUDITOR, AIRFLOW):
            _create_role(cursor, role, role_password(state.secrets, role))
        _limit_auditor(cursor)
        for database in _SHARED:
            _close(cursor, database)
    # What is made from it later has no such right either.
    _forbid_large_objects(state, "template1")
    with connect(state) as link, link.cursor() as cursor:
        create_database(cursor, DATABASE, owner=OWNER, users=(APP, AUDITOR))
        create_database(cursor, AIRFLOW_DATABASE, owner=AIRFLOW, users=())
    _forbid_large_objects(state, DATABASE)


def create_database(
    cursor: Cursor,
    name: str,
    *,
    owner: str,
    users: tuple[str, ...],
    template: str = "template1",
) -> None:
    """Create a database unless it exists; only its owner and `users` may connect.

    Rights on a database are not copied with a template, so they are given here and not by a
    migration: `codeio_app` may make temporary tables, into which it copies rows in bulk.
    """
    database = sql.Identifier(name)
    if not _exists(cursor, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        cursor.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                database, sql.Identifier(owner), sql.Identifier(template)
            )
        )
    _close(cursor, name)
    for user in users:
        grant: LiteralString = "CONNECT, TEMPORARY" if user == APP else "CONNECT"
        cursor.execute(
            sql.SQL("GRANT " + grant + " ON DATABASE {} TO {}").format(
                database, sql.Identifier(user)
            )
        )


def _create_role(cursor: Cursor, role: str, password: str) -> None:
    if not _exists(cursor, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    cursor.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
    )


def _limit_auditor(cursor: Cursor) -> None:
    """Bound what a query from a page or a person may take; grants alone keep it from writing."""
    role = sql.Identifier(AUDITOR)
    limit = sql.Literal(AUDITOR_CONNECTIONS)
    cursor.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}").format(role, limit))
    for name, value in AUDITOR_SETTINGS.items():
        cursor.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                role, sql.Identifier(name), sql.Literal(value)
            )
        )


def _close(cursor: Cursor, database: str) -> None:
    """Let nobody connect to a database who is not named."""
    cursor.execute(
        sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(
            sql.Identifier(database)
        )
    )


def _forbid_large_objects(state: StackState, database: str) -> None:
    """Take the right to write large objects, which PUBLIC has, and which nothing here uses."""
    with connect(state, database=database) as link, link.cursor() as cursor:
        cursor.execute(_NO_LARGE_OBJECTS)


def _exists(cursor: Cursor, query: LiteralString, name: str) -> bool:
    cursor.execute(query, (name,))
    return cursor.fetchone() is not None
