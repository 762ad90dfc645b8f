"""`codeio leakage scan` prints the verdict on every pair of a benchmark item and a source."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from codeio_ops.cli.app import app
from codeio_ops.errors import SourceDamaged

QUESTION = (
    "A train leaves the old harbour station before sunrise carrying seventeen wagons of coal "
    "while another one waits for its driver at the northern junction until noon."
)


def _lines(path: Path, *rows: dict[str, Any]) -> Path:
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


CHAT = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "ok"}]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": CHAT, "sample_id": "r0"},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]},
        {"text": CHAT},
        {"a": {"b": [1, None, {"c": QUESTION}]}},
        {"lines": QUESTION.split(" ")},
        {"conversations": json.dumps([{"value": "\n".join(QUESTION.split(" "))}])},
        {"prompt": QUESTION, "text": " "},
        {"grid": {QUESTION: 1}},
    ],
)
def test_text_inside_lists_and_objects_is_scanned(row: dict[str, Any], tmp_path: Path) -> None:
    samples = _lines(tmp_path / "samples.jsonl", row)
    arguments = ("--samples", str(samples), "--benchmark", _benchmark(tmp_path))
    assert [hit["leak"] for hit in _scan(*arguments)["hits"]] == [True]
    field = next(iter(row))
    assert [hit["leak"] for hit in _scan(*arguments, "--field", field)["hits"]] == [True]


@pytest.mark.parametrize(
    "row",
    [
        {"sample_id": "r0"},
        {"id": "a", "n": 3},
        {"messages": []},
        {},
        {"text": ""},
        {"uuid": "8f2a-bc", "meta": {"promptId": "p", "keys": [1]}, "sha256": "ab"},
        {"messages": [{"role": "user", "content": ""}]},
    ],
)
def test_a_row_without_text_is_refused(row: dict[str, Any], tmp_path: Path) -> None:
    samples = _lines(tmp_path / "samples.jsonl", {"text": "fine"}, row)
    with pytest.raises(SourceDamaged, match="line 2 has no text field"):
        _scan("--samples", str(samples), "--benchmark", _benchmark(tmp_path))


@pytest.mark.parametrize("question", [CHAT, {"text": QUESTION}, [{"content": [QUESTION]}]])
def test_a_question_that_is_a_chat_is_looked_for(question: object, tmp_path: Path) -> None:
    benchmark = _lines(tmp_path / "chat.jsonl", {"id": "t/1", "prompt": question})
    samples = _lines(tmp_path / "samples.jsonl", {"text": QUESTION})
    found = _scan("--samples", str(samples), "--benchmark", f"trains={benchmark}")
    assert found["benchmarks"]["trains"]["leak"] == 1


@pytest.mark.parametrize("question", ["Short.", [7], {"n": 3}])
def test_a_benchmark_that_no_scan_could_find_is_refused(question: object, tmp_path: Path) -> None:
    benchmark = _lines(tmp_path / "odd.jsonl", {"prompt": question}, {"prompt": question})
    samples = _lines(tmp_path / "samples.jsonl", {"text": QUESTION})
    with pytest.raises(SourceDamaged, match="none of the 2 items of trains"):
        _scan("--samples", str(samples), "--benchmark", f"trains={benchmark}")


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_rows_is_refused(content: str, tmp_path: Path) -> None:
    samples = tmp_path / "samples.jsonl"
    samples.write_text(content)
    with pytest.raises(SourceDamaged, match="holds no row"):
        _scan("--samples", str(samples), "--benchmark", _benchmark(tmp_path))


def test_a_line_that_is_no_json_is_named(tmp_path: Path) -> None:
    samples = tmp_path / "samples.jsonl"
    samples.write_text('{"text": "fine"}\n{"text": \n')
    with pytest.raises(SourceDamaged, match="line 2 is not JSON"):
        _scan("--samples", str(samples), "--benchmark", _benchmark(tmp_path))
