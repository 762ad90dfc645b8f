"""Releases without services: recipes, rows, files, card, manifest, split."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codeio_ops.errors import SettingsError
from codeio_ops.jsonvalue import Json, parse
from codeio_ops.release.assemble import Release
from codeio_ops.release.card import CardFacts, dataset_card
from codeio_ops.release.content import MemberContent, content_sha256, text_sha256
from codeio_ops.release.export import export_files as export
from codeio_ops.release.judgement import StoredResult
from codeio_ops.release.manifest import FileEntry, Manifest
from codeio_ops.release.recipe import Recipe, load_recipe, parse_recipe, shipped_names
from codeio_ops.release.rows import SampleText
from codeio_ops.release.statistics import Statistics
from codeio_ops.release.training import TrainingRow, training_row
from support.json_values import VALUES

Make = Callable[..., SampleText]


def recipe(**values: object) -> Recipe:
    return Recipe.model_validate({"name": "codeio_pp", **values})


def content_of(chosen: Recipe, *rows: SampleText) -> str:
    """Hash a release of these rows as if their hashes came from the database."""
    members = [
        MemberContent(
            text_sha256=text_sha256(row), source_kind=row.source_kind,
            source_locator=row.source_locator, source_version=row.source_version,
            source_path=row.source_path, licence=row.licence, split=row.split,
        )
        for row in rows
    ]  # fmt: skip
    return content_sha256(chosen, members)


def training_text(chosen: Recipe, row: SampleText) -> str:
    return training_row(chosen, row).response


def export_files(rows: list[SampleText]) -> dict[str, bytes]:
    def rows_of(split: str) -> list[TrainingRow]:
        return [training_row(recipe(), row) for row in rows if row.split == split]

    return dict(export(rows_of))


TWO_TURNS = {"turn_2": "second", "feedback_2": "Right.", "verdict_2": "correct"}


@pytest.mark.parametrize(
    "path",
    [
        "a\x85b", "\u202ea", "a\u2028b", "\ufeffa", "\ud800",
        "../outside.txt", "/tmp/absolute.txt", "a/../../outside2.txt", "..", ".", "", "a//b", "a/",
        "./a", "a\\..\\b", "C:evil.txt", "a\nb", "a\x00b",
    ],
)  # fmt: skip
def test_a_manifest_names_no_file_outside_of_its_release(path: str) -> None:
    with pytest.raises(ValidationError, match="no path below a release"):
        FileEntry.of(path, b"owned")
    assert FileEntry.of("data/..train-0.jsonl", b"fine").path == "data/..train-0.jsonl"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "Bad Name"}, "name cannot be 'Bad Name': it is up to 63 lower-case letters, dig"),
        ({"name": "../etc"}, "name cannot be '../etc': it is"),
        ({"name": 7}, "name cannot be 7: it is text"),
        ({"turn": 1}, "it has no field turn, did you mean turns?"),
        ({"nmae": "x", "turns": 3}, "turns cannot be 3: it is 1 or 2; it has no field nmae, did"),
        ({"zzz": 1}, "it has no field zzz"),
        (
            {"wrong": "dorp"},
            "wrong cannot be 'dorp': it is keep or drop or replace, did you mean d",
        ),
        (
            {"wrong": "Drop"},
            "wrong cannot be 'Drop': it is keep or drop or replace, did you mean d",
        ),
        ({"directions": ["inputs"]}, "directions cannot be 'inputs': it is output or input, did"),
        ({"directions": []}, "directions cannot be []: it is a list that is not empty"),
        ({"directions": "input"}, "directions cannot be 'input': it is a list"),
        ({"validation_percent": 51}, "validation_percent cannot be 51: it is 50 or less"),
        ({"validation_percent": -1}, "validation_percent cannot be -1: it is 0 or more"),
        ({"validation_percent": "many"}, "validation_percent cannot be 'many': it is a whole numb"),
        ({"share": 0}, "share cannot be 0: it is more than 0"),
        ({"share": None}, "share cannot be None: it is a number"),
        ({"reference_code": "perhaps"}, "reference_code cannot be 'perhaps': it is true or false"),
        ({"since": "yesterday"}, "since cannot be 'yesterday': it is a day, as YYYY-MM-DD"),
        ({"teachers": [1]}, "teachers cannot be [1]: it is a word or a list of words"),
        ({"sources": "a"}, "sources cannot be 'a': it is a list"),
        ({"wrong": "replace", "turns": 2}, "wrong: replace needs turns: 1, as the true value has"),
    ],
)
def test_a_recipe_that_cannot_work_says_what_its_fields_may_be(
    values: dict[str, Json], told: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_recipe({"name": "x", **values})
    assert str(caught.value).startswith(f"the recipe given is not valid: {told}")
    assert "should" not in str(caught.value)
    assert "its fields are name, description, turns" in caught.value.cure


def test_a_misspelt_recipe_is_recognised() -> None:
    with pytest.raises(SettingsError, match=r"no recipe 'codeio-pp', did you mean codeio_pp\?"):
        load_recipe("codeio-pp")


def test_a_day_is_read_as_yaml_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nsince: 2026-01-31\n")
    assert load_recipe(str(path)).since == "2026-01-31"


def test_licences_of_a_recipe_have_the_form_of_those_of_files() -> None:
    recipe = parse_recipe({"name": "x", "licences": ["mit", "apache-2.0 or ISC", "NOASSERTION"]})
    assert recipe.licences == ("MIT", "Apache-2.0 OR ISC", "NOASSERTION")


@pytest.mark.parametrize("value", [None, 3, ["name"], {}, {"turns": 1}])
def test_a_recipe_without_a_name_is_refused(value: Json) -> None:
    with pytest.raises(SettingsError, match="not a mapping with a name"):
        parse_recipe(value)


def test_a_recipe_survives_its_own_form() -> None:
    found = parse_recipe({"name": "codeio", "turns": 1, "separator": "\n---\n"})
    assert parse_recipe(found.model_dump(mode="json")) == found


def test_shipped_recipes_bear_the_names_of_their_files() -> None:
    assert len(shipped_names()) == 15
    for name in shipped_names():
        assert load_recipe(name).name == name


def test_a_recipe_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nturns: 1\nquestions: 2\n")
    assert load_recipe(str(path)) == recipe(name="mine", turns=1, questions=2)
    path.write_text("name: [mine")
    with pytest.raises(SettingsError, match=r"mine\.yaml is not YAML"):
        load_recipe(str(path))
    with pytest.raises(SettingsError, match="cannot be read"):
        load_recipe(str(tmp_path / "absent.yaml"))
    with pytest.raises(SettingsError, match="there is no recipe 'absent'"):
        load_recipe("absent")


def test_the_run_does_not_change_the_content(make_row: Make) -> None:
    other = make_row(1, answer_run_id="run 1", sandbox_image_digest="sha256:other")
    assert content_of(recipe(), other) == content_of(recipe(), make_row(1))


@pytest.mark.parametrize(
    "change",
    [{"turn_1": "other"}, {"verdict_1": "correct"}, {"split": "validation"}, {"licence": "BSD"},
     {"output": [1, 0]}, TWO_TURNS, {"source_path": "b.py"}],
)  # fmt: skip
def test_every_other_column_changes_the_content(make_row: Make, change: dict[str, object]) -> None:
    assert content_of(recipe(), make_row(**change)) != content_of(recipe(), make_row())


def test_the_recipe_and_the_number_of_rows_are_content(make_row: Make) -> None:
    rows = [make_row(1), make_row(2)]
    hashes = {
        content_of(recipe(), *rows),
        content_of(recipe(), *reversed(rows)),
        content_of(recipe(turns=1), *rows),
        content_of(recipe(), *rows[:1]),
        content_of(recipe()),
    }
    assert len(hashes) == 5


def test_where_a_sample_comes_from_is_not_among_what_is_hashed_once(make_row: Make) -> None:
    moved = make_row(source_path="b.py", licence="BSD", split="validation", source_version="2")
    assert text_sha256(moved) == text_sha256(make_row())
    assert text_sha256(make_row(turn_1="other")) != text_sha256(make_row())


def test_training_texts_join_what_there_is(make_row: Make) -> None:
    one, two = make_row(), make_row(**TWO_TURNS)
    assert training_text(recipe(turns=1), two) == "first"
    assert training_text(recipe(separator="|"), one) == "first|Wrong."
    assert training_text(recipe(separator="|"), two) == "first|Wrong.|second|Right."


@given(VALUES)
def test_inputs_and_outputs_come_back_from_parquet(make_row: Make, value: Json) -> None:
    import pyarrow.parquet as pq

    row = make_row(input={"v": value}, output=value)
    files = export_files([row])
    (found,) = pq.read_table(io.BytesIO(files["data/train-00000.parquet"])).to_pylist()
    assert parse(found["input"]) == {"v": value}
    # repr tells 1 from 1.0 and from true.
    assert repr(parse(found["output"])) == repr(value)
    assert found["sample_id"] == str(row.sample_id) and found["turn_2"] is None


def test_rows_are_written_in_the_order_given(make_row: Make) -> None:
    files = export_files(
        [make_row(n, split="validation" if n % 3 == 0 else "train") for n in range(9)]
    )
    assert sorted(files) == [
        f"{kind}/{split}-00000.{suffix}"
        for kind, suffix in (("chat", "jsonl"), ("data", "parquet"), ("turns", "jsonl"))
        for split in ("train", "validation")
    ]
    lines = [json.loads(line) for line in files["chat/validation-00000.jsonl"].splitlines()]
    assert [line["sample_id"] for line in lines] == [str(UUID(int=n)) for n in (0, 3, 6)]
    assert [turn["role"] for turn in lines[0]["messages"]] == ["user", "assistant"]


def test_a_split_without_samples_has_no_file(make_row: Make) -> None:
    assert not [path for path in export_files([make_row()]) if "validation" in path]


@given(st.binary(), st.binary())
def test_a_file_entry_tells_contents_apart(one: bytes, two: bytes) -> None:
    assert (FileEntry.of("a", one) == FileEntry.of("a", two)) == (one == two)


def test_a_manifest_survives_its_own_form_and_is_checked() -> None:
    manifest = Manifest(
        name="n", version=1, content_sha256="0", samples=1, recipe=recipe(), code_version="0",
        files=(FileEntry.of("a", b"a"),),
    )  # fmt: skip
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    with pytest.raises(ValidationError):
        Manifest.model_validate_json('{"name": "n"}')


def _card(rows: list[SampleText], gates: list[StoredResult]) -> str:
    release = Release(
        release_id=UUID(int=1), name="codeio_pp", version=3, recipe={}, content_sha256="0",
        status="candidate", samples=len(rows), funnel=[],
        teachers=[{"id": str(UUID(int=2)), "name": "m at h", "share": 1.0}],
        uri="", manifest_sha256="",
        created_at=datetime(2026, 1, 1, tzinfo=UTC), published_at=None,
    )  # fmt: skip
    statistics = Statistics()
    list(statistics.counted(training_row(recipe(), row) for row in rows))
    return dataset_card(
        CardFacts(
            release=release, recipe=recipe(), statistics=statistics, gates=gates, leaks=[],
            costs=[], overrides=[], plots=[],
        )
    )  # fmt: skip


def test_the_card_has_a_header_that_machines_read(make_row: Make) -> None:
    _, header, body = _card([make_row(1), make_row(2)], []).split("---\n", 2)
    found = yaml.safe_load(header)
    assert found["license"] == "mit"
    assert found["size_categories"] == ["n<1K"]
    splits = found["configs"][0]["data_files"]
    assert splits == [{"split": "train", "path": "data/train-*.parquet"}]
    assert body.strip().startswith("# codeio_pp v3")
    mixed = _card([make_row(1), make_row(2, licence="Apache-2.0")], [])
    assert yaml.safe_load(mixed.split("---\n", 2)[1])["license"] == "other"


def test_the_card_counts_and_shows_the_gates(make_row: Make) -> None:
    gate = StoredResult(
        gate_result_id=UUID(int=1),
        gate="leakage",
        severity="hard",
        passed=True,
        metric="hits",
        value=0,
        threshold=0,
        evidence={},
    )
    card = _card([make_row(1), make_row(2, **TWO_TURNS)], [gate])
    assert "| MIT | 2 |" in card
    assert "| output | 1 | wrong | 2 |" in card and "| output | 2 | correct | 1 |" in card
    assert "| m at h | 2 | 100.00% |" in card
    assert "| leakage | hits | 0 | 0 | passed |" in card


def test_no_text_of_a_source_breaks_a_table_of_the_card(make_row: Make) -> None:
    card = _card([make_row(source_locator="a|b\n| c |")], [])
    (line,) = [line for line in card.splitlines() if "pypi:" in line]
    assert line.replace("\\|", "").count("|") == 3
