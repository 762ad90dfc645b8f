"""Links to the pages lead below the path that a proxy gives Airflow."""

from collections.abc import Callable

import pytest

SCRIPT = """
import os, sys
os.environ["AIRFLOW__API__BASE_URL"] = sys.argv[1]
from types import SimpleNamespace
from codeio_airflow.plugin import RunPageLink
run = SimpleNamespace(dag_id="d", run_id="r")
print(RunPageLink().get_link(SimpleNamespace(owner="codeio"), ti_key=run))
"""


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("http://127.0.0.1:8080", "/codeio"),
        ("https://host/airflow", "/airflow/codeio"),
        ("https://host/a/b/", "/a/b/codeio"),
        ("/", "/codeio"),
    ],
)
def test_the_button_of_a_task_has_the_path_of_the_base_url(
    base_url: str, path: str, fresh_python: Callable[..., str]
) -> None:
    said = fresh_python("-c", SCRIPT, base_url).strip().splitlines()[-1]
    assert said == f"{path}/run?dag_id=d&run_id=r"
