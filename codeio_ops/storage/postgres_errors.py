"""What an error of the Postgres driver means; apart from `engine`, so that it costs no import."""

from psycopg2 import OperationalError
from psycopg2.errors import QueryCanceled

from codeio_ops.errors import StoreRefused, StoreUnavailable

_REFUSALS = ("authentication failed", "does not exist", "permission denied", "no password")


def postgres_error(
    exc: OperationalError, *, refused_cure: str = ""
) -> StoreUnavailable | StoreRefused:
    """Say whether Postgres refuses a connection or query, or cannot be reached."""
    line = first_line(exc)
    if isinstance(exc, QueryCanceled):
        cure = "Ask for less, or let the statement_timeout of the role be longer."
        return StoreRefused(f"Postgres broke the query off: {line}", cure=cure)
    if any(word in line for word in _REFUSALS):
        return StoreRefused(f"Postgres refuses the connection: {line}", cure=refused_cure)
    return StoreUnavailable(f"Postgres cannot be reached: {line}")


def first_line(exc: BaseException | None) -> str:
    """Return what an error says, without the hints and the query below it."""
    return str(exc).strip().partition("\n")[0]
