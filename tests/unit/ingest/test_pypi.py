"""The package reader: versions as pip chooses them, and licences where packages keep them."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from codeio_ops.errors import SourceDamaged, SourceNotFound
from codeio_ops.ingest import pypi
from codeio_ops.ingest.pypi import PyPIReader
from support.package_index import package_index

VERSIONS, YANKED = ("1.0", "1.1", "2.0.dev3", "2.0rc1"), "1.1"


def wheel(version: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("foo.py", f"version = '{version}'\n")
        archive.writestr(f"foo-{version}.dist-info/METADATA", "Metadata-Version: 2.1\nName: foo\n")
        archive.writestr(f"foo-{version}.dist-info/licenses/LICENSES/MIT.txt", "the text of it")
    return body.getvalue()


@pytest.fixture
def index() -> Iterator[str]:
    names = {version: f"foo-{version}-py3-none-any.whl" for version in VERSIONS}
    wheels = {name: wheel(version) for version, name in names.items()}
    with package_index(wheels, frozenset({names[YANKED]})) as url:
        yield url


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("foo", "1.0"),
        ("foo<3", "1.0"),
        ("foo>=1", "1.0"),
        ("foo==1.*", "1.0"),
        ("foo~=1.0", "1.0"),
        ("foo==1.1", "1.1"),
        ("foo===1.1", "1.1"),
        ("foo>=2.0rc1", "2.0rc1"),
        ("foo>1.5", "2.0rc1"),
        ("foo==2.0.dev3", "2.0.dev3"),
    ],
)
def test_the_version_is_the_one_that_pip_takes(wanted: str, version: str, index: str) -> None:
    reader = PyPIReader(wanted, licence="", index=index)
    assert reader.cursor().split(" ")[0] == version
    (file,) = reader.files(max_bytes=100)
    assert (file.version, file.content) == (version, f"version = '{version}'\n".encode())
    assert file.licence == "MIT"


def test_a_version_that_is_not_there_is_not_found(index: str) -> None:
    with pytest.raises(SourceNotFound, match="has no version"):
        PyPIReader("foo==1.2", licence="", index=index).cursor()


def test_a_download_is_broken_off_at_its_limit(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pypi, "MAX_ARCHIVE_BYTES", 100)
    with pytest.raises(SourceDamaged, match="larger than 100 bytes"):
        list(PyPIReader("foo", licence="", index=index).files(max_bytes=100))
