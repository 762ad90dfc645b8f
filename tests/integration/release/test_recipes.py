"""What each recipe takes from the same facts, and that the files are the same each time."""

import json
from typing import Any

from sqlalchemy import create_engine

from codeio_ops.config import Settings
from codeio_ops.fingerprint import sha256_hex
from codeio_ops.release.recipe import Recipe, shipped_names

from .conftest import Facts

QUESTIONS = 8 * 3 * 2


def rows_of(files: dict[str, bytes], folder: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path, content in sorted(files.items())
        if path.startswith(f"{folder}/")
        for line in content.splitlines()
    ]


def records_of(files: dict[str, bytes]) -> list[dict[str, Any]]:
    import io

    import pyarrow.parquet as pq

    return [
        record
        for path, content in sorted(files.items())
        if path.startswith("data/")
        for record in pq.read_table(io.BytesIO(content)).to_pylist()
    ]


def test_recipes_select_what_they_say(facts: Facts) -> None:
    records = {name: records_of(facts.files(facts.assemble(name))) for name in shipped_names()}
    assert len(records["codeio"]) == len(records["codeio_pp"]) == QUESTIONS
    assert {row["direction"] for row in records["input_only"]} == {"input"}
    assert {row["direction"] for row in records["output_only"]} == {"output"}
    assert {row["verdict_1"] for row in records["drop_wrong"]} == {"correct"}
    assert 0 < len(records["half"]) < QUESTIONS
    for count in range(1, 7):
        assert len(records[f"pairs_{count}"]) == 8 * count
    assert {row["direction"] for row in records["pairs_1"]} == {"input", "output"}


def test_replaced_answers_hold_the_true_value_and_are_marked(facts: Facts) -> None:
    files = facts.files(facts.assemble("replace_wrong"))
    wrong = [row for row in records_of(files) if row["verdict_1"] != "correct"]
    assert wrong
    for row in records_of(files):
        assert row["answer_replaced"] == (row["verdict_1"] != "correct")
    for row in wrong:
        answer = json.loads(row["response"].removeprefix("```json\n").removesuffix("\n```"))
        assert answer == {row["direction"]: json.loads(row[row["direction"]])}


def test_prompts_without_code_hold_the_question_and_no_program(facts: Facts) -> None:
    records = records_of(facts.files(facts.assemble("no_refcode")))
    assert all("def main" not in row["prompt"] for row in records)
    assert all(row["problem_statement"] in row["prompt"] for row in records)


def test_curriculum_goes_from_short_to_long(facts: Facts) -> None:
    records = records_of(facts.files(facts.assemble("curriculum")))
    train = [row for row in records if row["split"] == "train"]
    lengths = [len(row["reference_code"]) + len(row["turn_1"]) for row in train]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]


def test_training_text_of_two_turns_joins_answers_and_feedback(facts: Facts) -> None:
    records = records_of(facts.files(facts.assemble("codeio_pp")))
    revised = next(row for row in records if row["turn_2"])
    parts = (revised["turn_1"], revised["feedback_1"], revised["turn_2"], revised["feedback_2"])
    assert revised["response"] == "\n\n".join(parts)


def test_no_program_is_in_both_splits(facts: Facts) -> None:
    recipe = Recipe(name="even", validation_percent=50)
    records = records_of(facts.files(facts.assemble(recipe)))
    programs = {
        split: {row["program_id"] for row in records if row["split"] == split}
        for split in ("train", "validation")
    }
    assert programs["train"] and programs["validation"]
    assert not programs["train"] & programs["validation"]


def test_the_same_facts_and_recipe_give_the_same_bytes(facts: Facts) -> None:
    release = facts.assemble("codeio_pp")
    again = facts.assemble("codeio_pp")
    assert again.release_id == release.release_id
    first, second = facts.files(release), facts.files(again)
    assert {p: sha256_hex(c) for p, c in first.items()} == {
        p: sha256_hex(c) for p, c in second.items()
    }
    assert {"README.md", "croissant.json", "plots/funnel.png"} <= first.keys()


def test_the_planner_knows_a_candidate_before_its_gates_come(
    facts: Facts, settings: Settings
) -> None:
    release = facts.assemble("codeio_pp")
    engine = create_engine(settings.owner_database_url.get_secret_value())
    with engine.connect() as link:
        question = "SELECT reltuples FROM pg_class WHERE oid = 'codeio.release_sample'::regclass"
        assert link.exec_driver_sql(question).scalar_one() == release.samples
    engine.dispose()
