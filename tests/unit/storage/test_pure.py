"""Storage without a database: shards, the form of COPY, named queries, run fingerprints."""

from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from codeio_ops.config import DECIDING, Settings
from codeio_ops.jsonvalue import Json, parse
from codeio_ops.records import GateResult, Record
from codeio_ops.storage.copy import _line, _Lines
from codeio_ops.storage.queries import SQL_DIRECTORY, check_names, query
from codeio_ops.storage.runs import TaskIdentity, settings_sha256, stage_run
from codeio_ops.storage.shards import Shard, split_range, whole_range
from support.json_values import TEXTS, VALUES

IDS = st.uuids()


@given(st.integers(1, 256), IDS)
def test_every_id_is_in_just_one_shard(count: int, wanted: UUID) -> None:
    shards = split_range(count)
    assert len(shards) == count
    holding = [shard for shard in shards if shard.low <= wanted < shard.high]
    # The very last id belongs to no half-open range, and is not a version 8 UUID either.
    assert len(holding) == (wanted.int != 2**128 - 1)


@given(st.integers(1, 256))
def test_shards_follow_each_other_and_survive_the_journey(count: int) -> None:
    shards = split_range(count)
    assert [a.high for a in shards[:-1]] == [b.low for b in shards[1:]]
    assert shards[0].low == whole_range().low and shards[-1].high == whole_range().high
    assert [Shard.from_json(shard.to_json()) for shard in shards] == shards


def test_a_shard_says_what_it_holds() -> None:
    assert [shard.name for shard in split_range(2, held=91)] == [
        "1 of 2, about 46 rows, ids 0000.. to 7fff..",
        "2 of 2, about 46 rows, ids 8000.. to ffff..",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row(Record):
    table: ClassVar[str] = "row"
    first: str
    second: str | None
    third: float


def _decoded(cell: str) -> str | None:
    """Read a cell as the manual of Postgres says that COPY does."""
    if cell == r"\N":
        return None
    found, index = "", 0
    while index < len(cell):
        if cell[index] == "\\":
            index += 1
            found += {"t": "\t", "n": "\n", "r": "\r"}.get(cell[index], cell[index])
        else:
            found += cell[index]
        index += 1
    return found


@given(TEXTS, st.none() | TEXTS, st.floats(allow_nan=False))
def test_a_line_of_copy_reads_back(first: str, second: str | None, third: float) -> None:
    row = _Row(first=first, second=second, third=third)
    line = _line(row, fields(_Row))
    assert line.endswith("\n") and line.count("\n") == 1
    cells = line[:-1].split("\t")
    assert [_decoded(cell) for cell in cells[:2]] == [first, second]
    assert float(cells[2]) == third


@given(VALUES)
def test_json_in_a_line_of_copy_reads_back(evidence: Json) -> None:
    row = GateResult(
        gate_result_id=UUID(int=1),
        release_id=UUID(int=2),
        gate="g",
        passed=True,
        metric="m",
        value=1.0,
        threshold=1.0,
        evidence=evidence,
        severity="hard",
        stage_run_id=UUID(int=3),
    )
    line = _line(row, fields(GateResult))
    cell = line[:-1].split("\t")[[f.name for f in fields(GateResult)].index("evidence")]
    decoded = _decoded(cell)
    assert decoded is not None and parse(decoded) == evidence


@given(st.lists(TEXTS.map(lambda text: f"{text!r}\n")), st.integers(1, 50))
def test_lines_read_in_pieces_are_the_lines(lines: list[str], size: int) -> None:
    stream, found = _Lines(lines), b""
    while piece := stream.read(size):
        assert len(piece) <= size
        found += piece
    assert found == "".join(lines).encode()


def test_every_named_query_is_found_and_none_other() -> None:
    assert "FROM codeio.source" in str(query("ingest.sources"))
    with pytest.raises(KeyError):
        query("ingest.nothing")
    for file in (SQL_DIRECTORY / "queries").iterdir():
        for line in file.read_text().splitlines():
            if line.startswith("-- name: "):
                name = f"{file.name.removesuffix('.sql')}.{line.removeprefix('-- name: ')}"
                assert str(query(name)).strip()
    assert "split_overlap" in check_names()


def test_no_two_queries_of_a_file_have_one_name() -> None:
    for file in (SQL_DIRECTORY / "queries").iterdir():
        names = [line for line in file.read_text().splitlines() if line.startswith("-- name: ")]
        assert len(names) == len(set(names)), file.name


SETTINGS = Settings.model_validate({"home": Path("/nonexistent")})


@pytest.mark.parametrize(
    "change",
    [
        {"database_url": SecretStr("postgresql://x:secret@y/z")},
        {"openai_api_key": SecretStr("sk-1")},
        {"teacher_concurrency": 3},
        {"sandbox_workers": 7},
        {"shard_rows": 1},
        {"home": Path("/elsewhere")},
    ],
)
def test_what_decides_no_result_does_not_change_the_fingerprint(change: dict[str, object]) -> None:
    assert settings_sha256(SETTINGS.model_copy(update=change)) == settings_sha256(SETTINGS)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "other"},
        {"temperature": 0.0},
        {"min_pairs": 3},
        {"licences": ("MIT",)},
        {"revision_policy": "none"},
        {"transform_mode": "mixed"},
        {"teacher_truncated": "keep"},
        {"price_output_usd": Decimal("0.6")},
    ],
)
def test_what_decides_results_changes_the_fingerprint(change: dict[str, object]) -> None:
    assert settings_sha256(SETTINGS.model_copy(update=change)) != settings_sha256(SETTINGS)


def test_no_secret_decides_and_every_setting_has_a_meaning() -> None:
    fields = Settings.model_fields
    secrets = {name for name, field in fields.items() if field.annotation is SecretStr}
    assert secrets and not secrets & DECIDING
    assert all(field.description for field in fields.values())


def test_each_try_of_a_task_is_a_run_of_its_own() -> None:
    tries = [
        TaskIdentity(dag_id="d", run_id="r", task_id="t", map_index=index, try_number=number)
        for index in (-1, 0, 1)
        for number in (1, 2)
    ]
    ids = {stage_run("sample", task, SETTINGS).stage_run_id for task in tries}
    assert len(ids) == len(tries)
    assert stage_run("sample", tries[0], SETTINGS).stage_run_id in ids
