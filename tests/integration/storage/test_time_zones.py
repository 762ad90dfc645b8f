"""A night is a day of UTC, whatever the clock of who asks says."""

import pytest
from sqlalchemy import NullPool, create_engine, text

from codeio_ops.config import Settings

# Where it is the next day, the same, and the one before.
ZONES = ("Pacific/Chatham", "UTC", "Pacific/Pago_Pago")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("began", ["2026-01-31T00:30:00+00:00", "2026-01-31T23:30:00+00:00"])
def test_a_night_is_the_same_in_every_session(settings: Settings, zone: str, began: str) -> None:
    engine = create_engine(
        settings.auditor_database_url.get_secret_value(),
        connect_args={"options": f"-c timezone={zone}"},
        poolclass=NullPool,
    )
    question = text(
        "SELECT current_setting('timezone'), codeio.night_of("
        "jsonb_populate_record(NULL\\:\\:codeio.stage_run, jsonb_build_object("
        "'partition_key', '', 'started_at', cast(:began AS text))))"
    )
    with engine.connect() as connection:
        assert connection.execute(question, {"began": began}).one() == (zone, "2026-01-31")
