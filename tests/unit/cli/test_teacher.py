"""`codeio teacher check`: one request of each kind, and what a person reads of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from codeio_ops.cli.app import app
from codeio_ops.config import Settings
from codeio_ops.errors import TeacherUnavailable
from codeio_ops.jsonvalue import Json
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply, error_reply
from support.shell import set_shell

PROGRAM = """## Main Function

```python
def main_solution(n):
    return n
```

## Input Output Description

A number; a number.

## Input Generator

```python
def input_generator():
    return {"n": 1}
```

## Problem Statement

What is `n`?
"""


def by_kind(body: dict[str, Json]) -> ScriptedReply:
    """Answer like a model that transforms, predicts wrongly and corrects itself."""
    messages: Any = body["messages"]
    if len(messages) == 3:
        return chat_reply('{"output": 12}')
    file = "print(digit_sum(4071)" in messages[0]["content"]
    return chat_reply(PROGRAM if file else '{"output": 13}', model="gpt-4o-mini")


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the command against an endpoint."""

    def run(endpoint: ScriptedEndpoint, *options: str) -> Result:
        settings = Settings.model_validate(
            {"home": Path("/nonexistent"), "openai_base_url": endpoint.base_url, "model": "m"}
        )
        set_shell(monkeypatch, settings)
        return CliRunner().invoke(app, ["teacher", "check", *options])

    return run


def test_each_kind_is_asked_once_and_judged_like_in_the_pipeline(check: Any) -> None:
    with ScriptedEndpoint(by_kind) as endpoint:
        done = check(endpoint, "--json")
    calls = json.loads(done.stdout)
    assert (done.exit_code, len(endpoint.requests)) == (0, 3)
    assert [(call["kind"], call["result"], call["usable"]) for call in calls] == [
        ("transform", "a program", True),
        ("answer", "wrong", True),
        ("revise", "right", True),
    ]
    assert [call["cost_usd"] for call in calls] == ["0.0000045", "0.0000045", ""]
    assert "CODEIO_PRICE_INPUT_USD" in done.stderr


def test_a_teacher_whose_replies_are_of_no_use_fails_the_check(check: Any) -> None:
    with ScriptedEndpoint([chat_reply("hello", model="gpt-4o-mini")]) as endpoint:
        done = check(endpoint)
    assert done.exit_code == 1
    assert "section missing" in done.stdout
    assert "CODEIO_PRICE_INPUT_USD" not in done.stderr


def test_a_rate_limit_that_never_ends_names_its_settings(check: Any) -> None:
    with ScriptedEndpoint([error_reply(429, headers={"retry-after-ms": "1"})]) as endpoint:
        done = check(endpoint)
    assert isinstance(done.exception, TeacherUnavailable)
    assert "CODEIO_TEACHER_REQUESTS_PER_MINUTE" in done.exception.cure
