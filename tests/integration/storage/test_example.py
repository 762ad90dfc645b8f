"""The migration of CONTRIBUTING makes a table as the platform wants its tables."""

from pathlib import Path

import psycopg2

from codeio_ops.config import Settings

MIGRATION = Path(__file__).parents[3] / "docs" / "examples" / "migration.sql"
UNDOCUMENTED = """
SELECT attname FROM pg_attribute
WHERE attrelid = 'codeio.program_note'::regclass AND attnum > 0
    AND col_description(attrelid, attnum) IS NULL
"""
UNNAMED = """
SELECT conname FROM pg_constraint
WHERE conrelid = 'codeio.program_note'::regclass AND conname NOT LIKE 'program_note_%'
"""


def test_the_example_migrates_a_database(settings: Settings) -> None:
    url = settings.owner_database_url.get_secret_value().replace("+psycopg2", "")
    link = psycopg2.connect(url)
    with link, link.cursor() as cursor:
        cursor.execute(MIGRATION.read_text())
        for question in (UNDOCUMENTED, UNNAMED):
            cursor.execute(question)
            assert cursor.fetchall() == []
    link.close()
