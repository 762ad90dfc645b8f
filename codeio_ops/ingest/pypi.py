"""Reads the source files of a package on PyPI, without running any of its code.

A wheel is preferred; of an sdist the archive is read and nothing is built.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from codeio_ops.errors import SourceDamaged, SourceNotFound, SourceUnavailable
from codeio_ops.ingest.archives import Member, members
from codeio_ops.ingest.base import NO_LICENCE, SUFFIX_LANGUAGES, SourceFile, Unchanged
from codeio_ops.ingest.licence import MAX_LICENCE_BYTES, code_licence, spdx_id
from codeio_ops.jsonvalue import storable

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage

DEFAULT_INDEX = "https://pypi.org/simple/"
MAX_ARCHIVE_BYTES = 200 << 20
MAX_METADATA_BYTES = 1 << 20
# The files of the root of an sdist, of its LICENSES/, and those for licences in a wheel.
_NEAR = re.compile(r"[^/]+/(?:licenses/)?([^/]+|LICENSES/[^/]+)").fullmatch

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
    those read before. What the newest holds is what the package shows; the others are its past.
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
        """Yield the source files of each new version in the order of versions and paths.

        Where none is newer, as after the newest was withdrawn, the newest that is left is new.
        """
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
                    content=member.read(max_bytes) if member.size_bytes <= max_bytes else None,
                    repository=self._name,
                    is_past=distribution is not self._distributions[-1],
                )

    def unchanged(self, *, since: str) -> tuple[Unchanged, ...]:
        """Return nothing: the newest version is read in full."""
        return ()

    def _new(self, since: str) -> "list[DistributionPackage]":
        read = since.partition(" ")[0]
        newest = self._distributions[-1:]
        if not read:
            return newest
        newer = [d for d in self._distributions if Version(d.version or "0") > Version(read)]
        return newer or newest

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
        found: dict[Version, DistributionPackage] = {}
        # A wheel before an sdist, and the first by name of each.
        for package in sorted(packages, key=_preference):
            version = _version(package)
            if version is not None and (self._is_pinned or not package.is_yanked):
                found.setdefault(version, package)
        # As pip does: a pre-release only where one is named, or nothing else is left.
        chosen = sorted(self._wanted.filter(found))
        if not chosen:
            raise SourceNotFound(
                f"{self._name} has no version {self._wanted} on {self._index}",
                cure=f"see {self._index}{self._name}/ for the versions there are",
            )
        return [found[version] for version in chosen]

    @property
    def _is_pinned(self) -> bool:
        """Whether just one version is named, which is read even where it was withdrawn."""
        return any(
            wanted.operator in ("==", "===") and not wanted.version.endswith(".*")
            for wanted in self._wanted
        )

    def _download(self, distribution: "DistributionPackage") -> bytes:
        from pypi_simple import DigestMismatchError, PyPISimple
        from requests import RequestException

        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "archive"
            try:
                with PyPISimple(self._index) as client:
                    client.download_package(
                        distribution, os.fspath(path), progress=_Bounded, timeout=60
                    )
            except (RequestException, DigestMismatchError) as exc:
                raise SourceUnavailable(
                    f"{distribution.filename} cannot be downloaded: {exc}"
                ) from exc
            return path.read_bytes()


class _Bounded:
    """Ends a download that is larger than any package of source code."""

    def __init__(self, size_bytes: int | None) -> None:
        self._left = MAX_ARCHIVE_BYTES
        self.update(size_bytes or 0)
        self._left = MAX_ARCHIVE_BYTES

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        return

    def update(self, increment: int) -> None:
        """Count bytes that came.

        Raises:
            SourceDamaged: there are too many.
        """
        self._left -= increment
        if self._left < 0:
            raise SourceDamaged(
                f"the archive is larger than {MAX_ARCHIVE_BYTES} bytes",
                cure="pause the source: this is no source code",
            )


def _preference(package: "DistributionPackage") -> tuple[bool, bool, str]:
    return bool(package.is_yanked), package.package_type != "wheel", package.filename


def _version(package: "DistributionPackage") -> Version | None:
    if package.package_type not in ("wheel", "sdist"):
        return None
    try:
        return Version(package.version or "")
    except InvalidVersion:
        return None


def _licence(found: dict[str, Member]) -> str:
    """Return what the metadata states, and where it says nothing, what the licence file is."""
    for path, member in sorted(found.items()):
        if path.endswith((".dist-info/METADATA", "/PKG-INFO")) and path.count("/") == 1:
            stated = _licence_of_metadata(parse_email(_whole(member, MAX_METADATA_BYTES))[0])
            if stated != NO_LICENCE:
                return stated
    near = {match[1]: member for path, member in sorted(found.items()) if (match := _NEAR(path))}
    return code_licence(near, lambda name: _whole(near[name], MAX_LICENCE_BYTES))


def _whole(member: Member, limit: int) -> bytes:
    return member.read(limit) if member.size_bytes <= limit else b""


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
