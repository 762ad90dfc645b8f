"""The embedded teacher as an OpenAI-compatible server on loopback.

`codeio up` starts it, so that the road to a real model is the road that is always used.
It recognises its requests by the platform's own prompt templates and answers nothing else.
Prompts are never logged.
"""

import asyncio
import hmac
import ipaddress
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from codeio_ops.config import OFFLINE_MODEL, Settings
from codeio_ops.errors import SandboxFault, SettingsError, UnknownPrompt
from codeio_ops.jsonvalue import Json
from codeio_ops.sandbox.base import Sandbox
from codeio_ops.sandbox.pool import DockerSandbox
from codeio_ops.teacher.prompting import TransformTask, read_prompt
from offline_teacher import OFFLINE_VERSION
from offline_teacher.answer import answer
from offline_teacher.program_reply import program_reply
from offline_teacher.wire import (
    MAX_MESSAGE_CHARS,
    WireError,
    WireRequest,
    completion,
    invalid,
    models_reply,
    stream_of,
)

log = logging.getLogger(__name__)

_HASH_SEED = 0
_CONFIRM_HASH_SEED = 1
_OPEN_PATHS = ("/healthz",)
# The sandbox has already tried twice; a client that tries again at once would not help.
_NO_RETRY = {"x-should-retry": "false"}

Reply = tuple[str, dict[str, Json]]


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until a signal ends the process.

    Raises:
        SettingsError: the host is not loopback, or the bearer token is empty.
        EngineUnavailable, ImageMissing, SandboxUnsafe: the sandbox cannot be used.
    """
    _check_loopback(host)
    # uvicorn raises the signal that ended it again; the default would skip closing the sandbox.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    token = settings.teacher_key.get_secret_value()
    with (
        _open_sandbox(settings, _HASH_SEED) as sandbox,
        _open_sandbox(settings, _CONFIRM_HASH_SEED) as confirm,
    ):
        app = create_app(sandbox=sandbox, confirm=confirm, token=token)
        config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False)
        uvicorn.Server(config).run()


def create_app(*, sandbox: Sandbox, confirm: Sandbox, token: str) -> FastAPI:
    """Build the application around two sandboxes, which stay the caller's.

    Args:
        sandbox: Where programs run.
        confirm: A sandbox with another hash seed, for the transform.
        token: Bearer token that every request but `/healthz` must carry.

    Raises:
        SettingsError: the token is empty.
    """
    if not token:
        raise SettingsError(
            "the embedded teacher has no bearer token",
            cure="Set CODEIO_TEACHER_KEY to a long random word, or use `codeio up`.",
        )
    threads = ThreadPoolExecutor(sandbox.workers, thread_name_prefix="teacher")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        threads.shutdown(wait=False, cancel_futures=True)

    app = FastAPI(title="codeio offline teacher", lifespan=lifespan, openapi_url=None)
    _guard(app, token)

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok", "model": OFFLINE_MODEL})

    @app.get("/v1/models")
    async def models() -> JSONResponse:
        return JSONResponse(models_reply(OFFLINE_MODEL, OFFLINE_VERSION))

    @app.post("/v1/chat/completions")
    async def chat(request: WireRequest) -> Response:
        _check(request)
        loop = asyncio.get_running_loop()
        text, facts = await loop.run_in_executor(threads, reply_to, request, sandbox, confirm)
        reply = completion(request, text, facts, created_s=int(time.time()))
        if request.stream:
            return Response(stream_of(reply), media_type="text/event-stream")
        return JSONResponse(reply)

    return app


def reply_to(request: WireRequest, sandbox: Sandbox, confirm: Sandbox) -> Reply:
    """Answer one conversation.

    Raises:
        WireError: the conversation is none that the platform's templates give.
        SandboxFault: the sandbox failed.
    """
    turns = [message for message in request.messages if message.role in ("user", "assistant")]
    roles = [message.role for message in turns]
    if not roles or roles != ["user", *["assistant", "user"] * (len(roles) // 2)]:
        raise invalid("the conversation must be a prompt, then replies with feedback on each")
    try:
        task = read_prompt(turns[0].content)
    except UnknownPrompt as exc:
        raise invalid(str(exc), code="unknown_prompt") from exc
    earlier = turns[-2].content if len(turns) > 1 else None
    if not isinstance(task, TransformTask):
        found = answer(task, sandbox=sandbox, earlier=earlier)
        return found.text, found.provenance()
    if earlier is not None:
        raise invalid("a transform is not revised")
    made = program_reply(task, sandbox=sandbox, confirm=confirm)
    return made.text, made.provenance


def _check(request: WireRequest) -> None:
    if request.model != OFFLINE_MODEL:
        raise WireError(
            404,
            f"the model {request.model!r} does not exist; this is {OFFLINE_MODEL}",
            kind="invalid_request_error",
            code="model_not_found",
        )
    if any(len(message.content) > MAX_MESSAGE_CHARS for message in request.messages):
        raise invalid("a message is too long", code="context_length_exceeded")


def _guard(app: FastAPI, token: str) -> None:
    """Require the token, and give every error OpenAI's shape."""
    expected = f"Bearer {token}".encode()
    unauthorised = WireError(
        401, "wrong or missing API key", kind="invalid_request_error", code="invalid_api_key"
    )

    @app.middleware("http")
    async def authorise(
        request: Request, call_next: Callable[[Request], Awaitable[JSONResponse]]
    ) -> JSONResponse:
        given = request.headers.get("authorization", "").encode()
        if request.url.path in _OPEN_PATHS or hmac.compare_digest(given, expected):
            return await call_next(request)
        return JSONResponse(unauthorised.body, status_code=unauthorised.status)

    @app.exception_handler(WireError)
    async def wire_error(_: Request, exc: WireError) -> JSONResponse:
        return JSONResponse(exc.body, status_code=exc.status)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, exc: RequestValidationError) -> JSONResponse:
        fault = exc.errors()[0]
        error = invalid(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}")
        return JSONResponse(error.body, status_code=error.status)

    @app.exception_handler(SandboxFault)
    async def sandbox_fault(_: Request, exc: SandboxFault) -> JSONResponse:
        log.warning("the sandbox failed on a request: %s", exc, extra={"action": "teacher"})
        error = WireError(503, "the sandbox failed", kind="server_error", code="sandbox_fault")
        return JSONResponse(error.body, status_code=error.status, headers=_NO_RETRY)


def _open_sandbox(settings: Settings, hash_seed: int) -> DockerSandbox:
    return DockerSandbox.open(
        settings.sandbox_image,
        workers=settings.sandbox_workers,
        hash_seed=hash_seed,
        runtime=settings.sandbox_runtime,
        labels={"codeio.part": "teacher"},
    )


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(0)


def _check_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsError(
            f"the embedded teacher must not listen on {host!r}", cure="Use 127.0.0.1."
        )
