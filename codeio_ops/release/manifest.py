"""The manifest: what a published release consists of. Without one there is no release."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from codeio_ops.fingerprint import sha256_hex
from codeio_ops.release.recipe import Recipe

MANIFEST_NAME = "manifest.json"
# What could leave the directory of a release, on any system, or is no name of a file.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\:\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
    r"|(?:^|/)\.{0,2}(?:/|$)"
)


def _inside(path: str) -> str:
    if _UNSAFE.search(path):
        raise ValueError(f"{path!r} is no path below a release")
    return path


class FileEntry(BaseModel):
    """A file of the release: path below its prefix, length, and sha256 in hex."""

    model_config = ConfigDict(frozen=True)

    path: Annotated[str, AfterValidator(_inside)]
    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, path: str, content: bytes) -> "FileEntry":
        """Describe `content`."""
        return cls(path=path, size_bytes=len(content), sha256=sha256_hex(content))


class Manifest(BaseModel):
    """Written last; `format_version` changes when a reader would have to."""

    model_config = ConfigDict(frozen=True)

    format_version: int = 1
    name: str
    version: int
    content_sha256: str
    samples: int
    recipe: Recipe
    code_version: str
    files: tuple[FileEntry, ...]

    def to_bytes(self) -> bytes:
        """Return it as it is stored."""
        return self.model_dump_json(indent=2).encode()
