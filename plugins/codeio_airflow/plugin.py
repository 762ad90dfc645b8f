"""What Airflow loads into each of its processes by an entry point: it must stay light.

The pages are imported by the first request to them, hence by the API server alone.
"""

from typing import Any
from urllib.parse import urlencode, urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk import BaseOperatorLink

PREFIX = "/codeio"


def pages_path() -> str:
    """Return the path of the pages, below that of Airflow where a proxy gives it one."""
    return urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + PREFIX


class LazyPages:
    """The ASGI app of the pages, built when it is first called."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        if self._app is None:
            from codeio_airflow.ui.app import create_app

            self._app = create_app()
        await self._app(scope, receive, send)


class RunPageLink(BaseOperatorLink):
    """The button on a task of ours that opens the page of its run."""

    name = "What the run wrote"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the page's address; nothing for tasks that are not ours."""
        if operator.owner != "codeio":
            return ""
        query = urlencode({"dag_id": ti_key.dag_id, "run_id": ti_key.run_id})
        return f"{pages_path()}/run?{query}"


def _view(name: str, page: str, **place: str) -> dict[str, str]:
    return {"name": name, "href": f"codeio/{page}", **place}


class CodeIOPlugin(AirflowPlugin):
    """Registers codeio-ops with Airflow."""

    name = "codeio"
    fastapi_apps = [{"app": LazyPages(), "url_prefix": PREFIX, "name": "CODE I/O"}]  # noqa: RUF012
    global_operator_extra_links = [RunPageLink()]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        _view(
            "CODE I/O",
            "overview",
            destination="nav",
            category="browse",
            url_route="codeio",
        ),
        _view(
            "CODE I/O",
            "run?dag_id={DAG_ID}&run_id={RUN_ID}",
            destination="dag_run",
            url_route="codeio-run",
        ),
    ]
