"""Access to Postgres: transactions, named queries into records, bulk inserts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from psycopg2 import OperationalError as DriverError
from psycopg2.extensions import connection as DriverConnection  # noqa: N812

from codeio_ops.errors import StoreRefused, StoreUnavailable
from codeio_ops.jsonvalue import Json
from codeio_ops.records import Record
from codeio_ops.storage.copy import insert_records
from codeio_ops.storage.postgres_errors import first_line, postgres_error
from codeio_ops.storage.queries import check, query

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")

_ROWS_AT_ONCE = 1000


class Transaction:
    """What may be done inside one database transaction."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    def fetch(self, name: str, into: type[T], /, **parameters: object) -> list[T]:
        """Run a named query and return its rows as `into`, whose attributes are the columns."""
        rows = self._connection.execute(query(name), parameters).mappings()
        return [into(**row) for row in rows]

    def stream(self, name: str, into: type[T], /, **parameters: object) -> Iterator[T]:
        """Run a named query and give its rows one by one, a thousand in memory at a time."""
        options = {"yield_per": _ROWS_AT_ONCE}
        rows = self._connection.execute(query(name), parameters, execution_options=options)
        return (into(**row) for row in rows.mappings())

    def fetch_json(self, name: str, /, **parameters: object) -> list[Json]:
        """Run a named query and return its rows as JSON objects; see `Store.fetch_json`."""
        rows = self._connection.execute(query(name), parameters).mappings()
        return [{key: _json_cell(value) for key, value in row.items()} for row in rows]

    def value(self, name: str, /, **parameters: object) -> Any:
        """Run a named query and return the first column of its first row, or None."""
        return self._connection.execute(query(name), parameters).scalar()

    def count(self, name: str, /, **parameters: object) -> int:
        """Return how many rows a named query gives."""
        from sqlalchemy import func, select

        counted = select(func.count()).select_from(query(name).columns().subquery())
        return self._connection.execute(counted, parameters).scalar_one()

    def column(self, name: str, /, **parameters: object) -> list[Any]:
        """Run a named query and return its first column."""
        return list(self._connection.execute(query(name), parameters).scalars())

    def pairs(self, name: str, /, **parameters: object) -> list[tuple[Any, Any]]:
        """Run a named query and return its first two columns."""
        return [(row[0], row[1]) for row in self._connection.execute(query(name), parameters)]

    def offenders(self, name: str, /, **parameters: object) -> list[Any]:
        """Run a check and return the first column of the rows that break it."""
        return list(self._connection.execute(check(name), parameters).scalars())

    def execute(self, name: str, /, **parameters: object) -> int:
        """Run a named statement and return how many rows it changed."""
        return self._connection.execute(query(name), parameters).rowcount

    def undo(self) -> None:
        """Undo everything done in this transaction; it must be the last call."""
        self._connection.rollback()

    def insert(self, records: Sequence[Record]) -> int:
        """Insert records that are not there yet, and return how many were new.

        A record may refer to an earlier one of the same call.
        """
        with cast(DriverConnection, self._connection.connection).cursor() as cursor:
            return insert_records(cursor, records)


class Store:
    """The database of the platform. Safe to share between threads."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "Store":
        """Prepare a pool of connections to `url`; the first query connects.

        Raises:
            StoreRefused: `url` is empty.
        """
        from sqlalchemy import create_engine

        if not url:
            raise StoreRefused(
                "no database is configured",
                cure="run `codeio up`, or set CODEIO_DATABASE_URL",
            )
        return cls(create_engine(url, pool_pre_ping=True))

    @property
    def url(self) -> str:
        """Where it is, with the password."""
        return self._engine.url.render_as_string(hide_password=False)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction: committed at the end of the block, undone when it raises.

        Raises:
            StoreUnavailable: Postgres cannot be reached, or broke off.
            StoreRefused: Postgres refuses the login, or the schema is missing.
        """
        with translated_errors(), self._engine.begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def locked(self, name: str, /, *, shared: bool = False) -> Iterator[None]:
        """Hold the lock of this name for the block, and wait for it first if others do.

        It belongs to a transaction of its own, which does nothing else: a pooler in front of
        Postgres keeps a connection for a transaction, not for a session. Transactions inside the
        block are others. It holds no snapshot, so work of minutes keeps no row from being
        vacuumed. Shared holders wait for an exclusive one only, and it for all of them.

        Raises:
            StoreUnavailable: Postgres cannot be reached, or broke off: the lock was lost.
        """
        taking = "lock.take_shared" if shared else "lock.take"
        with translated_errors(), self._engine.begin() as connection:
            connection.execute(query(taking), {"name": name})
            yield

    def fetch(self, name: str, into: type[T], /, **parameters: object) -> list[T]:
        """Run one named query in a transaction of its own; see `Transaction.fetch`."""
        with self.transaction() as transaction:
            return transaction.fetch(name, into, **parameters)

    def value(self, name: str, /, **parameters: object) -> Any:
        """Run one named query in a transaction of its own; see `Transaction.value`."""
        with self.transaction() as transaction:
            return transaction.value(name, **parameters)

    def count(self, name: str, /, **parameters: object) -> int:
        """Count the rows of one named query; see `Transaction.count`."""
        with self.transaction() as transaction:
            return transaction.count(name, **parameters)

    def fetch_json(self, name: str, /, **parameters: object) -> list[Json]:
        """Run one named query and return its rows as JSON objects.

        Ids and times become text; other values must be JSON already.
        """
        with self.transaction() as transaction:
            return transaction.fetch_json(name, **parameters)

    def insert(self, records: Sequence[Record]) -> int:
        """Insert records in a transaction of their own; see `Transaction.insert`."""
        with self.transaction() as transaction:
            return transaction.insert(records)

    def run_alone(self, name: str, /) -> None:
        """Run a named statement that Postgres allows in no transaction, such as VACUUM."""
        with translated_errors(), self._unmanaged() as connection:
            connection.execute(query(name))

    def _unmanaged(self) -> "Connection":
        """Return a connection on which every statement stands alone."""
        return self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _json_cell(value: Any) -> Json:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case Decimal():
            return float(value)
        case _:
            cell: Json = value
            return cell


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise the project's errors in place of the driver's, where a person can do something."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    try:
        yield
    except OperationalError as exc:
        if isinstance(exc.orig, DriverError):
            raise postgres_error(exc.orig) from exc
        raise StoreUnavailable(f"Postgres cannot be reached: {first_line(exc.orig)}") from exc
    except ProgrammingError as exc:
        if "does not exist" in str(exc.orig):
            raise StoreRefused(
                f"the database lacks what the query needs: {first_line(exc.orig)}",
                cure="run `codeio migrate`",
            ) from exc
        raise
