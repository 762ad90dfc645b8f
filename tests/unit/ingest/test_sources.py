"""What a person writes as a source, and which reader it gets."""

from pathlib import Path

import pytest

from codeio_ops.errors import SettingsError, SourceNotFound
from codeio_ops.ingest.directory import DirectoryReader
from codeio_ops.ingest.jsonl import JsonlReader
from codeio_ops.ingest.pypi import PyPIReader
from codeio_ops.ingest.sources import open_reader, parse_source


@pytest.mark.parametrize(
    ("text", "reader"),
    [
        ("directory:/tmp/code", DirectoryReader),
        ("jsonl:/tmp/rows.jsonl.gz", JsonlReader),
        ("pypi:algorithms==1.0.1", PyPIReader),
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


@pytest.mark.parametrize("text", ["", "code", "pypi", "pypi:", "git:https://x", ":x", "PYPI:a==1"])
def test_what_is_no_source_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_source(text)
    assert "pypi:NAME==VERSION" in caught.value.cure


@pytest.mark.parametrize("locator", ["algorithms", "==1.0", "algorithms=="])
def test_a_package_needs_a_name_and_a_version(locator: str) -> None:
    with pytest.raises(SourceNotFound):
        open_reader(parse_source(f"pypi:{locator}"))
