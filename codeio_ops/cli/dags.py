"""`codeio dags`: where the DAG files lie, for an Airflow of one's own."""

import typer

from codeio_ops.bundled import DAGS
from codeio_ops.cli.output import JsonOption, print_json

BUNDLE_CLASS = "airflow.dag_processing.bundles.local.LocalDagBundle"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(dags)


def dags(as_json: JsonOption = False) -> None:
    """Print the folder of the DAGs; as JSON, the value of Airflow's dag_bundle_config_list."""
    if as_json:
        bundle = {"name": "codeio", "classpath": BUNDLE_CLASS, "kwargs": {"path": str(DAGS)}}
        print_json([bundle])
    else:
        print(DAGS)
