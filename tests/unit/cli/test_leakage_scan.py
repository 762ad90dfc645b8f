"""`codeio leakage scan` prints the verdict on every pair of a benchmark item and a source."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from codeio_ops.cli.app import app
from codeio_ops.errors import SourceUnavailable

QUESTION = (
    "A train leaves the old harbour station before sunrise carrying seventeen wagons of coal "
    "while another one waits for its driver at the northern junction until noon."
)


def _lines(path: Path, *rows: dict[str, str]) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def _benchmark(directory: Path) -> str:
    items = _lines(
        directory / "items.jsonl.gz",
        {"id": "q/1", "q": QUESTION, "a": "none"},
        {"id": "q/2", "q": "Short.", "a": "1"},
    )
    return f"trains={items}"


def _scan(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["leakage", "scan", *arguments, "--json"])
    if result.exception is not None:
        raise result.exception
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", ["samples.jsonl", "samples.jsonl.gz"])
def test_a_planted_question_is_the_one_hit(name: str, tmp_path: Path) -> None:
    text = f"Some words of ours.\n{QUESTION}\n"
    samples = _lines(tmp_path / name, {"text": "Nothing here."}, {"text": text, "note": QUESTION})
    found = _scan("--samples", str(samples), "--benchmark", _benchmark(tmp_path))
    assert found["benchmarks"] == {
        "trains": {"items": 2, "paper_any13": 1, "any13": 1, "leak": 1, "unscannable": 1}
    }
    (hit,) = found["hits"]
    (span,) = hit.pop("evidence")
    assert text[span["start"] : span["end"]] == QUESTION.removesuffix(".")
    assert hit == {
        "bench": "trains", "item": "q/1", "source": 1, "paper_any13": True, "any13": True,
        "leak": True, "rules": ["L1", "L2"],
    }  # fmt: skip


def test_named_fields_alone_are_scanned(tmp_path: Path) -> None:
    samples = _lines(tmp_path / "samples.jsonl", {"id": "a", "prompt": QUESTION, "answer": "No."})
    arguments = ("--samples", str(samples), "--benchmark", _benchmark(tmp_path))
    assert [hit["source"] for hit in _scan(*arguments)["hits"]] == ["a"]
    assert _scan(*arguments, "--field", "answer")["hits"] == []


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    samples = tmp_path / "samples.jsonl"
    samples.write_text('{"text": "fine"}\n{"text": \n')
    with pytest.raises(SourceUnavailable, match="line 2 is not JSON"):
        _scan("--samples", str(samples), "--benchmark", _benchmark(tmp_path))
