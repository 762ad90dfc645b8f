"""Brings a database to the current schema: `sql/migrations` once, `sql/views` when they change.

Migrations are numbered, forward only, and hold tables; each is run once. Views, functions,
triggers and grants are defined once, in files that are run again, all of them in the order of
their names, whenever one differs from what was run last or a migration is new. Everything
happens in one transaction; `codeio.schema_file` keeps the sha256 of what was run. A database made
before version 0.2.0 is brought to the first migrations by `sql/upgrades` (once, too).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from sqlalchemy import Connection, create_engine, text

from codeio_ops.errors import SchemaForeign
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.storage.engine import translated_errors
from codeio_ops.storage.queries import SQL_DIRECTORY

# The last migration before version 0.2.0, and the last of those that it is brought to.
_OLD_VERSION, _UPGRADED_TO = "0012", "migrations/0006_rollups.sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class _SqlFile:
    path: str
    script: str

    @property
    def sha256(self) -> str:
        return sha256_hex(self.script.encode())


def migrate(owner_url: str, *, sql: Traversable = SQL_DIRECTORY) -> None:
    """Apply what the database of `owner_url` lacks of the files below `sql`.

    The roles `codeio_app` and `codeio_auditor` must exist.

    Raises:
        SchemaForeign: the database holds a schema that these files did not make.
        StoreUnavailable: Postgres cannot be reached.
        StoreRefused: it refuses the owner.
    """
    engine = create_engine(owner_url)
    try:
        with translated_errors(), engine.begin() as connection:
            # Two starts at the same time must not migrate twice.
            connection.execute(text("SELECT pg_advisory_xact_lock(7502316)"))
            migrations, repeatable = _files(sql, "migrations"), _files(sql, "views")
            if _is_old(connection):
                _upgrade(connection, repeatable[0], _files(sql, "upgrades"), migrations)
            _bring_up(connection, migrations, repeatable)
    finally:
        engine.dispose()


def _files(sql: Traversable, folder: str) -> list[_SqlFile]:
    """Return the SQL files of a folder in the order of their names."""
    found = [item for item in (sql / folder).iterdir() if item.name.endswith(".sql")]
    return [
        _SqlFile(path=f"{folder}/{item.name}", script=item.read_text(encoding="utf-8"))
        for item in sorted(found, key=lambda item: item.name)
    ]


def _bring_up(
    connection: Connection, migrations: list[_SqlFile], repeatable: list[_SqlFile]
) -> None:
    known = _known(connection)
    applied = {path: sha256 for path, sha256 in known.items() if path.startswith("migrations/")}
    _require_beginning(applied, migrations)
    new = migrations[len(applied) :]
    if not new and known == applied | {file.path: file.sha256 for file in repeatable}:
        return
    drop, *create = repeatable
    for file in (drop, *new, *create):
        _run(connection, file)
    connection.execute(text("DELETE FROM codeio.schema_file WHERE path LIKE 'views/%'"))
    _remember(connection, (*new, *repeatable))


def _remember(connection: Connection, files: Iterable[_SqlFile]) -> None:
    connection.execute(
        text("INSERT INTO codeio.schema_file (path, sha256) VALUES (:path, :sha256)"),
        [{"path": file.path, "sha256": file.sha256} for file in files],
    )


def _is_old(connection: Connection) -> bool:
    """Say whether the last version before 0.2.0 made the schema, with Alembic."""
    if connection.scalar(text("SELECT to_regclass('codeio_schema_version')")) is None:
        return False
    version = connection.scalar(text("SELECT version_num FROM codeio_schema_version"))
    return bool(version == _OLD_VERSION)


def _upgrade(
    connection: Connection,
    drop: _SqlFile,
    upgrades: list[_SqlFile],
    migrations: list[_SqlFile],
) -> None:
    for file in (drop, *upgrades):
        _run(connection, file)
    _remember(connection, (file for file in migrations if file.path <= _UPGRADED_TO))


def _known(connection: Connection) -> dict[str, str]:
    """Return path -> sha256 of the files that made the schema; nothing where there is none."""
    if connection.scalar(text("SELECT to_regnamespace('codeio')")) is None:
        return {}
    if connection.scalar(text("SELECT to_regclass('codeio.schema_file')")) is None:
        raise _foreign("it was made before version 0.2.0")
    rows = connection.execute(text("SELECT path, sha256 FROM codeio.schema_file"))
    return {row.path: row.sha256 for row in rows}


def _require_beginning(applied: dict[str, str], migrations: list[_SqlFile]) -> None:
    """Refuse a database whose migrations are not the first ones of ours."""
    ours = {file.path: file.sha256 for file in migrations[: len(applied)]}
    for path, sha256 in sorted(applied.items()):
        if path > migrations[-1].path:
            raise _newer(path)
        if ours.get(path) != sha256:
            raise _foreign(f"its {path} is not the one of this version")


def _newer(path: str) -> SchemaForeign:
    return SchemaForeign(
        f"the schema of the database is that of a later version, which has {path}",
        cure="use that version, or a later one, for this home; another home (CODEIO_HOME) for this",
    )


def _foreign(reason: str) -> SchemaForeign:
    return SchemaForeign(
        f"the schema of the database is that of another version: {reason}",
        cure="delete the data (`make clean`, or drop the database), or name another database",
    )


def _run(connection: Connection, file: _SqlFile) -> None:
    driver = connection.connection.dbapi_connection
    assert driver is not None
    # SQLAlchemy would take a percent sign in the script for a parameter.
    driver.cursor().execute(file.script)
