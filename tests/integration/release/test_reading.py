"""A pulled release opens in the tools its readers use: datasets, TRL, Croissant."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from codeio_airflow.ui.app import build_app
from codeio_ops.config import Settings
from codeio_ops.jsonvalue import Json
from codeio_ops.release.judgement import settle
from codeio_ops.release.publish import publish
from codeio_ops.release.pull import pull_release
from codeio_ops.storage.engine import Store
from codeio_ops.storage.objects import ObjectStore
from support.judged import judge_all

from .conftest import Facts

pytestmark = [
    # Of the libraries that read it, not of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def pulled(facts: Facts, objects: ObjectStore, tmp_path: Path) -> Path:
    """Return the directory of a pulled release, of which the leakage gate was judged."""
    release = facts.assemble("codeio_pp")
    benchmarks: Json = {"humaneval": {"items": 164, "paper_any13": 2, "any13": 1, "leak": 0}}
    evidence: dict[str, Json] = {"leakage": {"benchmarks": benchmarks}}
    judge_all(release, writer=facts.writer, evidence=evidence)
    publish(settle(release, store=facts.store), store=facts.store, objects=objects)
    list(pull_release("codeio_pp", 1, tmp_path / "pulled", objects=objects))
    return tmp_path / "pulled"


def test_datasets_loads_every_format(
    pulled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets

    cache = str(tmp_path / "cache")
    samples = datasets.load_dataset(str(pulled), cache_dir=cache)

    def lines_of(folder: str) -> Any:
        files = {split: f"{pulled}/{folder}/{split}-*.jsonl" for split in samples}
        return datasets.load_dataset("json", data_files=files, cache_dir=cache)

    chat, turns = lines_of("chat"), lines_of("turns")
    for split in samples:
        assert len(samples[split]) == len(chat[split]) == len(turns[split]) > 0
        assert samples[split]["sample_id"] == chat[split]["sample_id"]
    assert {"source_locator", "source_path", "licence", "teacher_model", "response"} <= set(
        samples["train"].column_names
    )
    assert turns["train"].column_names == [
        "prompt", "turn_1", "feedback_1", "turn_2", "feedback_2", "sample_id",
    ]  # fmt: skip


def test_chat_rows_pass_through_trl(pulled: Path) -> None:
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast
    from trl.data_utils import apply_chat_template, is_conversational

    # The stubs leave it untyped.
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")),
        chat_template="{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}",
    )
    rows = [json.loads(line) for path in pulled.glob("chat/*.jsonl") for line in path.open()]
    assert rows
    for row in rows:
        assert is_conversational(row)
        user, assistant = (message["content"] for message in row["messages"])
        text = apply_chat_template({"messages": row["messages"]}, tokenizer)["text"]
        assert text == f"<user>{user}<assistant>{assistant}"


def test_croissant_is_valid_and_reads_the_samples(pulled: Path) -> None:
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=str(pulled / "croissant.json"))
    assert not dataset.metadata.issues.errors
    records = list(dataset.records("samples"))
    manifest = json.loads((pulled / "manifest.json").read_text())
    assert len(records) == manifest["samples"]
    assert all(record["samples/prompt"] for record in records)


def test_card_states_the_facts_and_its_pictures_are_there(pulled: Path) -> None:
    card = (pulled / "README.md").read_text()
    for heading in ("Licences", "Verdicts", "Gates", "Leakage", "Cost", "Recipe"):
        assert f"\n## {heading}" in card
    assert "| humaneval | 164 | 2 | 1 | 0 | not measured |" in card
    assert "| answer | 48 | 4800 | 480 | no price known |" in card
    pictures = [line.rpartition("(")[2].rstrip(")") for line in card.splitlines() if "![" in line]
    assert len(pictures) == 4
    for picture in pictures:
        assert (pulled / picture).read_bytes().startswith(b"\x89PNG")


def test_the_header_of_the_card_says_what_hubs_filter_by(pulled: Path) -> None:
    import yaml

    header = yaml.safe_load((pulled / "README.md").read_text().split("---\n")[1])
    assert header["language"] == ["en"]
    assert {"synthetic", "arxiv:2502.07316"} <= set(header["tags"])


def test_the_page_of_a_release_shows_the_pictures_of_its_card(
    pulled: Path, settings: Settings, store: Store
) -> None:
    release_id = store.value("release.by_version", name="codeio_pp", version=1)
    with TestClient(build_app(settings, logged_in=None, active_tasks=list)) as client:
        page = client.get(f"/releases/{release_id}").text
        shown = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page)
        answers = [client.get(address) for address, _ in shown]
    pictures = {path.relative_to(pulled).as_posix() for path in pulled.glob("plots/*.png")}
    assert {address.partition("/files/")[2] for address, _ in shown} == pictures
    assert "Rows that passed each stage" in {text for _, text in shown}
    for answer in answers:
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")


def test_a_picture_from_elsewhere_stays_a_text() -> None:
    from codeio_airflow.ui.pages.releases import _markdown

    card = {"files": "/f/", "pictures": {"plots/a.png"}}
    for source in ("https://host/x.png", "../x.png", "plots/b.png", "javascript:x"):
        assert "<img" not in _markdown.render(f"![<b>]({source})", card)
    assert '<img src="/f/plots/a.png" alt="a&amp;b"' in _markdown.render(
        "![a&b](plots/a.png)", card
    )
