"""The FastAPI app of the pages. Every URL below it asks for the login of Airflow."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from codeio_airflow.ui.pages import (
    data_docs,
    gates,
    overview,
    releases,
    runs,
    samples,
    sandbox,
    sources,
    teachers,
)
from codeio_airflow.ui.view import render, render_error
from codeio_ops.config import Settings
from codeio_ops.errors import CodeIOError
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore

_STATIC = Path(__file__).with_name("static")
PAGES = (overview, runs, gates, releases, teachers, sandbox, sources)
# What shows sources, prompts and answers.
TEXTS = (samples.router, data_docs.router, releases.files)
STATIC_FILES = ("style.css", "theme.js")

# No script but our own file runs, nothing is loaded from another host, and no other site may
# frame a page. Charts carry their style inside.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app() -> FastAPI:
    """Build the app behind the login of the Airflow that serves it."""
    from codeio_airflow.connections import settings_of_pages
    from codeio_airflow.ui.access import READERS, active_tasks, logged_in

    settings = settings_of_pages()
    return build_app(
        settings,
        logged_in=logged_in,
        may_read=READERS[settings.pages_readers],
        active_tasks=active_tasks,
    )


def build_app(
    settings: Settings,
    *,
    logged_in: Callable[..., object] | None,
    may_read: Callable[..., object] | None = None,
    active_tasks: Callable[[], Sequence[object]],
) -> FastAPI:
    """Build the app from what Airflow gives it.

    Args:
        settings: Where database and bucket are.
        logged_in: A FastAPI dependency that refuses strangers; None only where no Airflow is.
        may_read: A FastAPI dependency that refuses who may not read texts of the dataset.
        active_tasks: Returns the tasks that are running now.
    """
    app = FastAPI(
        title="CODE I/O",
        dependencies=[Depends(check) for check in (logged_in, _refuse_nul) if check],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.store = Store.open(settings.auditor_database_url.get_secret_value())
    app.state.active_tasks = active_tasks
    app.state.recipes_nightly = settings.recipes_nightly
    app.state.objects = ObjectStore.open(settings)
    app.middleware("http")(_add_headers)
    app.add_exception_handler(CodeIOError, _show_error)
    app.add_exception_handler(HTTPException, _show_refusal)
    app.add_exception_handler(RequestValidationError, _show_invalid)
    for page in PAGES:
        app.include_router(page.router)
    for router in TEXTS:
        app.include_router(router, dependencies=[Depends(may_read)] if may_read else [])
    app.get("/static/{name}", response_class=FileResponse)(_static)
    app.get("/", response_class=HTMLResponse)(_start)
    app.get("/{path:path}", response_class=HTMLResponse)(_missing)
    return app


def _refuse_nul(request: Request) -> None:
    """Refuse what no text in the database can hold, and no query of a page can ask for."""
    values = [value for pair in request.query_params.multi_items() for value in pair]
    if any("\0" in text for text in (str(request.scope["path"]), *values)):
        raise HTTPException(422, "an address holds no NUL character")


async def _add_headers(request: Request, call_next: object) -> Response:
    response: Response = await call_next(request)  # type: ignore[operator]
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _show_error(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, CodeIOError)
    return render_error(request, error)


def _show_refusal(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, HTTPException)
    content = {"title": HTTPStatus(error.status_code).phrase, "cause": error.detail, "cure": ""}
    return render(request, "error", content, status=error.status_code)


def _show_invalid(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, RequestValidationError)
    causes = [f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors()]
    content = {"title": "Invalid request", "cause": "; ".join(causes), "cure": ""}
    return render(request, "error", content, status=422)


def _static(name: str) -> FileResponse:
    if name not in STATIC_FILES:
        raise HTTPException(404)
    return FileResponse(_STATIC / name, headers={"Cache-Control": "private, max-age=600"})


def _start(request: Request) -> RedirectResponse:
    return RedirectResponse(request.scope.get("root_path", "") + "/overview")


def _missing(request: Request, path: str) -> HTMLResponse:
    content = {"title": "No such page", "cause": f"There is no page {path}.", "cure": ""}
    return render(request, "error", content, status=404)
