"""The one file that Airflow's plugin loader executes: it must stay light.

Everything else of the plugin is the package `codeio_airflow` beside it, which the DAGs
import and `.airflowignore` hides from the loader.
"""

from airflow.plugins_manager import AirflowPlugin


class CodeIOPlugin(AirflowPlugin):
    """Registers codeio-ops with Airflow."""

    name = "codeio"
