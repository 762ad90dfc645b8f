"""What a person writes as a source, and which reader it gets."""

from pathlib import Path

import pytest

from codeio_ops.errors import SettingsError, SourceNotFound
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.git import GitReader
from codeio_ops.ingest.jsonl import JsonlReader
from codeio_ops.ingest.parquet import ParquetReader
from codeio_ops.ingest.pypi import PyPIReader
from codeio_ops.ingest.sources import open_reader, parse_source


@pytest.mark.parametrize(
    ("text", "reader"),
    [
        ("directory:/tmp/code", DirectoryReader),
        ("jsonl:/tmp/rows.jsonl.gz", JsonlReader),
        ("pypi:algorithms==1.0.1", PyPIReader),
        ("pypi:algorithms", PyPIReader),
        ("git:https://git.example/code.git", GitReader),
        ("git:/tmp/code", GitReader),
        ("parquet:s3://bucket/data", ParquetReader),
        ("parquet:/tmp/data", ParquetReader),
    ],
)
def test_each_kind_has_its_reader(text: str, reader: type) -> None:
    source = parse_source(text)
    assert f"{source.kind}:{source.locator}" == text
    assert isinstance(open_reader(source), reader)


def test_a_relative_path_is_the_same_source_as_its_absolute_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_source("directory:code") == parse_source(f"directory:{tmp_path}/code")


@pytest.mark.parametrize("text", ["", "code", "pypi", "pypi:", "svn:https://x", ":x", "PYPI:a==1"])
def test_what_is_no_source_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_source(text)
    assert "pypi:NAME==VERSION" in caught.value.cure


@pytest.mark.parametrize(
    "text",
    [
        "git:git://user:secret@host/r.git",
        "git:https://secret@host/r.git",
        "git:https://x-access-token:secret@host/r.git",
        "git:ssh://git:secret@host/r.git",
        "git:https://host/r.git?private_token=secret",
        "parquet:s3://key:secret@bucket/data",
        "s3://key:secret@bucket/data",
        "jsonl:https://host/a.jsonl?X-Amz-Signature=secret",
        "pypi:code @ https://user:secret@host/code-1.0.tar.gz",
    ],
)
def test_a_locator_with_a_credential_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingsError, match="holds a user, a password or a token") as caught:
        parse_source(text)
    assert "secret" not in str(caught.value) + caught.value.cure


@pytest.mark.parametrize(
    "text", ["git:ssh://git@host/r.git", "git:https://host/a@b/r.git", "directory:/a@b/c:d?key=e"]
)
def test_a_locator_without_one_is_taken(text: str) -> None:
    assert parse_source(text).locator == text.partition(":")[2]


def test_a_locator_that_no_index_takes_is_refused() -> None:
    with pytest.raises(SettingsError, match="at most"):
        parse_source("directory:/" + "a" * 3000)


@pytest.mark.parametrize("locator", ["==1.0", "algorithms==", "algo rithms"])
def test_a_package_needs_a_name_and_a_readable_version(locator: str) -> None:
    with pytest.raises(SourceNotFound):
        open_reader(parse_source(f"pypi:{locator}"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("mit", "MIT"), ("MIT OR apache-2.0", "MIT OR Apache-2.0"), ("NOASSERTION", "NOASSERTION")],
)
def test_a_licence_is_stored_as_spdx_writes_it(text: str, canonical: str) -> None:
    assert parse_source("pypi:a==1", licence=text).licence == canonical


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("MIT License", "MIT"),
        ("Apache 2.0", "Apache-2.0"),
        ("the Apache Licence, version 2.0", "Apache-2.0"),
        ("GPLv3", "GPL-3.0"),
        ("bsd 3 clause", "BSD-3-Clause"),
    ],
)
def test_a_licence_that_is_none_is_refused_with_what_was_meant(text: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"did you mean .*{meant}"):
        parse_source("pypi:a==1", licence=text)


def test_a_licence_like_none_is_refused_all_the_same() -> None:
    with pytest.raises(SettingsError, match=r"is no SPDX licence$"):
        parse_source("pypi:a==1", licence="ask our lawyers in the second floor, please")
