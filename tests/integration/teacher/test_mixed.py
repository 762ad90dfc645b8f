"""Promises of mixed mode: the offline teacher first, the model for the files it refuses."""

from collections.abc import Callable

from pydantic import SecretStr
from sqlalchemy import text

from codeio_ops.asking.program import transform_files
from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import whole_range
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply
from support.facts import FactBuilder
from support.work import work_of

Writers = Callable[[str, int], FactWriter]

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


def test_the_model_gets_only_what_the_offline_teacher_refuses(
    settings: Settings, store: Store, writer_of: Writers
) -> None:
    writer = writer_of("ingest", 1)
    facts = FactBuilder(writer.run.stage_run_id)
    texts = [*(f"easy{i} = 1\n" for i in range(3)), *(f"hard{i} = 1\n" for i in range(2))]
    for text_ in texts:
        [blob] = BlobStore.open(settings).write([text_.encode()], stage_run_id=facts.run_id)
        facts.file(text_, path=f"{text_[:5]}.py", blob=blob)
    writer.write(facts.records)

    def offline(body: dict[str, Json]) -> ScriptedReply:
        easy = "easy" in asked(body)
        return chat_reply(PROGRAM if easy else "## Refused\n\nimpure: it prints")

    def model(body: dict[str, Json]) -> ScriptedReply:
        first = "hard0" in asked(body)
        return chat_reply(PROGRAM if first else "## Refused\n\ntrivial: nothing in it")

    with ScriptedEndpoint(offline) as embedded, ScriptedEndpoint(model) as remote:
        mixed = settings.model_copy(
            update={
                "teacher_url": embedded.base_url,
                "openai_base_url": remote.base_url,
                "openai_api_key": SecretStr("key"),
                "model": "scripted",
                "transform_mode": "mixed",
            }
        )
        work = work_of(mixed, store, writer_of("transform", 1))
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
