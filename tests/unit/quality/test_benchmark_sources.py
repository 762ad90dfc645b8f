"""Benchmarks are read from files and datasets; what cannot be read is one line with its cure."""

import gzip
import json
from pathlib import Path

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import CodeIOError, SettingsError, SourceNotFound, SourceUnavailable
from codeio_ops.quality.leakage.items import BenchmarkItem
from codeio_ops.quality.leakage.sources import read_benchmark

pytestmark = [
    # Of the library that reads datasets, not of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ROW = {"question": "How many wagons does the train carry?", "answer": "Seventeen."}
ITEM = BenchmarkItem(item="0", segments=(ROW["question"],), answers=(ROW["answer"],))


def _read(location: str) -> list[BenchmarkItem]:
    return read_benchmark(location, settings=Settings())


@pytest.mark.parametrize("name", ["items.jsonl", "items.jsonl.gz"])
def test_a_file_is_read_compressed_or_not(name: str, tmp_path: Path) -> None:
    content = json.dumps(ROW).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    assert _read(str(path)) == [ITEM]


@pytest.mark.parametrize("content", ["", "[]", '{"q": 3', '{"text": ""}', "\x1f\x8bno"])
def test_a_file_that_is_no_benchmark_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(SourceUnavailable, match=r"items\.jsonl"):
        _read(str(path))


@pytest.mark.parametrize(
    "location", ["s3://key:secret@bucket/a.jsonl", "pypi:a @ https://secret@host/a.whl:b.jsonl"]
)
def test_a_location_with_a_credential_is_refused_and_not_repeated(location: str) -> None:
    with pytest.raises(SettingsError, match="this benchmark holds a user") as caught:
        _read(location)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_names_the_forms_of_a_location(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound) as caught:
        _read(str(tmp_path / "none.jsonl"))
    assert "s3://BUCKET/KEY" in caught.value.cure


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dataset laid out as on the hub, read without the hub and without the user's cache."""
    import datasets
    import huggingface_hub

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    directory = tmp_path / "trains"
    (directory / "main").mkdir(parents=True)
    (directory / "main" / "test.jsonl").write_text(json.dumps(ROW))
    (directory / "README.md").write_text(
        "---\nconfigs:\n- config_name: main\n  data_files:\n"
        "  - split: test\n    path: main/test.jsonl\n---\n"
    )
    return directory


@pytest.mark.parametrize("config", ["", ":main"])
def test_a_dataset_is_read_by_configuration_and_split(config: str, dataset: Path) -> None:
    assert _read(f"hf:{dataset}{config}:test") == [ITEM]


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("{dataset}:main:dev", SourceNotFound),
        ("{dataset}:other:test", SourceNotFound),
        ("{dataset}/none:test", SourceNotFound),
        ("openai/gsm8k:main:test", SourceUnavailable),
        ("openai/gsm8k", SettingsError),
        ("openai/gsm8k:main:socratic:test", SettingsError),
    ],
)
def test_a_dataset_that_cannot_be_read_is_one_line_with_a_cure(
    address: str, error: type[CodeIOError], dataset: Path
) -> None:
    location = "hf:" + address.format(dataset=dataset)
    with pytest.raises(error, match=location) as caught:
        _read(location)
    assert "\n" not in str(caught.value)
    assert caught.value.cure
