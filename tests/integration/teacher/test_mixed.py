"""Promises of mixed mode: the offline teacher first, the model for the files it refuses."""

from collections.abc import Callable, Sequence

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from codeio_ops.asking.program import transform_files
from codeio_ops.config import Settings
from codeio_ops.errors import TeacherUnavailable
from codeio_ops.jsonvalue import Json
from codeio_ops.pipeline import STAGES
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import whole_range
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply, error_reply
from support.work import work_of

Writers = Callable[[str, int], FactWriter]
Seed = Callable[[Sequence[str]], None]

PROGRAM = """## Main Function

```python
def main_solution(n):
    return n
```

## Input Output Description

- `n` (int): a number

## Input Generator

```python
def input_generator():
    return {"n": 1}
```

## Problem Statement

What is `n`?"""


def asked(body: dict[str, Json]) -> str:
    """Return the prompt of a request."""
    messages = body["messages"]
    assert isinstance(messages, list)
    assert isinstance(messages[0], dict)
    return str(messages[0]["content"])


def offline(body: dict[str, Json]) -> ScriptedReply:
    easy = "easy" in asked(body)
    return chat_reply(PROGRAM if easy else "## Refused\n\nimpure: it prints")


def mixed(settings: Settings, embedded: ScriptedEndpoint, remote: ScriptedEndpoint) -> Settings:
    """Return settings that ask the one first and the other about the rest."""
    return settings.model_copy(
        update={
            "teacher_url": embedded.base_url,
            "openai_base_url": remote.base_url,
            "openai_api_key": SecretStr("key"),
            "model": "scripted",
            "transform_mode": "mixed",
            "teacher_retries": 0,
        }
    )


def test_the_model_gets_only_what_the_offline_teacher_refuses(
    settings: Settings, store: Store, writer_of: Writers, seed_files: Seed
) -> None:
    seed_files([*(f"easy{i} = 1\n" for i in range(3)), *(f"hard{i} = 1\n" for i in range(2))])

    def model(body: dict[str, Json]) -> ScriptedReply:
        first = "hard0" in asked(body)
        return chat_reply(PROGRAM if first else "## Refused\n\ntrivial: nothing in it")

    with ScriptedEndpoint(offline) as embedded, ScriptedEndpoint(model) as remote:
        work = work_of(mixed(settings, embedded, remote), store, writer_of("transform", 1))
        counts = transform_files(whole_range(), work)
        assert (len(embedded.requests), len(remote.requests)) == (5, 2)
        assert all("hard" in asked(body) for body in remote.requests)
        assert {body["model"] for body in embedded.requests} == {"offline-trace-v1"}
    assert counts == {"program": 4, "refused_trivial": 1}
    (dropped,) = store.fetch_json("funnel.drops")
    assert isinstance(dropped, dict)
    assert (dropped["reason"], dropped["rows"]) == ("refused_trivial", 1)
    statement = (
        "SELECT teacher.kind, count(*) FROM codeio.program INNER JOIN codeio.teacher_call "
        "USING (teacher_call_id) INNER JOIN codeio.teacher USING (teacher_id) GROUP BY 1 ORDER BY 1"
    )
    with store._engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    assert found == [("local-model", 1), ("offline-trace", 3)]


def test_what_no_model_answered_about_waits_once_and_what_it_was_given_up_on_not_at_all(
    settings: Settings, store: Store, writer_of: Writers, seed_files: Seed
) -> None:
    def model(body: dict[str, Json]) -> ScriptedReply:
        return error_reply(500) if "silent" in asked(body) else chat_reply(PROGRAM)

    def waiting(chosen: Settings) -> int:
        return STAGES["transform"].count(work_of(chosen, store, writer_of("transform", 1)))

    seed_files(["hard_and_silent = 1\n", "easy_and_silent = 1\n"])
    with ScriptedEndpoint(offline) as embedded, ScriptedEndpoint(model) as remote:
        missing = mixed(settings, embedded, remote)
        taking = missing.model_copy(update={"transform_scope": "stand_in"})
        with pytest.raises(TeacherUnavailable):
            transform_files(whole_range(), work_of(missing, store, writer_of("transform", 1)))
        # The model was asked in vain about the one, and is to be about the other.
        assert (waiting(missing), waiting(taking)) == (1, 2)

        seed_files(["hard = 1\n"])
        last = taking.model_copy(update={"teacher_tries": 1})
        transform_files(whole_range(), work_of(last, store, writer_of("transform", 2)))
        assert (waiting(missing), waiting(taking)) == (0, 0)
