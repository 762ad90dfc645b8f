"""`codeio teacher preview`: what a stage would send and cost, without a call."""

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from typer.testing import CliRunner

from codeio_ops.cli.app import app
from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError
from codeio_ops.pipeline import STAGES
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter
from codeio_ops.storage.shards import whole_range
from support.facts import FactBuilder
from support.shell import set_shell
from support.work import work_of


@pytest.fixture
def preview(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that runs the command for an endpoint that nobody listens at."""
    chosen = settings.model_copy(
        update={
            "openai_base_url": "http://127.0.0.1:9/v1",
            "model": "m",
            "max_tokens": 100,
            "price_input_usd": Decimal(0),
            "price_output_usd": Decimal(1000),
        }
    )
    set_shell(monkeypatch, chosen)
    return partial(_shown, "teacher", "preview", "answer")


def _shown(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.usefixtures("preview")
def test_by_hand_the_options_win_over_the_settings(
    seed_prompts: Callable[[int], list[UUID]],
) -> None:
    def requests(*options: str) -> int:
        told = json.loads(_shown("answer", "--dry-run", "--json", *options))
        assert told.keys() == {"estimate"}
        return int(told["estimate"]["requests"])

    seed_prompts(30)
    assert requests() == requests("--source", "directory:/corpus", "--model", "other") == 30
    assert 0 < requests("--limit", "10") < 30
    assert 0 < requests("--share", "0.5") < 30
    for nothing in (["--source", "elsewhere"], ["--scope", "none"], ["--since", "2999-01-01"]):
        assert requests(*nothing) == 0
    refused = CliRunner().invoke(app, ["answer", "--dry-run", "--scope", "all"])
    assert isinstance(refused.exception, SettingsError)
    assert "answer_scope" in str(refused.exception).lower()


def test_the_first_prompts_are_shown_with_the_number_and_price_of_all(
    preview: Callable[..., str], seed_prompts: Callable[[int], list[UUID]]
) -> None:
    assert preview().startswith("Nothing waits for the stage answer and m at 127.0.0.1:9 (scope:")
    seed_prompts(30)
    shown = preview("--prompts", "2")
    assert shown.count("--- request ") == shown.count("\n\nprompt ") == 2
    # 30 replies of 100 tokens at most, at $1000 per million.
    assert "30 requests to m at 127.0.0.1:9 (scope: prompts that it has not answered):" in shown
    assert "at most 3,000 to write (CODEIO_MAX_TOKENS each), at most $3.0000" in shown
    found = json.loads(preview("--json", "--prompts", "1"))
    assert (found["requests"], found["cost_usd"]) == (30, "3.000000")
    ((message,),) = found["preview"]
    assert message["role"] == "user"
    assert message["content"].startswith("prompt ")


@pytest.mark.usefixtures("preview")
def test_the_size_of_a_transform_is_known_without_its_file(
    seed_files: Callable[[Sequence[str]], None],
    writer_of: Callable[[str, int], FactWriter],
    store: Store,
) -> None:
    stage, everything = STAGES["transform"], [whole_range()]
    seed_files([f"def rain_{number}():\n    return {number}\n" * 50 for number in range(3)])
    work = work_of(Settings.load(), store, writer_of("transform", 1))
    requests = list(stage.requests_of(everything, work))
    sizes = list(stage.sizes_of(everything, work))
    assert sum(sizes) == pytest.approx(sum(each.characters for each in requests), rel=0.01)

    lost = FactBuilder(writer_of("ingest", 2).run.stage_run_id)
    lost.file("of which the text lies nowhere")
    writer_of("ingest", 2).write(lost.records)
    assert (
        json.loads(_shown("teacher", "preview", "transform", "--prompts", "0", "--json"))[
            "requests"
        ]
        == len(requests) + 1
    )
