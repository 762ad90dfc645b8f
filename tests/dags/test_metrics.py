"""Counters reach a StatsD receiver with the settings that the page for operators names."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

from codeio_ops.local.environment import base_environment

REPOSITORY = Path(__file__).parents[2]
TIMEOUT_S = 60.0
# The first call is what Airflow's task runner does before it runs a task.
SCRIPT = """
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)
from codeio_airflow.metrics import counted
counted("sample", {"sampled": 7, "constant_output": 2})
"""


def _documented() -> dict[str, str]:
    page = (REPOSITORY / "docs" / "operations.md").read_text()
    return dict(re.findall(r"(AIRFLOW__METRICS__STATSD\w+)=(\S+)", page))


def test_rows_are_counted_where_the_settings_say(tmp_path: Path) -> None:
    missing = {"codeio.rows.sample.sampled:7|c", "codeio.rows.sample.constant_output:2|c"}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(TIMEOUT_S)
        environment = {
            **base_environment(),
            **_documented(),
            "AIRFLOW__METRICS__STATSD_PORT": str(receiver.getsockname()[1]),
            "AIRFLOW_HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "plugins"))),
        }
        command = (sys.executable, "-c", SCRIPT)
        subprocess.run(command, env=environment, check=True, capture_output=True, cwd=tmp_path)
        while missing:
            missing.discard(receiver.recv(65536).decode())
