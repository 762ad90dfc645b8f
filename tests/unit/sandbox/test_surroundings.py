"""No usual branch on the date goes the same way in the second set of surroundings."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from codeio_ops.sandbox.surroundings import other_moment, surroundings_under

OFFSET = timedelta(hours=3, minutes=30)
seconds = st.integers(1_577_836_800, 4_102_444_799)
moments = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
few = settings(max_examples=20, deadline=None)


@few
@given(moments)
def test_another_year_month_day_weekday_and_hour_in_both_time_zones(now: datetime) -> None:
    moment = other_moment(now, OFFSET)
    for seen in (moment, moment.astimezone(timezone(OFFSET))):
        assert seen.year != now.year
        assert seen.month != now.month
        assert seen.day != now.day
        assert (seen.weekday() < 5) != (now.weekday() < 5)
        assert (seen.hour < 12) != (now.hour < 12)
        assert (seen.minute % 2) != (now.minute % 2)


@few
@given(moments)
def test_the_other_moment_is_past_and_in_the_decade(now: datetime) -> None:
    assert timedelta(0) < now - other_moment(now, OFFSET) < timedelta(days=9 * 366)


def test_every_hash_seed_but_the_first_has_the_second_set() -> None:
    first, second = surroundings_under(0), surroundings_under(1)
    assert surroundings_under(7) == second
    assert (first.elsewhere, second.elsewhere) == (False, True)
    now = datetime.now(UTC)
    assert first.environment(now) == {}
    assert first.host_config == {}
    assert {"LD_PRELOAD", "FAKETIME", "TZ", "HOME", "TMPDIR"} <= second.environment(now).keys()
    assert first.hostname != second.hostname
