"""pgbouncer from Debian, in front of Postgres: many processes on few connections.

It lends a connection for a transaction. What belongs to a session must not go through it: the
migrations of Airflow, which hold a lock of a session, and Airflow's asynchronous engine, which
prepares statements by name. Both reach Postgres itself.
"""

import os
import shutil
from hashlib import sha256

from codeio_ops.errors import StackError
from codeio_ops.local import postgres
from codeio_ops.local.home import Home, write_private
from codeio_ops.local.ports import LOOPBACK
from codeio_ops.local.processes import Component
from codeio_ops.local.programs import program
from codeio_ops.local.state import StackState
from codeio_ops.storage.postgres_errors import first_line

# More than the locks that tasks hold at once (each keeps a connection), and together fewer than
# Postgres has.
_POOL_SIZES = {postgres.DATABASE: 50, postgres.AIRFLOW_DATABASE: 40}
_ROLES = (postgres.APP, postgres.AUDITOR, postgres.AIRFLOW)
# The database of its own console.
_CONSOLE = "pgbouncer"


def configuration(state: StackState, *, listen: str, users_file: str) -> str:
    """Return `pgbouncer.ini`."""
    server = f"host={state.postgres_host} port={state.ports['postgres']}"
    databases = "".join(
        f"{name} = {server} dbname={name} pool_size={size}\n" for name, size in _POOL_SIZES.items()
    )
    return f"""[databases]
{databases}
[pgbouncer]
listen_addr = {listen}
listen_port = {state.ports["pgbouncer"]}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users_file}
stats_users = {postgres.AIRFLOW}
pool_mode = transaction
max_client_conn = 500
log_connections = 0
log_disconnections = 0
"""


def users(state: StackState) -> str:
    """Return the file of passwords: who may come, and how it logs in to Postgres itself."""
    passwords = {role: postgres.role_password(state.secrets, role) for role in _ROLES}
    return "".join(f'"{role}" "{password}"\n' for role, password in passwords.items())


def prepare(home: Home, state: StackState) -> None:
    """Write its files, readable by the user it runs as only.

    Raises:
        StackError: that user cannot be created.
    """
    home.pgbouncer.mkdir(mode=0o700, exist_ok=True)
    texts = {"pgbouncer.ini": _embedded(home, state), "users.txt": users(state)}
    for name, text in texts.items():
        write_private(home.pgbouncer / name, text)
    # Like Postgres it refuses to run as root.
    if user := postgres.system_user():
        for path in (home.pgbouncer, *(home.pgbouncer / name for name in texts)):
            shutil.chown(path, user, user)


def component(home: Home, state: StackState) -> Component:
    """Return the server process; it starts anew where its configuration changes."""
    digest = sha256(_embedded(home, state).encode()).hexdigest()
    return Component(
        name="pgbouncer",
        argv=(program("pgbouncer"), str(home.pgbouncer / "pgbouncer.ini")),
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "CONFIGURATION": digest},
        user=postgres.system_user(),
    )


def check(state: StackState) -> str:
    """Ask its console for its version.

    Raises:
        StackError: It does not answer, or refuses.
    """
    import psycopg2

    try:
        with (
            postgres.connect(state, role=postgres.AIRFLOW, database=_CONSOLE, pooled=True) as link,
            link.cursor() as cursor,
        ):
            cursor.execute("SHOW VERSION")
            (version,) = cursor.fetchone() or ("",)
    except psycopg2.Error as exc:
        raise StackError(f"pgbouncer does not answer: {first_line(exc)}") from exc
    return str(version)


def _embedded(home: Home, state: StackState) -> str:
    return configuration(state, listen=LOOPBACK, users_file=str(home.pgbouncer / "users.txt"))
