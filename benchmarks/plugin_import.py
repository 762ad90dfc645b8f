"""CPU time that the plugin adds to every process that loads Airflow's plugins.

    python benchmarks/plugin_import.py

The peer is Airflow's own SDK, which each task process imports anyway: both are measured in
fresh interpreters, in turn, and the least of several runs counts. Exit code 1 when the plugin
adds 0.05 CPU-seconds or more.
"""

import os
import subprocess
import sys
import tempfile

LIMIT_S = 0.05
REPEATS = 3
_SCRIPT = """
import time
started = time.process_time()
import airflow.sdk, airflow.plugins_manager
between = time.process_time()
import codeio_airflow.plugin
print(between - started, time.process_time() - between)
"""


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "AIRFLOW_HOME": home}
        runs = [_run(environment) for _ in range(REPEATS)]
    airflow_s, plugin_s = (min(column) for column in zip(*runs, strict=True))
    print(f"airflow.sdk and plugins_manager: {airflow_s:.3f} CPU-s")
    print(f"codeio_airflow.plugin on top:    {plugin_s:.4f} CPU-s ({plugin_s / airflow_s:.2%})")
    return 1 if plugin_s >= LIMIT_S else 0


def _run(environment: dict[str, str]) -> list[float]:
    command = [sys.executable, "-c", _SCRIPT]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return [float(part) for part in done.stdout.split()[-2:]]


if __name__ == "__main__":
    sys.exit(main())
