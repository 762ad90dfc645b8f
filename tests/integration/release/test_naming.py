"""A name belongs to the recipe that its versions were made by."""

from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from codeio_ops.cli.app import app
from codeio_ops.config import Settings
from codeio_ops.errors import NameTaken, StackError
from codeio_ops.fingerprint import content_id
from codeio_ops.records import ReleaseRow
from codeio_ops.release.naming import name_for, require_possible_name
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.takedown import take_down
from codeio_ops.release.teachers import TeacherShare
from codeio_ops.storage.objects import ObjectStore
from support.shell import set_shell

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


def test_a_shell_refuses_a_recipe_before_it_starts_a_run(
    facts: Facts, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts.assemble(MINE)
    set_shell(monkeypatch, settings)
    monkeypatch.setenv("CODEIO_HOME", str(tmp_path))
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("name: mine\nturns: 1\nshare: 0.5\n")
    refused = CliRunner().invoke(app, ["release", "make", str(recipe)])
    assert isinstance(refused.exception, NameTaken)
    # Without a stack, what passes this gets no farther than the next question.
    for content, words in (
        ("share: 0.5", ["--new-recipe"]), ("teachers: any", []), ("description: For ducks.", []),
    ):  # fmt: skip
        recipe.write_text(f"name: mine\nturns: 1\n{content}\n")
        passed = CliRunner().invoke(app, ["release", "make", str(recipe), *words])
        assert isinstance(passed.exception, StackError), content


def test_a_name_for_one_of_several_teachers_lets_its_recipe_through(facts: Facts) -> None:
    facts.assemble(MINE)
    with pytest.raises(NameTaken, match=r"share 1\.0 there, 0\.5 here"):
        require_possible_name(CHANGED, facts.store)
    facts.writer.write(
        [
            ReleaseRow(
                release_id=content_id("release", "b"), name="mine-b", version=1,
                recipe=CHANGED.model_dump(mode="json"), content_sha256="0" * 64,
                status="candidate", samples=1, teachers=(),
                stage_run_id=facts.writer.run.stage_run_id,
            )
        ]
    )  # fmt: skip
    require_possible_name(CHANGED, facts.store)
    with pytest.raises(NameTaken):
        require_possible_name(OWN, facts.store)


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
