"""What the database selects is what the rules say, whatever the recipe asks for."""

from datetime import datetime
from random import Random
from uuid import UUID

import psycopg2
import pytest

from codeio_ops.config import Settings
from codeio_ops.fingerprint import content_id
from codeio_ops.reasons import DropReason
from codeio_ops.release.recipe import Recipe
from codeio_ops.release.select import Conversation, left_out
from codeio_ops.release.selection import Selection
from codeio_ops.release.teachers import Choice
from codeio_ops.storage.engine import Store
from support.facts import TEACHER, FactBuilder

from .conftest import PROGRAMS, Facts

OTHER = content_id("teacher", "other")
RECIPES = 120

# Half of the calls and answers are of another teacher, and nights, languages and repositories are
# several: so each rule has something to choose from.
VARIED = f"""
INSERT INTO codeio.teacher
SELECT (jsonb_populate_record(
    teacher, jsonb_build_object('teacher_id', '{OTHER}', 'model', 'other')
)).*
FROM codeio.teacher;
UPDATE codeio.teacher_call SET teacher_id = '{OTHER}'
WHERE get_byte(uuid_send(subject_id), 2) % 2 = 0;
UPDATE codeio.response SET teacher_id = teacher_call.teacher_id
FROM codeio.teacher_call WHERE teacher_call.teacher_call_id = response.teacher_call_id;
UPDATE codeio.stage_run
SET partition_key = '2026-01-0' || 1 + get_byte(uuid_send(stage_run_id), 0) % 4;
UPDATE codeio.program SET language = 'java' WHERE get_byte(uuid_send(program_id), 5) % 3 = 0;
UPDATE codeio.raw_file_origin SET repository = 'maths'
WHERE get_byte(uuid_send(raw_file_id), 6) % 2 = 0;
"""
SAME_FILE = """
UPDATE codeio.program SET raw_file_id = other.raw_file_id
FROM codeio.program AS other WHERE other.program_id = %s AND program.program_id = %s
"""


@pytest.fixture
def varied(facts: Facts, settings: Settings) -> Facts:
    for number in range(PROGRAMS, 2 * PROGRAMS):
        facts.write(number)
    builder = FactBuilder(facts.writer.run.stage_run_id)
    [file, *_] = (row.raw_file_id for row in conversations(facts.store))
    builder.drop(file, stage="dedup", reason=DropReason.DUPLICATE)
    facts.writer.write(builder.records)
    url = settings.owner_database_url.get_secret_value().replace("+psycopg2", "")
    link = psycopg2.connect(url)
    with link, link.cursor() as cursor:
        cursor.execute(VARIED)
        for number in range(PROGRAMS):
            pair = (content_id("program", number), content_id("program", number + PROGRAMS))
            cursor.execute(SAME_FILE, [str(program) for program in pair])
    link.close()
    return facts


def conversations(store: Store) -> list[Conversation]:
    return store.fetch("release.conversations", Conversation)


def sample_id(one: Conversation) -> UUID:
    second = str(one.second_verdict_id) if one.second_verdict_id else None
    return content_id("sample", str(one.prompt_id), str(one.first_verdict_id), second)


def by_the_rules(choice: Choice, found: list[Conversation]) -> set[UUID]:
    by_them = [
        one
        for one in found
        if one.teacher_id in choice.teachers and one.transformer_id in choice.transformers
    ]
    latest: dict[tuple[UUID, UUID], tuple[datetime, UUID]] = {}
    for one in by_them:
        key, age = (one.raw_file_id, one.teacher_id), (one.program_made_at, one.program_id)
        latest[key] = max(latest.get(key, age), age)
    return {
        sample_id(one)
        for one in by_them
        if latest[one.raw_file_id, one.teacher_id][1] == one.program_id
        and left_out(choice, one) is None
    }


def some_recipe(chance: Random) -> Recipe:
    """Return a recipe of which each field may be at its default."""
    fields: dict[str, list[object]] = {
        "turns": [1, 2],
        "directions": [("input",), ("output",)],
        "share": [0.5, 0.9],
        "questions": [1, 3],
        "wrong": ["drop"],
        "order": ["curriculum"],
        "teachers": ["any", str(OTHER)],
        "transformed_by": [str(TEACHER), str(OTHER)],
        "sources": [("jsonl:rows.jsonl",), ("algorithms==1.0.1", "pypi:none")],
        "repositories": [("maths",)],
        "licences": [("MIT",), ("Apache-2.0", "MIT")],
        "languages": [("java",)],
        "since": ["2026-01-03"],
        "files": ["ever"],
    }
    asked = {
        name: chance.choice(values) for name, values in fields.items() if chance.random() < 0.3
    }
    return Recipe.model_validate({"name": "random", **asked})


def selected(choice: Choice, store: Store) -> set[UUID]:
    with store.transaction() as transaction:
        return set(Selection.take(choice, transaction).ids())


def test_the_database_selects_by_the_rules(varied: Facts) -> None:
    store, chance = varied.store, Random(0)
    found = conversations(store)
    sizes = set()
    for _ in range(RECIPES):
        choice = Choice.of(some_recipe(chance), {TEACHER}, store)
        taken = selected(choice, store)
        assert taken == by_the_rules(choice, found), choice.recipe
        sizes.add(len(taken))
    assert len(sizes) > 20
