"""The DAGs as Airflow parses them, in a fresh process that can reach no database."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codeio_ops.local.environment import base_environment

REPOSITORY = Path(__file__).parents[2]
# Port 1 of loopback: whoever asks the database at parse time fails.
NO_DATABASE = "postgresql+psycopg2://nobody@127.0.0.1:1/none"


@pytest.fixture(scope="session")
def fresh_python(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return a function that runs Python where Airflow has no database; it gives the output."""
    home = tmp_path_factory.mktemp("airflow")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            (sys.executable, *arguments),
            env={
                **base_environment(),
                "AIRFLOW_HOME": str(home),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": NO_DATABASE,
                "CODEIO_HOME": str(home),
                "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "plugins"))),
            },
            cwd=home,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def parsed(fresh_python: Callable[..., str]) -> dict[str, Any]:
    """What `describe.py` says of all DAG files."""
    script = Path(__file__).with_name("describe.py")
    report: dict[str, Any] = json.loads(
        fresh_python(str(script), str(REPOSITORY / "dags")).strip().splitlines()[-1]
    )
    return report


@pytest.fixture
def dags(parsed: dict[str, Any]) -> dict[str, Any]:
    """The DAGs by id."""
    found: dict[str, Any] = parsed["dags"]
    return found
