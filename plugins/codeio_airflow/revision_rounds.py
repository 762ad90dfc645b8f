"""Builds the tasks that revise wrong answers, as often as the settings allow."""

from airflow.sdk import XComArg, chain

from codeio_airflow import stages
from codeio_airflow.connections import configured_settings
from codeio_airflow.defaults import SANDBOX_POOL, TEACHER_POOL
from codeio_airflow.shard_tasks import sharded_stage


def revision_rounds(verified: XComArg) -> XComArg:
    """Return the task that verifies the last revisions; `verified` judges the first answers."""
    for number in range(1, configured_settings().most_revisions + 1):
        suffix = f"_{number}" if number > 1 else ""
        plan_revise, revised = sharded_stage(
            "revise", stages.revise, pool=TEACHER_POOL, task_id=f"revise{suffix}"
        )
        plan_verify, again = sharded_stage(
            "verify", stages.verify, pool=SANDBOX_POOL, task_id=f"verify_revisions{suffix}"
        )
        chain(verified, plan_revise)
        chain(revised, plan_verify)
        verified = again
    return verified
