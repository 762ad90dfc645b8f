"""What is released names no path of the machine that made it, and is traced to it all the same."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, text

from codeio_ops.config import Settings
from codeio_ops.records import TeacherRow
from codeio_ops.release.readback import read_manifest
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.takedown import reach_of
from codeio_ops.release.teachers import Choice
from codeio_ops.storage.objects import ObjectStore
from codeio_ops.storage.queries import SQL_DIRECTORY

from .conftest import SOURCES, Facts
from .test_recipes import records_of

TOOLS, ROWS, PACKAGE = SOURCES
PATHS = (TOOLS.locator, ROWS.locator)


def names_of(facts: Facts, *locators: str) -> list[str]:
    with facts.store.transaction() as transaction:
        found = dict(transaction.pairs("release.released_names", words=list(locators)))
    return [found[locator] for locator in locators]


def test_no_file_of_a_release_holds_a_path_of_the_machine(
    facts: Facts, objects: ObjectStore
) -> None:
    recipe = Recipe(name="mine", turns=1, sources=(TOOLS.locator, f"jsonl:{ROWS.locator}"))
    release = facts.publish(facts.assemble(recipe), objects)
    files = facts.files(release)
    manifest = read_manifest("mine", 1, objects=objects).content
    written = [manifest, *(held for path, held in files.items() if not path.endswith("parquet"))]
    assert not [path for path in PATHS for held in written if path.encode() in held]
    records = records_of(files)
    assert {row["source_kind"] for row in records} == {"directory", "jsonl"}
    assert not [path for path in PATHS if path in str(records)]
    assert names_of(facts, TOOLS.locator)[0] in files["README.md"].decode()


def test_a_name_tells_places_apart_and_stays(facts: Facts) -> None:
    one, other, slash = names_of(facts, "/home/ann/my code", "/srv/my code", "/home/ann/my code/")
    assert all(re.fullmatch(r"my code-[0-9a-f]{8}", name) for name in (one, other, slash))
    assert len({one, other}) == 2
    assert names_of(facts, "/src/tools") == ["tools-9a084fcb"]


def test_a_model_that_is_a_file_stands_under_its_name(facts: Facts) -> None:
    path = "/home/ann/models/small.gguf"
    row = TeacherRow(
        teacher_id=UUID(int=5), kind="local-model", model=path, version="1",
        endpoint_host="127.0.0.1", stage_run_id=facts.writer.run.stage_run_id,
    )  # fmt: skip
    facts.writer.write([row])
    choice = Choice.of(Recipe(name="mine", teachers=(path, "any")), (), facts.store)
    (name,) = names_of(facts, path)
    assert choice.recipe.teachers == (name, "any")
    assert choice.name_of(row.teacher_id) == f"{name} at 127.0.0.1"
    alone = Choice.of(Recipe(name="mine", teachers=path), (), facts.store)
    assert alone.teachers == {row.teacher_id}


@pytest.mark.parametrize(
    "locator",
    ["algorithms==1.0.1", "https://example.org/a/b.git", "s3://bucket/code", "ssh://git@host/a"],
)
def test_what_is_no_path_keeps_its_name(facts: Facts, locator: str) -> None:
    assert names_of(facts, locator, f"git:{locator}") == [locator, f"git:{locator}"]


def test_a_path_as_a_url_is_a_path(facts: Facts) -> None:
    (name,) = names_of(facts, "file:///home/ann/repo.git")
    assert re.fullmatch(r"repo\.git-[0-9a-f]{8}", name)


@pytest.mark.parametrize("written", ["{0.locator}", "{0.kind}:{0.locator}", "{1}", "{0.kind}:{1}"])
def test_recipes_and_takedowns_take_path_and_name(facts: Facts, written: str) -> None:
    (name,) = names_of(facts, TOOLS.locator)
    word = written.format(TOOLS, name)
    release = facts.assemble(Recipe(name="mine", turns=1, sources=(word,)))
    assert release.samples == 3 * 6
    assert Recipe.model_validate(release.recipe).sources == (
        name if ":" not in written else f"directory:{name}",
    )
    assert reach_of("repository", word, store=facts.store).raw_files == 3


def test_sql_leads_from_the_name_to_the_place(facts: Facts, settings: Settings) -> None:
    facts.assemble("codeio")
    (question,) = (Path(str(SQL_DIRECTORY)) / "audit").glob("02_*.sql")
    auditor = create_engine(settings.auditor_database_url.get_secret_value(), poolclass=NullPool)
    with auditor.connect() as connection:
        rows = connection.execute(text(question.read_text())).all()
    found = {row.source_name: row.source for row in rows}
    tools, table = names_of(facts, *PATHS)
    assert found == {
        f"directory:{tools}": f"directory:{TOOLS.locator}",
        f"jsonl:{table}": f"jsonl:{ROWS.locator}",
        f"pypi:{PACKAGE.locator}": f"pypi:{PACKAGE.locator}",
    }
