"""Which program wrote a fact: the version, and a digest of the sources that are installed."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from codeio_ops import __version__

PACKAGES = ("codeio_airflow", "codeio_ops", "offline_teacher")
# Code, SQL, prompts and prices. The sandbox image's other files have a digest of their own.
_SUFFIXES = frozenset({".md", ".py", ".sql", ".yaml"})
_DIGITS = 12


@cache
def code_version() -> str:
    """Return the version and the digest: `0.2.0+1f0c...`; read once in a process."""
    return f"{__version__}+{sources_digest()[:_DIGITS]}"


def sources_digest() -> str:
    """Digest the sources by name and content; a checkout and a wheel of it have the same."""
    return _digest(_sources())


@cache
def digest_of(*modules: str) -> str:
    """Digest the sources of modules, and of packages with all that is below them.

    Args:
        modules: Their dotted names, of `PACKAGES`.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    return _digest(chain.from_iterable(map(_sources_of, modules)))


def _sources_of(module: str) -> list[tuple[str, Path]]:
    place = module.replace(".", "/")
    found = [
        (name, path)
        for name, path in _sources()
        if name == f"{place}.py" or name.startswith(f"{place}/")
    ]
    if not found:
        raise ModuleNotFoundError(f"no sources of {module} are installed", name=module)
    return found


def _digest(sources: Iterable[tuple[str, Path]]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(sources):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        spec = find_spec(package)
        for root in (spec and spec.submodule_search_locations) or ():
            # The links to `dags/`, `sandbox_image/` and `sql/` are followed.
            for directory, _, names in os.walk(root, followlinks=True):
                for path in (Path(directory, name) for name in names):
                    if path.suffix in _SUFFIXES:
                        yield f"{package}/{path.relative_to(root).as_posix()}", path
