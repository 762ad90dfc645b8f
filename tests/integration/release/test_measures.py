"""What the gate on expectations checks of texts: measured once, added up for each recipe."""

from typing import Any

import pytest

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id, sha256_hex
from codeio_ops.quality.expectations import candidate_rows
from codeio_ops.quality.measures import definition_of, store_measures
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SPLITS, read_rows
from codeio_ops.release.training import TrainingRow, training_row

from .conftest import PROGRAMS, Facts, as_owner

RECIPES = (
    Recipe(name="one_turn", turns=1),
    Recipe(name="both_turns", turns=2, separator="\n\n---\n\n"),
    Recipe(name="replaced", turns=1, wrong="replace"),
    Recipe(name="without_code", turns=2, reference_code=False),
)
MEASURES = "SELECT * FROM codeio.sample_measure ORDER BY sample_id, definition_id"


def measured(row: TrainingRow) -> tuple[str, str, int, int]:
    prompt = row.prompt
    return (
        str(row.sample.sample_id),
        sha256_hex(prompt.encode()),
        len(prompt),
        len(row.response),
    )


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_columns_are_those_of_the_text_that_a_recipe_makes(
    facts: Facts, settings: Settings, recipe: Recipe
) -> None:
    release = facts.assemble(recipe)
    rows = [row for split in SPLITS for row in read_rows(facts.store, release.release_id, split)]
    with candidate_rows(release, recipe, facts.store, facts.writer):
        found = as_owner(
            settings,
            "SELECT sample_id, prompt_sha256, prompt_chars, response_chars, tokens "
            "FROM codeio_scratch.candidate_row",
        )
    assert {row[:4] for row in found} == {measured(training_row(recipe, row)) for row in rows}
    assert all(3 * row[4] >= row[2] + row[3] > 3 * (row[4] - 1) for row in found)
    assert len(found) == release.samples
    assert as_owner(settings, "SELECT FROM codeio_scratch.candidate_row") == []


def test_a_sample_is_measured_once(facts: Facts, settings: Settings) -> None:
    def judge(recipe: Recipe) -> list[tuple[Any, ...]]:
        release = facts.assemble(recipe)
        with candidate_rows(release, recipe, facts.store, facts.writer):
            return as_owner(settings, MEASURES)

    before = judge(RECIPES[0])
    assert len(before) == PROGRAMS * 3 * 2
    assert judge(RECIPES[1]) == before
    facts.write(PROGRAMS)
    after = judge(RECIPES[0])
    assert set(before) < set(after)
    assert len(after) == len(before) + 6


def test_another_definition_measures_anew(facts: Facts, settings: Settings) -> None:
    recipe = RECIPES[0]
    release = facts.assemble(recipe)
    for definition in (definition_of(recipe, facts.store), content_id("definition", "of an edit")):
        for _ in range(2):
            store_measures(release.release_id, recipe, definition, facts.store, facts.writer)
    assert len(as_owner(settings, MEASURES)) == 2 * release.samples


def test_rows_of_a_gate_that_was_killed_are_replaced(facts: Facts, settings: Settings) -> None:
    recipe = RECIPES[0]
    release = facts.assemble(recipe)
    killed = candidate_rows(release, recipe, facts.store, facts.writer)
    killed.__enter__()
    with candidate_rows(release, recipe, facts.store, facts.writer):
        assert (
            len(as_owner(settings, "SELECT FROM codeio_scratch.candidate_row")) == release.samples
        )
