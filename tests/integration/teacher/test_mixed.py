"""Promises of mixed mode: the offline teacher first, the model for the files it refuses."""

from collections.abc import Callable

from pydantic import SecretStr
from sqlalchemy import text

from codeio_ops.asking.program import transform_files
from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.records import RawFile
from codeio_ops.storage.blobs import BlobStore
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import whole_range
from codeio_ops.testing.teachers import ScriptedEndpoint, ScriptedReply, chat_reply
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
    run = writer.run.stage_run_id
    blobs = BlobStore.open(settings)
    stored = list(blobs.write([f"easy{i} = 1\n".encode() for i in range(3)]
                              + [f"hard{i} = 1\n".encode() for i in range(2)],
                              stage_run_id=run))  # fmt: skip
    files = [
        RawFile(
            raw_file_id=RawFile.identify(blob.sha256),
            blob_sha256=blob.sha256,
            language="python",
            size_bytes=blob.size_bytes,
            stage_run_id=run,
        )
        for blob in stored
    ]
    writer.write([*stored, *files])

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
