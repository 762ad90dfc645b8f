"""What samples say is hashed once, and the content hash of a release is computed of that."""

from typing import Any

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.release.content import store_hashes
from codeio_ops.release.recipe import Recipe

from .conftest import PROGRAMS, Facts, as_owner

QUESTIONS = PROGRAMS * 3 * 2
SHORT = Recipe(name="short", turns=1)


def hashed(settings: Settings) -> list[tuple[Any, ...]]:
    return as_owner(
        settings,
        "SELECT sample_id, definition_id, text_sha256::text FROM codeio.sample_content "
        "ORDER BY sample_id, definition_id",
    )


def test_a_sample_is_hashed_when_a_release_first_takes_it(facts: Facts, settings: Settings) -> None:
    facts.assemble("codeio_pp")
    before = hashed(settings)
    assert len(before) == QUESTIONS
    facts.assemble(SHORT)
    assert hashed(settings) == before
    facts.write(PROGRAMS)
    facts.assemble("codeio_pp")
    after = hashed(settings)
    assert set(before) < set(after)
    assert len(after) == QUESTIONS + 6


def test_a_release_is_hashed_by_what_is_stored(facts: Facts, settings: Settings) -> None:
    first = facts.assemble("codeio_pp")
    as_owner(
        settings,
        "UPDATE codeio.sample_content SET text_sha256 = sha256(text_sha256) "
        "WHERE sample_id = (SELECT min(sample_id::text)::uuid FROM codeio.sample_content)",
    )
    assert facts.assemble("codeio_pp").content_sha256 != first.content_sha256


def test_where_a_file_stands_is_read_for_each_release(facts: Facts, settings: Settings) -> None:
    first = facts.assemble("codeio_pp")
    before = hashed(settings)
    as_owner(settings, "UPDATE codeio.raw_file_origin SET path = 'elsewhere/' || path")
    assert facts.assemble("codeio_pp").content_sha256 != first.content_sha256
    assert hashed(settings) == before


def test_another_definition_hashes_anew(facts: Facts, settings: Settings) -> None:
    facts.assemble("codeio_pp")
    store_hashes(content_id("definition", "of an edit"), facts.store, facts.writer)
    found = hashed(settings)
    assert len(found) == 2 * QUESTIONS
    assert len({(sample, sha256) for sample, _, sha256 in found}) == QUESTIONS
