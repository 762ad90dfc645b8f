"""A chat-completions endpoint with a latency, a limit and faults, as a process of its own.

It keeps a sliding window of 60 seconds, as providers do, and answers 429 beyond its limit.
`GET /stats` tells what it saw.
"""

import argparse
import asyncio
import random
import time
from collections import Counter, deque

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

ANSWER = 'The result follows from the code.\n\n```json\n{"output": 1}\n```'
FAULTS = ("429", "500", "503", "401", "404", "html", "no_choices", "half", "slow", "dropped")


def create(*, latency_s: float, per_minute: int, faults: float, slow_s: float) -> FastAPI:
    """Build the application."""
    app = FastAPI(openapi_url=None)
    dice = random.Random(7)
    window: deque[float] = deque()
    seen: Counter[str] = Counter()
    paid: Counter[str] = Counter()

    @app.get("/stats")
    async def stats() -> JSONResponse:
        again = sum(paid.values()) - len(paid)
        return JSONResponse({"seen": dict(seen), "paid": paid.total(), "paid_again": again})

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        body = await request.json()
        seen["requests"] += 1
        now = time.monotonic()
        while window and window[0] <= now - 60:
            window.popleft()
        if per_minute and len(window) >= per_minute:
            seen["over_limit"] += 1
            return _error(429, wait_s=window[0] + 60 - now)
        window.append(now)
        fault = dice.choice(FAULTS) if dice.random() < faults else ""
        seen[fault or "answered"] += 1
        await asyncio.sleep(slow_s if fault == "slow" else latency_s)
        if not fault:
            paid[body["messages"][0]["content"]] += 1
        return _reply(fault, body["model"])

    return app


def _reply(fault: str, model: str) -> Response:
    if fault in ("429", "500", "503", "401", "404"):
        return _error(int(fault), wait_s=0.5)
    if fault == "html":
        return Response("<html>busy</html>", media_type="text/html")
    if fault == "no_choices":
        return JSONResponse({"choices": []})
    whole = JSONResponse(completion(model))
    if fault == "half":
        return Response(whole.body[: len(whole.body) // 2], media_type="application/json")
    if fault == "dropped":
        return Response(b"{", headers={"content-length": "1000"})
    return whole


def completion(model: str) -> dict[str, object]:
    """A chat completion that costs 100 tokens read and 50 written."""
    message = {"role": "assistant", "content": ANSWER}
    return {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }


def _error(status: int, *, wait_s: float) -> JSONResponse:
    headers = {"retry-after-ms": str(round(wait_s * 1000) + 1)} if status == 429 else {}
    error = {"message": "scripted", "type": "scripted", "code": None}
    return JSONResponse({"error": error}, status_code=status, headers=headers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--per-minute", type=int, default=0)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--slow", type=float, default=10.0)
    given = parser.parse_args()
    app = create(
        latency_s=given.latency,
        per_minute=given.per_minute,
        faults=given.faults,
        slow_s=given.slow,
    )
    uvicorn.run(app, port=given.port, log_level="critical")
