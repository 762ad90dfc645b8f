"""The content hash of a release, of hashes of its samples that are stored once.

Texts never change, so what a sample says is hashed when a release first takes it. What may
change about it, the place that stands for its file and the licence, is hashed for each release.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from codeio_ops.code_version import digest_of
from codeio_ops.fingerprint import content_id, value_sha256
from codeio_ops.jsonvalue import canonical
from codeio_ops.records import SampleContent
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SampleText
from codeio_ops.release.text_facts import write_missing
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter

# What ran it, and when, is provenance: another run of the same facts has the same content.
_NOT_CONTENT = frozenset({"answer_run_id", "sandbox_image_digest"})
_PLACE = ("source_kind", "source_locator", "source_version", "source_path", "licence", "split")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberContent:
    """What a sample is in a release: its texts as a hash, and where it stands and comes from."""

    text_sha256: str
    source_kind: str
    source_locator: str
    source_version: str
    source_path: str
    licence: str
    split: str

    @property
    def line(self) -> str:
        """It in canonical form."""
        return canonical([self.text_sha256, *(getattr(self, name) for name in _PLACE)])


def definition_of(store: Store) -> UUID:
    """Return an id of all that decides the hash of a text: this code, and what it reads."""
    code = digest_of(
        "codeio_ops.release.content", "codeio_ops.release.rows", "codeio_ops.jsonvalue"
    )
    return content_id("content", code, store.value("release.definition_of_texts"))


def text_sha256(sample: SampleText) -> str:
    """Return the sha256, in hex, of what a sample says and will always say."""
    left_out = _NOT_CONTENT.union(_PLACE)
    return value_sha256({k: v for k, v in sample.to_json().items() if k not in left_out})


def store_hashes(definition: UUID, store: Store, writer: FactWriter) -> None:
    """Hash the samples that were not yet."""

    def hashed(sample: SampleText) -> SampleContent:
        return SampleContent(
            sample_id=sample.sample_id,
            definition_id=definition,
            text_sha256=bytes.fromhex(text_sha256(sample)),
            stage_run_id=writer.run.stage_run_id,
        )

    write_missing("release.unhashed", hashed, store=store, writer=writer, definition_id=definition)


def content_sha256(recipe: Recipe, members: Iterable[MemberContent]) -> str:
    """Fingerprint what a release says: its recipe and its members, split by split, in order."""
    digest = hashlib.sha256(canonical(recipe.content).encode())
    for member in members:
        digest.update(f"\n{member.line}".encode())
    return digest.hexdigest()
