"""What all DAGs share: retries by class of error, pools, and how runs follow each other."""

from datetime import timedelta
from typing import Any

from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule

from codeio_ops.errors import TerminalError, TransientError

# Slots of these pools cap what runs at the same time on the whole installation.
SANDBOX_POOL = "sandbox"
TEACHER_POOL = "llm"

# How long a person has to override a soft gate; then the release is rejected.
OVERRIDE_TIMEOUT = timedelta(hours=12)

# Tasks that can run at the same time; a stage with work is cut into as many shards at least.
PARALLEL_SHARDS = 2

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "codeio",
    "retries": 3,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception=TerminalError,
                action=RetryAction.FAIL,
                reason="a person must change something first",
            ),
            RetryRule(
                exception=TransientError,
                action=RetryAction.RETRY,
                reason="the same call may succeed later",
            ),
        ]
    ),
}

# One run at a time: the shards of two runs would take the same pending rows. There is no start
# date: with one, a DAG that is let run for the first time would also run for the last night.
DAG_DEFAULTS: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1,
    "default_args": DEFAULT_ARGS,
    "tags": ["codeio"],
}
