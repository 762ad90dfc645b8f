"""Counters of rows, sent where Airflow's own metrics settings say; by default nowhere."""

from collections.abc import Mapping

from airflow.sdk.observability import stats


def count_rows(stage: str, counts: Mapping[str, int]) -> None:
    """Add what a task did to `rows.<stage>.<outcome>`."""
    for outcome, rows in counts.items():
        stats.incr(f"rows.{stage}.{outcome}", count=rows)
