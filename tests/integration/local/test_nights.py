"""What must run every night is let run, and a night that was missed is named."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from codeio_ops.config import Settings
from codeio_ops.errors import StackError
from codeio_ops.local import nights
from codeio_ops.local.airflow_api import AirflowApi
from codeio_ops.local.nights import Attacked, let_run, require_nights
from codeio_ops.sandbox.approval import record_outcomes
from codeio_ops.storage.engine import Store
from codeio_ops.storage.runs import FactWriter, TaskIdentity, stage_run
from support.airflow import FakeAirflow

DAY = timedelta(days=1)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def airflow() -> Iterator[FakeAirflow]:
    with FakeAirflow() as running:
        yield running


@pytest.fixture
def api(airflow: FakeAirflow) -> Iterator[AirflowApi]:
    with AirflowApi(airflow.url, "admin", "x") as api:
        yield api


def test_a_night_that_passed_without_an_attack_is_named(
    api: AirflowApi, store: Store, settings: Settings
) -> None:
    run = stage_run("canary", TaskIdentity(dag_id="d", run_id="r", task_id="t"), settings)
    now = datetime.now(UTC)
    assert require_nights(api, store, "image", now=now).endswith("never")
    record_outcomes([], image_digest="image", writer=FactWriter(store, run))
    assert f"{now:%Y-%m-%d}" in require_nights(api, store, "image", now=now)
    with pytest.raises(StackError, match="nothing attacked the sandbox image") as missed:
        require_nights(api, store, "image", now=now + 2 * DAY)
    assert "codeio sandbox attack --record" in missed.value.cure
    with pytest.raises(StackError, match="last: never"):
        require_nights(api, store, "another image", now=now + 2 * DAY)


def test_what_is_paused_is_named_until_it_is_let_run(
    airflow: FakeAirflow, api: AirflowApi, store: Store
) -> None:
    airflow.paused = {"maintenance", "ingest_code"}
    with pytest.raises(StackError, match=r"^maintenance paused"):
        require_nights(api, store, "image", now=NOON)
    let_run(api)
    assert airflow.paused == {"ingest_code"}
    assert require_nights(api, store, "image", now=NOON)


@pytest.mark.parametrize(
    ("attacked_ago", "begun_ago", "is_missed"),
    [
        (None, None, False),
        (None, timedelta(hours=3), False),
        (None, DAY, True),
        (DAY, 2 * DAY, True),
        (timedelta(hours=11), 2 * DAY, False),
    ],
)
def test_a_night_counts_from_midnight_and_only_for_what_was_there(
    attacked_ago: timedelta | None, begun_ago: timedelta | None, is_missed: bool
) -> None:
    def ago(span: timedelta | None) -> datetime | None:
        return None if span is None else NOON - span

    found = Attacked(attacked_at=ago(attacked_ago), begun_at=ago(begun_ago))
    assert (found.missed(now=NOON) is not None) == is_missed


def test_the_attack_of_this_night_has_time_to_end() -> None:
    midnight = NOON.replace(hour=0)
    found = Attacked(attacked_at=midnight - DAY, begun_at=midnight - 2 * DAY)
    assert found.missed(now=midnight + nights.GRACE - timedelta(minutes=1)) is None
    assert found.missed(now=midnight + nights.GRACE) == midnight
