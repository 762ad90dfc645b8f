"""Texts from outside may be longer than an entry of an index; the source is read to its end."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codeio_ops.errors import CodeIOError
from codeio_ops.ingest.base import MAX_NAME_CHARS, MAX_PATH_CHARS
from codeio_ops.ingest.sources import parse_source
from codeio_ops.release.takedown import Kind, take_down
from support.ingesting import Platform, program

# Four bytes a character, and nothing that Postgres could compress.
_DRAWN = random.Random(7)
LONG = "".join(chr(_DRAWN.randint(0x20000, 0x2A6D0)) for _ in range(4000))
COLUMNS = ("path", "repo_name", "license")

Row = dict[str, str]


def _rows(odd: Row) -> list[Row]:
    """Three rows; the second has odd texts."""
    plain = [
        {"content": program(n), "path": f"{n}.py", "repo_name": f"o/{n}", "language": "python"}
        for n in range(1, 4)
    ]
    return [plain[0], {**plain[1], **odd}, plain[2]]


def _jsonl(rows: list[Row], root: Path) -> str:
    path = root / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return f"jsonl:{path}"


def _parquet(rows: list[Row], root: Path) -> str:
    path = root / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return f"parquet:{path}"


@pytest.mark.parametrize("write", [_jsonl, _parquet])
@pytest.mark.parametrize("column", COLUMNS)
def test_a_long_text_of_one_row_stops_nothing(
    column: str, write: Callable[[list[Row], Path], str], platform: Platform, tmp_path: Path
) -> None:
    source = platform.add(write(_rows({column: LONG}), tmp_path))
    assert sum(platform.ingest(source).values()) == 3
    stored = platform.sql("SELECT path FROM codeio.raw_file_origin")
    assert {("o/1/1.py",), ("o/3/3.py",)} < set(stored)
    assert platform.ingest(source) == {}
    ((longest,),) = platform.sql(
        "SELECT max(greatest(length(path), length(repository))) FROM codeio.raw_file_origin"
    )
    assert longest <= max(MAX_NAME_CHARS, MAX_PATH_CHARS)


def test_long_names_that_differ_at_their_ends_stay_two(platform: Platform, tmp_path: Path) -> None:
    rows = _rows({"repo_name": f"{LONG}one"})
    rows[2]["repo_name"] = f"{LONG}two"
    platform.ingest(platform.add(_jsonl(rows, tmp_path)))
    found = platform.sql("SELECT DISTINCT repository FROM codeio.raw_file_origin")
    assert len(found) == 3


@pytest.mark.parametrize("kind", ["repository", "path"])
def test_what_has_a_long_name_can_be_taken_down(
    kind: Kind, platform: Platform, tmp_path: Path
) -> None:
    platform.ingest(platform.add(_jsonl(_rows({"repo_name": LONG, "path": LONG}), tmp_path)))
    ((name,),) = platform.sql(f"SELECT max({kind}) FROM codeio.raw_file_origin")
    taken = take_down(
        kind, name, reason="asked for", store=platform.store, writer=platform.work("promote").writer
    )
    assert taken.reach.raw_files == 1
    assert platform.sql("SELECT count(*) FROM codeio.taken_down_file") == [(1,)]


def test_a_long_locator_is_refused_before_it_is_stored() -> None:
    with pytest.raises(CodeIOError, match="2000 bytes at most"):
        parse_source(f"jsonl:/{LONG}")
