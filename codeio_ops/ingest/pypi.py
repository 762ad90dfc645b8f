"""Reads the source files of a package on PyPI, without running any of its code.

A wheel is preferred; of an sdist the archive is read and nothing is built. Members are read
in memory: nothing is written to disk, so no path in an archive matters.
"""

import io
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import RawMetadata, parse_email

from codeio_ops.errors import SourceNotFound, SourceUnavailable
from codeio_ops.ingest.base import NO_LICENCE, SUFFIX_LANGUAGES, SourceFile

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

DEFAULT_INDEX = "https://pypi.org/simple/"
MAX_ARCHIVE_BYTES = 200 << 20

# Trove classifiers that name one licence; "BSD License" and the like name a family.
_CLASSIFIER_LICENCES = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: The Unlicense (Unlicense)": "Unlicense",
    "License :: OSI Approved :: GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "License :: OSI Approved :: BSD License": NO_LICENCE,
}


class PyPIReader:
    """One version of one package; `locator` is `name==version`."""

    def __init__(self, locator: str, *, licence: str, index: str = DEFAULT_INDEX) -> None:
        name, _, version = locator.partition("==")
        if not name or not version:
            raise SourceNotFound(
                f"{locator!r} does not name a package and a version",
                cure="write it as pypi:NAME==VERSION",
            )
        self._name, self._version = name.strip(), version.strip()
        self._licence = licence
        self._index = index

    def cursor(self) -> str:
        """Return the sha256 of the archive that is read: a version never changes."""
        return self._distribution.digests.get("sha256", self._distribution.filename)

    def files(self, *, max_bytes: int) -> Iterator[SourceFile]:
        """Yield the package's source files in the order of their paths."""
        members = _members(self._distribution.filename, self._download())
        licence = self._licence or _licence(members)
        for path, member in sorted(members.items()):
            language = SUFFIX_LANGUAGES.get(PurePosixPath(path).suffix)
            if language is None:
                continue
            yield SourceFile(
                path=path,
                version=self._version,
                licence=licence,
                language=language,
                size_bytes=member.size_bytes,
                content=member.read() if member.size_bytes <= max_bytes else None,
            )

    def member(self, path: str) -> bytes:
        """Return one file of the package.

        Raises:
            SourceNotFound: the package has no such file.
        """
        members = _members(self._distribution.filename, self._download())
        if path not in members:
            raise SourceNotFound(f"{self._name} {self._version} has no file {path}")
        return members[path].read()

    @cached_property
    def _distribution(self) -> "DistributionPackage":
        from pypi_simple import NoSuchProjectError, PyPISimple
        from requests import RequestException

        try:
            with PyPISimple(self._index) as client:
                page = client.get_project_page(self._name, timeout=30)
        except NoSuchProjectError as exc:
            raise SourceNotFound(
                f"there is no package {self._name!r} on {self._index}", cure="check the name"
            ) from exc
        except RequestException as exc:
            raise SourceUnavailable(f"{self._index} cannot be reached: {exc}") from exc
        return self._choose(page.packages)

    def _choose(self, packages: "list[DistributionPackage]") -> "DistributionPackage":
        matching = [p for p in packages if p.version == self._version and not p.is_yanked]
        wheels = sorted(p.filename for p in matching if p.package_type == "wheel")
        sdists = sorted(p.filename for p in matching if p.package_type == "sdist")
        for filename in wheels + sdists:
            return next(p for p in matching if p.filename == filename)
        raise SourceNotFound(
            f"{self._name} has no version {self._version} on {self._index}",
            cure=f"see {self._index}{self._name}/ for the versions there are",
        )

    def _download(self) -> bytes:
        from pypi_simple import DigestMismatchError, PyPISimple
        from requests import RequestException

        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "archive"
            try:
                with PyPISimple(self._index) as client:
                    client.download_package(self._distribution, os.fspath(path), timeout=60)
            except (RequestException, DigestMismatchError) as exc:
                name = self._distribution.filename
                raise SourceUnavailable(f"{name} cannot be downloaded: {exc}") from exc
            if path.stat().st_size > MAX_ARCHIVE_BYTES:
                raise SourceNotFound(
                    f"{self._distribution.filename} is larger than {MAX_ARCHIVE_BYTES} bytes"
                )
            return path.read_bytes()


class _Member:
    """A file inside an archive, read on demand."""

    def __init__(self, archive: zipfile.ZipFile | tarfile.TarFile, name: str, size: int) -> None:
        self._archive, self._name, self.size_bytes = archive, name, size

    def read(self) -> bytes:
        if isinstance(self._archive, zipfile.ZipFile):
            return self._archive.read(self._name)
        stream = self._archive.extractfile(self._name)
        return stream.read() if stream else b""


def _members(filename: str, archive: bytes) -> dict[str, _Member]:
    try:
        if filename.endswith((".whl", ".zip")):
            opened = zipfile.ZipFile(io.BytesIO(archive))
            infos = [i for i in opened.infolist() if not i.is_dir()]
            return {i.filename: _Member(opened, i.filename, i.file_size) for i in infos}
        tar = tarfile.open(fileobj=io.BytesIO(archive))  # noqa: SIM115 - members are read later
        return {m.name: _Member(tar, m.name, m.size) for m in tar.getmembers() if m.isfile()}
    except (zipfile.BadZipFile, tarfile.TarError) as exc:
        raise SourceUnavailable(f"{filename} is not a readable archive: {exc}") from exc


def _licence(members: dict[str, _Member]) -> str:
    for path, member in sorted(members.items()):
        if path.endswith((".dist-info/METADATA", "/PKG-INFO")) and path.count("/") == 1:
            return _licence_of_metadata(parse_email(member.read())[0])
    return NO_LICENCE


def _licence_of_metadata(metadata: RawMetadata) -> str:
    for text in (metadata.get("license_expression"), metadata.get("license")):
        try:
            return str(canonicalize_license_expression(text or ""))
        except InvalidLicenseExpression:
            continue
    found = {
        _CLASSIFIER_LICENCES.get(classifier, NO_LICENCE)
        for classifier in metadata.get("classifiers", [])
        if classifier.startswith("License ::")
    }
    return found.pop() if len(found) == 1 else NO_LICENCE
