"""The Parquet reader: mapped columns, the Hugging Face layout, and only shards that are new."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codeio_ops.errors import SourceDamaged, SourceNotFound
from codeio_ops.ingest.parquet import ParquetReader
from codeio_ops.ingest.source_settings import Columns


def shard(path: Path, *texts: object, column: str = "content") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {column: list(texts), "repo_name": ["a/b"] * len(texts), "stars": [1] * len(texts)}
    pq.write_table(pa.table(columns), path)
    return path


def test_rows_of_the_hugging_face_layout_come_in_order(tmp_path: Path) -> None:
    shard(tmp_path / "data" / "train-00001-of-00002.parquet", "c = 1")
    shard(tmp_path / "data" / "train-00000-of-00002.parquet", "a = 1", "b = 1")
    (tmp_path / "README.md").write_text("a card")
    found = list(ParquetReader(tmp_path, licence="MIT").files(max_bytes=100))
    assert [file.content for file in found] == [b"a = 1", b"b = 1", b"c = 1"]
    assert {(file.repository, file.licence) for file in found} == {("a/b", "MIT")}


def test_only_shards_that_are_new_or_changed_are_read_again(tmp_path: Path) -> None:
    shard(tmp_path / "one.parquet", "a = 1")
    reader = ParquetReader(tmp_path, licence="")
    cursor = reader.cursor()
    assert list(reader.files(max_bytes=100, since=cursor)) == []
    shard(tmp_path / "two.parquet", "b = 1")
    found = list(ParquetReader(tmp_path, licence="").files(max_bytes=100, since=cursor))
    assert [file.content for file in found] == [b"b = 1"]


def test_columns_have_the_names_that_are_set(tmp_path: Path) -> None:
    path = shard(tmp_path / "one.parquet", "a = 1", column="text")
    reader = ParquetReader(path, licence="", columns=Columns(content="text"))
    assert [file.content for file in reader.files(max_bytes=100)] == [b"a = 1"]
    with pytest.raises(SourceDamaged, match="no column 'content'") as caught:
        list(ParquetReader(path, licence="").files(max_bytes=100))
    assert "text" in caught.value.cure


def test_a_row_without_a_text_is_no_source_file(tmp_path: Path) -> None:
    path = shard(tmp_path / "one.parquet", None, "a = 1")
    found = list(ParquetReader(path, licence="").files(max_bytes=100))
    assert [file.language for file in found] == ["", "python"]


def test_a_pointer_of_git_lfs_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(SourceDamaged) as caught:
        list(ParquetReader(path, licence="").files(max_bytes=9))
    assert "git lfs pull" in caught.value.cure


def test_a_column_that_packs_too_well_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = pa.table({"content": ["a" * (8 << 20)] * 16})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    with pytest.raises(SourceDamaged, match="unpacks to"):
        list(ParquetReader(path, licence="").files(max_bytes=9))


def test_texts_may_be_of_any_type_of_arrow(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.string_view()):
        pq.write_table(pa.table({"content": pa.array(["x = 1", None, "x = 1"], kind)}), path)
        found = list(ParquetReader(path, licence="").files(max_bytes=9))
        assert [file.content for file in found] == [b"x = 1", b"", b"x = 1"]


def test_content_that_is_no_text_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"content": [["x = 1"]], "text": ["x = 1"]}), path)
    with pytest.raises(SourceDamaged, match=r"only list<element: string> in column") as caught:
        list(ParquetReader(path, licence="").files(max_bytes=9))
    assert caught.value.cure == "set columns.content to one of text"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["mit"], "MIT"),
        (["mit", "ISC"], "ISC AND MIT"),
        ([], "BSL-1.0"),
        (None, "BSL-1.0"),
        (["mit"] * 101, "NOASSERTION"),
        ([{"id": "MIT"}], "NOASSERTION"),
        ({"id": "MIT"}, "NOASSERTION"),
    ],
)
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_licences_may_be_nested(
    value: object, expected: str, kind: pa.DataType, tmp_path: Path
) -> None:
    path = tmp_path / "rows.parquet"
    licences = pa.array([value, value])
    if pa.types.is_list(licences.type) and pa.types.is_string(licences.type.value_type):
        licences = licences.cast(pa.list_(kind))
    pq.write_table(pa.table({"content": ["x = 1", "y = 1"], "license": licences}), path)
    found = list(ParquetReader(path, licence="BSL-1.0").files(max_bytes=9))
    assert [file.licence for file in found] == [expected] * 2


def test_a_footer_beyond_any_table_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shard(tmp_path / "one.parquet", "a = 1")
    monkeypatch.setattr("codeio_ops.ingest.parquet._FOOTER_BYTES", 100)
    with pytest.raises(SourceDamaged, match="is described by"):
        list(ParquetReader(path, licence="").files(max_bytes=100))


def test_what_is_no_parquet_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    path.write_bytes(b"PAR1 and then nothing of the kind")
    with pytest.raises(SourceDamaged, match="no valid Parquet"):
        list(ParquetReader(path, licence="").files(max_bytes=100))


def test_a_path_that_is_missing_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        ParquetReader(tmp_path / "nothing", licence="").cursor()
