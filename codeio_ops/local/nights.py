"""What must run every night without being asked for, and whether it did."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from codeio_ops.errors import StackError
from codeio_ops.local.airflow_api import AirflowApi
from codeio_ops.storage.engine import Store

# The attack on the sandbox image, and the collection of garbage.
NIGHTLY = ("sandbox_canary", "maintenance")
# The attack takes minutes, after whatever runs in the sandbox.
GRACE = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """When an image was attacked last, and when the pipeline did its first work."""

    attacked_at: datetime | None
    begun_at: datetime | None

    def missed(self, *, now: datetime) -> datetime | None:
        """Return the last night by now, where nothing attacked the image in it."""
        day = (now - GRACE).astimezone(UTC)
        night = day.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.begun_at is None or self.begun_at > night:
            return None
        return night if self.attacked_at is None or self.attacked_at < night else None


def let_run(api: AirflowApi) -> None:
    """Let the nightly DAGs run that Airflow knows; new ones are not paused to begin with."""
    known = set(api.dag_ids())
    for dag_id in NIGHTLY:
        if dag_id in known:
            api.unpause_dag(dag_id)


def require_nights(api: AirflowApi, store: Store, image_digest: str, *, now: datetime) -> str:
    """Say when the image was attacked last.

    Raises:
        StackError: a nightly DAG is paused, or the last night was missed.
    """
    paused = [dag_id for dag_id in NIGHTLY if api.dag_state(dag_id).is_paused]
    if paused:
        raise StackError(f"{', '.join(paused)} paused", cure="Run `codeio up`, which lets it run.")
    (found,) = store.fetch("sandbox.attacked", Attacked, image_digest=image_digest)
    last = f"{found.attacked_at:%Y-%m-%d %H:%M} UTC" if found.attacked_at else "never"
    if night := found.missed(now=now):
        raise StackError(
            f"nothing attacked the sandbox image in the night of {night:%Y-%m-%d}; last: {last}",
            cure="Run `codeio sandbox attack --record`; leave the stack up at midnight (UTC).",
        )
    return f"sandbox image attacked last: {last}"
