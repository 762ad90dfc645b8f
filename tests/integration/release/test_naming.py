"""A name belongs to the recipe that its versions were made by."""

from uuid import UUID

import pytest

from codeio_ops.errors import NameTaken
from codeio_ops.release.naming import name_for
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.takedown import take_down
from codeio_ops.release.teachers import TeacherShare
from codeio_ops.storage.objects import ObjectStore

from .conftest import Facts

OWN = Recipe(name="codeio_pp", turns=1, wrong="drop")
MINE = Recipe(name="mine", turns=1)
CHANGED = MINE.model_copy(update={"share": 0.5})


def test_the_name_of_a_shipped_recipe_is_refused_to_another(facts: Facts) -> None:
    with pytest.raises(
        NameTaken, match=r"turns 2 there, 1 here, wrong \"keep\" there, \"drop\""
    ) as no:
        facts.assemble(OWN)
    assert "--new-recipe" in no.value.cure
    facts.assemble("codeio_pp")
    with pytest.raises(NameTaken):
        facts.assemble(OWN)


def test_a_shipped_recipe_goes_on_whatever_it_became(facts: Facts) -> None:
    before = facts.assemble(
        OWN, new_recipe=True
    )  # as an older version of this software may have shipped it
    after = facts.assemble("codeio_pp")
    assert (before.version, after.version) == (1, 2)


def test_a_changed_recipe_needs_a_word_once(facts: Facts) -> None:
    facts.assemble(MINE)
    with pytest.raises(NameTaken, match=r"mine is made by another recipe: share 1\.0 there, 0\.5"):
        facts.assemble(CHANGED)
    with pytest.raises(NameTaken, match=r"files \"present\" there, \"ever\" here"):
        facts.assemble(MINE.model_copy(update={"files": "ever"}))
    assert facts.assemble(CHANGED, new_recipe=True).version == 2
    facts.write(8)
    assert facts.assemble(CHANGED).version == 3


def test_what_a_recipe_says_of_itself_decides_nothing(facts: Facts) -> None:
    facts.assemble(MINE)
    assert facts.assemble(MINE.model_copy(update={"description": "For ducks."})).version == 2


def test_of_rejected_releases_the_name_is_free(facts: Facts) -> None:
    refused = facts.assemble(MINE)
    with facts.store.transaction() as transaction:
        transaction.execute("release.set_status", release_id=refused.release_id, status="rejected")
    assert facts.assemble(CHANGED).version == 2


def test_a_name_for_a_teacher_is_not_shared_with_a_recipe_of_that_name(facts: Facts) -> None:
    facts.assemble(Recipe(name="mine-test", turns=1))
    other: list[TeacherShare] = [{"id": str(UUID(int=9)), "name": "test", "share": 1.0}]
    facts.assemble(MINE)
    with facts.store.transaction() as transaction:
        # The plain name is that of another teacher, and the next that of another recipe.
        assert name_for(MINE, other, transaction) == "mine-test-00000000"
        assert name_for(Recipe(name="new", turns=1), other, transaction) == "new"


def test_a_takedown_makes_a_name_by_the_recipe_last_published(
    facts: Facts, objects: ObjectStore
) -> None:
    facts.publish(facts.assemble(MINE), objects)
    waiting = facts.assemble(CHANGED, new_recipe=True)
    done = take_down("licence", "MIT", reason="asked", store=facts.store, writer=facts.writer)
    [candidate] = done.candidates
    assert (waiting.version, candidate.version) == (2, 3)
    assert Recipe.model_validate(candidate.recipe) == MINE
