"""The plugin as Airflow loads it: nothing of it answers a stranger."""

import json
from collections.abc import Callable

SCRIPT = """
import json, os, re
from fastapi.testclient import TestClient
os.environ["CODEIO_AUDITOR_DATABASE_URL"] = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
from codeio_airflow.plugin import CodeIOPlugin
from codeio_airflow.ui.app import create_app

routes = [(route.path, sorted(route.methods)) for route in create_app().routes]
mounted = CodeIOPlugin.fastapi_apps[0]["app"]
with TestClient(mounted) as client:
    answers = {
        f"{method} {path}": client.request(method, re.sub(r"{[^}]*}", "x", path)).status_code
        for path, methods in [*routes, ("/openapi.json", ["GET"]), ("/docs", ["GET"])]
        for method in methods
    }
views = [view["href"] for view in CodeIOPlugin.external_views]
print("\\n" + json.dumps({"answers": answers, "views": views}))
"""


def test_an_anonymous_request_is_refused_at_every_url(fresh_python: Callable[..., str]) -> None:
    report = json.loads(fresh_python("-c", SCRIPT).strip().splitlines()[-1])
    assert {"GET /overview", "GET /samples/{sample_id}", "GET /static/{name}"} <= set(
        report["answers"]
    )
    assert set(report["answers"].values()) == {401}
    paths = {answer.partition(" ")[2] for answer in report["answers"]}
    for href in report["views"]:
        assert href.removeprefix("codeio").partition("?")[0] in paths
