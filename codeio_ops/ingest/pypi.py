"""Reads the source files of a package on PyPI, without running any of its code.

A wheel is preferred; of an sdist the archive is read and nothing is built.
"""

import os
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from codeio_ops.errors import SourceNotFound, SourceUnavailable
from codeio_ops.ingest.archives import Member, members
from codeio_ops.ingest.base import NO_LICENCE, SUFFIX_LANGUAGES, SourceFile
from codeio_ops.ingest.licence import (
    MAX_LICENCE_BYTES,
    is_licence_file,
    licence_of_text,
    spdx_id,
)
from codeio_ops.jsonvalue import storable

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
    """A package; `locator` is a requirement: `name==version`, `name<2`, or `name` alone.

    The first read takes the newest version that meets it, later ones each version newer than
    those read before.
    """

    def __init__(self, locator: str, *, licence: str, index: str = DEFAULT_INDEX) -> None:
        try:
            requirement = Requirement(locator)
        except InvalidRequirement as exc:
            raise SourceNotFound(
                f"{locator!r} does not name a package and a version",
                cure="write it as pypi:NAME==VERSION, or pypi:NAME for each new version",
            ) from exc
        self._name, self._wanted = requirement.name, requirement.specifier
        self._licence = licence
        self._index = index

    def cursor(self) -> str:
        """Return the newest version and the sha256 of its archive: a version never changes."""
        newest = self._distributions[-1]
        return f"{newest.version} {newest.digests.get('sha256', newest.filename)}"

    def files(self, *, max_bytes: int, since: str = "") -> Iterator[SourceFile]:
        """Yield the source files of each new version in the order of versions and paths."""
        for distribution in self._new(since):
            found = members(distribution.filename, self._download(distribution))
            licence = self._licence or _licence(found)
            for path, member in sorted(found.items()):
                language = SUFFIX_LANGUAGES.get(PurePosixPath(path).suffix)
                if language is None:
                    continue
                yield SourceFile(
                    path=storable(path),
                    version=distribution.version or "",
                    licence=licence,
                    language=language,
                    size_bytes=member.size_bytes,
                    content=member.read() if member.size_bytes <= max_bytes else None,
                    repository=self._name,
                )

    def _new(self, since: str) -> "list[DistributionPackage]":
        read = since.partition(" ")[0]
        if not read:
            return self._distributions[-1:]
        return [d for d in self._distributions if Version(d.version or "0") > Version(read)]

    def member(self, path: str) -> bytes:
        """Return one file of the package.

        Raises:
            SourceNotFound: the package has no such file.
        """
        newest = self._distributions[-1]
        found = members(newest.filename, self._download(newest))
        if path not in found:
            raise SourceNotFound(f"{self._name} {newest.version} has no file {path}")
        return found[path].read()

    @cached_property
    def _distributions(self) -> "list[DistributionPackage]":
        """One archive of each version that is wanted, oldest first; never empty."""
        from pypi_simple import NoSuchProjectError, PyPISimple
        from requests import RequestException

        try:
            with PyPISimple(self._index) as client:
                page = client.get_project_page(self._name, timeout=30)
        except NoSuchProjectError as exc:
            raise SourceNotFound(f"there is no package {self._name!r} on {self._index}") from exc
        except RequestException as exc:
            raise SourceUnavailable(f"{self._index} cannot be reached: {exc}") from exc
        return self._choose(page.packages)

    def _choose(self, packages: "list[DistributionPackage]") -> "list[DistributionPackage]":
        chosen: dict[Version, DistributionPackage] = {}
        # A wheel before an sdist, and the first by name of each.
        for package in sorted(packages, key=lambda p: (p.package_type != "wheel", p.filename)):
            version = _version(package)
            if version is not None and version in self._wanted:
                chosen.setdefault(version, package)
        if not chosen:
            raise SourceNotFound(
                f"{self._name} has no version {self._wanted} on {self._index}",
                cure=f"see {self._index}{self._name}/ for the versions there are",
            )
        return [chosen[version] for version in sorted(chosen)]

    def _download(self, distribution: "DistributionPackage") -> bytes:
        from pypi_simple import DigestMismatchError, PyPISimple
        from requests import RequestException

        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "archive"
            try:
                with PyPISimple(self._index) as client:
                    client.download_package(distribution, os.fspath(path), timeout=60)
            except (RequestException, DigestMismatchError) as exc:
                raise SourceUnavailable(
                    f"{distribution.filename} cannot be downloaded: {exc}"
                ) from exc
            if path.stat().st_size > MAX_ARCHIVE_BYTES:
                raise SourceNotFound(
                    f"{distribution.filename} is larger than {MAX_ARCHIVE_BYTES} bytes"
                )
            return path.read_bytes()


def _version(package: "DistributionPackage") -> Version | None:
    if package.is_yanked or package.package_type not in ("wheel", "sdist"):
        return None
    try:
        return Version(package.version or "")
    except InvalidVersion:
        return None


def _licence(found: dict[str, Member]) -> str:
    """Return what the metadata states, and where it says nothing, what the licence file is."""
    for path, member in sorted(found.items()):
        if path.endswith((".dist-info/METADATA", "/PKG-INFO")) and path.count("/") == 1:
            stated = _licence_of_metadata(parse_email(member.read())[0])
            if stated != NO_LICENCE:
                return stated
    for path, member in sorted(found.items()):
        near = path.count("/") == 1 or ".dist-info/" in path
        if near and is_licence_file(PurePosixPath(path).name):
            return licence_of_text(member.read()[:MAX_LICENCE_BYTES])
    return NO_LICENCE


def _licence_of_metadata(metadata: RawMetadata) -> str:
    for text in (metadata.get("license_expression"), metadata.get("license")):
        if text and (stated := spdx_id(text)):
            return stated
    found = {
        _CLASSIFIER_LICENCES.get(classifier, NO_LICENCE)
        for classifier in metadata.get("classifiers", [])
        if classifier.startswith("License ::")
    }
    return found.pop() if len(found) == 1 else NO_LICENCE
