"""Releases without services: recipes, rows, files, card, manifest, split."""

import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codeio_ops.errors import SettingsError
from codeio_ops.jsonvalue import Json, parse
from codeio_ops.quality.gates import StoredResult
from codeio_ops.release.assemble import Release, split_of
from codeio_ops.release.card import dataset_card
from codeio_ops.release.export import export_files, training_text
from codeio_ops.release.manifest import FileEntry, Manifest
from codeio_ops.release.recipe import Recipe, parse_recipe
from codeio_ops.release.rows import SampleText, content_sha256
from support.json_values import VALUES

Make = Callable[..., SampleText]
TWO_TURNS = {"turn_2": "second", "feedback_2": "Right.", "verdict_2": "correct"}


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"name": "Bad Name"}, "name"),
        ({"name": "../etc"}, "name"),
        ({"turns": 3}, "turns"),
        ({"validation_percent": 51}, "validation_percent"),
        ({"validation_percent": -1}, "validation_percent"),
        ({"nmae": "x"}, "nmae"),
    ],
)
def test_a_recipe_that_cannot_work_names_the_setting(values: dict[str, Json], place: str) -> None:
    with pytest.raises(SettingsError, match=f"the recipe is not valid: {place}"):
        parse_recipe(values)


def test_a_recipe_survives_its_own_form() -> None:
    recipe = parse_recipe({"name": "codeio", "turns": 1, "separator": "\n---\n"})
    assert parse_recipe(recipe.model_dump(mode="json")) == recipe


@given(st.uuids(), st.integers(0, 50), st.integers(0, 50))
def test_a_larger_validation_share_only_adds_programs(program: UUID, one: int, two: int) -> None:
    small, large = sorted((one, two))
    if split_of(program, Recipe(validation_percent=small)) == "validation":
        assert split_of(program, Recipe(validation_percent=large)) == "validation"
    assert split_of(program, Recipe(validation_percent=0)) == "train"


def test_about_the_share_asked_for_is_validation() -> None:
    draw = random.Random(7)
    programs = [UUID(int=draw.getrandbits(128)) for _ in range(2000)]
    held = sum(split_of(p, Recipe(validation_percent=20)) == "validation" for p in programs)
    assert 300 < held < 500


@given(st.permutations(range(6)))
def test_neither_order_nor_run_changes_the_content(make_row: Make, order: list[int]) -> None:
    rows = [make_row(n) for n in range(6)]
    others = [
        make_row(n, answer_run_id=f"run {n}", sandbox_image_digest="sha256:other") for n in order
    ]
    assert content_sha256(Recipe(), others) == content_sha256(Recipe(), rows)


@pytest.mark.parametrize(
    "change",
    [{"turn_1": "other"}, {"verdict_1": "correct"}, {"split": "validation"}, {"licence": "BSD"},
     {"output": [1, 0]}, TWO_TURNS, {"source_path": "b.py"}],
)  # fmt: skip
def test_every_other_column_changes_the_content(make_row: Make, change: dict[str, object]) -> None:
    assert content_sha256(Recipe(), [make_row(**change)]) != content_sha256(Recipe(), [make_row()])


def test_the_recipe_and_the_number_of_rows_are_content(make_row: Make) -> None:
    rows = [make_row(1), make_row(2)]
    hashes = {
        content_sha256(Recipe(), rows),
        content_sha256(Recipe(turns=1), rows),
        content_sha256(Recipe(), rows[:1]),
        content_sha256(Recipe(), []),
    }
    assert len(hashes) == 4


def test_training_texts_join_what_there_is(make_row: Make) -> None:
    one, two = make_row(), make_row(**TWO_TURNS)
    assert training_text(Recipe(turns=1), two) == "first"
    assert training_text(Recipe(separator="|"), one) == "first|Wrong."
    assert training_text(Recipe(separator="|"), two) == "first|Wrong.|second|Right."


@given(VALUES)
def test_inputs_and_outputs_come_back_from_parquet(make_row: Make, value: Json) -> None:
    import pyarrow.parquet as pq

    row = make_row(input={"v": value}, output=value)
    files = dict(export_files(Recipe(), [row]))
    (found,) = pq.read_table(io.BytesIO(files["data/train-00000.parquet"])).to_pylist()
    assert parse(found["input"]) == {"v": value}
    if not isinstance(value, str):
        assert found["output"] is None if value is None else parse(found["output"]) == value
    assert found["sample_id"] == str(row.sample_id) and found["turn_2"] is None


def test_the_same_rows_in_any_order_are_the_same_bytes(make_row: Make) -> None:
    rows = [make_row(n, split="validation" if n % 3 == 0 else "train") for n in range(9)]
    files = dict(export_files(Recipe(), rows))
    assert files == dict(export_files(Recipe(), rows[::-1]))
    assert sorted(files) == [
        f"{kind}/{split}-00000.{suffix}"
        for kind, suffix in (("chat", "jsonl"), ("data", "parquet"), ("turns", "jsonl"))
        for split in ("train", "validation")
    ]
    lines = [json.loads(line) for line in files["chat/validation-00000.jsonl"].splitlines()]
    assert [line["sample_id"] for line in lines] == [str(UUID(int=n)) for n in (0, 3, 6)]
    assert [turn["role"] for turn in lines[0]["messages"]] == ["user", "assistant"]


def test_a_split_without_samples_has_no_file(make_row: Make) -> None:
    assert not [path for path, _ in export_files(Recipe(), [make_row()]) if "validation" in path]


@given(st.binary(), st.binary())
def test_a_file_entry_tells_contents_apart(one: bytes, two: bytes) -> None:
    assert (FileEntry.of("a", one) == FileEntry.of("a", two)) == (one == two)


def test_a_manifest_survives_its_own_form_and_is_checked() -> None:
    manifest = Manifest(
        name="n", version=1, content_sha256="0", samples=1, recipe=Recipe(), code_version="0",
        files=(FileEntry.of("a", b"a"),),
    )  # fmt: skip
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    with pytest.raises(ValidationError):
        Manifest.model_validate_json('{"name": "n"}')


def _card(rows: list[SampleText], gates: list[StoredResult]) -> str:
    release = Release(
        release_id=UUID(int=1), name="codeio_pp", version=3, recipe={}, content_sha256="0",
        status="candidate", samples=len(rows), uri="", created_at=datetime(2026, 1, 1, tzinfo=UTC),
        published_at=None,
    )  # fmt: skip
    files = [FileEntry.of(path, content) for path, content in export_files(Recipe(), rows)]
    return dataset_card(release, Recipe(), rows, gates, files)


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
        gate="leakage", passed=True, metric="hits", value=0, threshold=0, evidence={}
    )
    card = _card([make_row(1), make_row(2, **TWO_TURNS)], [gate])
    assert "| MIT | 2 |" in card
    assert "| output, 1, wrong | 2 |" in card and "| output, 2, correct | 1 |" in card
    assert "| offline-trace: m | 2 |" in card
    assert "| leakage | hits | 0 | 0 | passed |" in card


def test_no_text_of_a_source_breaks_a_table_of_the_card(make_row: Make) -> None:
    card = _card([make_row(source_locator="a|b\n| c |")], [])
    (line,) = [line for line in card.splitlines() if "pypi:" in line]
    assert line.replace("\\|", "").count("|") == 3
