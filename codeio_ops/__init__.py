"""codeio-ops: from raw source code to verified reasoning data.

The library behind the DAGs in `dags/`. It never imports Airflow, so that every
stage also runs from a shell, a test or another scheduler.
"""

from importlib.metadata import version

__version__ = version("codeio-ops")
