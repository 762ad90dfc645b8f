"""Airflow as child processes of the stack: components, metadata database, password, pools."""

import json
import subprocess
import sys
from collections.abc import Mapping

import psycopg2

from codeio_ops.errors import StackError
from codeio_ops.local import postgres
from codeio_ops.local.environment import AIRFLOW_USER, base_environment
from codeio_ops.local.home import Home, write_private
from codeio_ops.local.processes import Component
from codeio_ops.local.state import StackState

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "airflow-api-server": ("api-server",),
    # The log servers would listen on every interface; the API server reads the files itself.
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
}
HEALTH_NAMES: Mapping[str, str] = {
    "airflow-api-server": "metadatabase",
    "airflow-scheduler": "scheduler",
    "airflow-dag-processor": "dag_processor",
    "airflow-triggerer": "triggerer",
}
MIGRATED_FILE = "migrated.json"


def components(environment: Mapping[str, str]) -> tuple[Component, ...]:
    """Return the four long-running processes of Airflow.

    Args:
        environment: The variables of the stack.
    """
    return tuple(
        Component(
            name=name,
            argv=(sys.executable, "-m", "airflow", *arguments),
            env=environment,
            inherited=base_environment(),
            cwd=environment["AIRFLOW_HOME"],
            # The scheduler would wait for its running tasks; they are transactions.
            grace_s=8.0,
            tier=1,
        )
        for name, arguments in COMMANDS.items()
    )


def write_password(home: Home, state: StackState) -> None:
    """Write the password file of the UI's only user, readable by its owner only."""
    passwords = {AIRFLOW_USER: state.secrets.airflow_admin_password}
    write_private(home.airflow / "passwords.json", json.dumps(passwords) + "\n")


def migrate(home: Home, state: StackState, environment: Mapping[str, str]) -> bool:
    """Bring the metadata database to this Airflow's schema; return whether work was needed.

    The command costs seconds even with nothing to do, so the revision it reached is kept
    beside Airflow's version, and compared with the one in the database.

    Raises:
        StackError: The migration fails.
    """
    version = installed_version()
    before = {"airflow": version, "revision": _revision(state)}
    record = home.airflow / MIGRATED_FILE
    if record.exists() and json.loads(record.read_text(encoding="utf-8")) == before:
        return False
    # Its lock is that of a session, which a pooler does not keep.
    direct = postgres.url(state, role=postgres.AIRFLOW, database=postgres.AIRFLOW_DATABASE)
    done = subprocess.run(
        (sys.executable, "-m", "airflow", "db", "migrate"),
        env={**environment, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": direct},
        cwd=home.airflow,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    (home.logs / "airflow-db-migrate.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode != 0:
        raise StackError(
            "`airflow db migrate` failed", cure=f"Read {home.logs / 'airflow-db-migrate.log'}."
        )
    write_private(record, json.dumps({"airflow": version, "revision": _revision(state)}))
    return True


def installed_version() -> str:
    """Return the version of the installed Airflow without importing it."""
    from importlib.metadata import version

    return version("apache-airflow")


def _revision(state: StackState) -> str | None:
    """Return the metadata database's revision; None while it has no tables."""
    with (
        postgres.connect(state, role=postgres.AIRFLOW, database=postgres.AIRFLOW_DATABASE) as link,
        link.cursor() as cursor,
    ):
        try:
            cursor.execute("SELECT version_num FROM alembic_version")
        except psycopg2.errors.UndefinedTable:
            return None
        row = cursor.fetchone()
    return None if row is None else str(row[0])
