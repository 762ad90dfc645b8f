"""What all DAGs share: retries by class of error, pools, and how runs follow each other."""

from datetime import timedelta
from typing import Any, get_args

from airflow.sdk import Param
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.execution_time.hitl import HITLUser

from codeio_airflow.connections import configured_settings
from codeio_airflow.failures import deadline, report_failure, report_retry
from codeio_ops.config import AnswerScope, TransformScope
from codeio_ops.errors import TerminalError, TransientError

# How long a person has to override a soft gate; then the release is rejected.
OVERRIDE_TIMEOUT = timedelta(hours=12)
# Who may; None is whoever may act on the task.
OVERRIDERS = [HITLUser(id=name, name=name) for name in configured_settings().overriders] or None

# Tasks that can run at the same time; a stage with work is cut into as many shards at least.
PARALLEL_SHARDS = 2

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "codeio",
    "retries": 3,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(seconds=configured_settings().task_timeout_s),
    "on_failure_callback": report_failure,
    "on_retry_callback": report_retry,
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
    "deadline": deadline(),
    "default_args": DEFAULT_ARGS,
    "tags": ["codeio"],
}

# A run that waits for a person holds no other up, so several may be open.
RELEASE_DEFAULTS: dict[str, Any] = {
    **DAG_DEFAULTS,
    "max_active_runs": 16,
    "deadline": deadline(OVERRIDE_TIMEOUT),
}

MODEL = Param(
    "",
    type="string",
    title="Teacher's model",
    description="Model id sent with each request of this run; empty takes CODEIO_MODEL.",
)

# Of the DAGs whose stages are cut into shards; see `shard_tasks`.
LIMITS: dict[str, Param] = {
    "limit": Param(
        0,
        type="integer",
        minimum=0,
        title="Rows a stage takes",
        description="About how many rows a stage takes that asks a teacher, or that does stale "
        "rows again; the rest waits. 0 takes all.",
    ),
    "dry_run": Param(
        False,
        type="boolean",
        title="Only say what is pending",
        description="Each plan task logs how many rows wait for its stage, and nothing is done.",
    ),
    "budget": Param(
        0,
        type="number",
        minimum=0,
        title="Budget in US dollars",
        description="What this run may spend on the teacher; 0 takes CODEIO_BUDGET_RUN_USD.",
    ),
    "model": MODEL,
}

# Of the DAG that answers, beside LIMITS: whom the teacher is asked about.
ANSWER_SCOPE: dict[str, Param] = {
    "scope": Param(
        "",
        enum=["", *get_args(AnswerScope)],
        title="Which prompts",
        description="What the teacher is asked; empty takes CODEIO_ANSWER_SCOPE.",
    ),
    "source": Param(
        "",
        type="string",
        title="Of which source",
        description="Its locator, kind:locator or id; empty takes CODEIO_ANSWER_SOURCES.",
    ),
    "since": Param(
        "",
        type="string",
        title="Of files since the night",
        description="As YYYY-MM-DD; empty takes CODEIO_ANSWER_SINCE.",
    ),
    "share": Param(
        0,
        type="number",
        minimum=0,
        maximum=1,
        title="Share of the prompts",
        description="From 0 to 1, by a hash of each; 0 takes CODEIO_ANSWER_SHARE.",
    ),
}

# Of the DAG that transforms, beside LIMITS.
TRANSFORM_SCOPE: dict[str, Param] = {
    "transform_scope": Param(
        "",
        enum=["", *get_args(TransformScope)],
        title="Which files",
        description="What the teacher is to transform; empty takes CODEIO_TRANSFORM_SCOPE.",
    ),
}

# Of the DAG that releases.
RELEASED: dict[str, Param] = {
    "recipe": Param(
        "",
        type=["string", "object"],
        title="Recipe",
        description="Name of a shipped recipe (`codeio release recipes`), or the fields of one; "
        "empty takes each of CODEIO_RECIPES_NIGHTLY.",
    ),
    "new_recipe": Param(
        False,
        type="boolean",
        title="New recipe",
        description="Whether it may go on with a name that another recipe has.",
    ),
    "model": MODEL,
    "current": Param(
        [],
        type="array",
        items={"type": "string"},
        description="Ids of the teachers that `current` in the recipe means; empty is the one that "
        "`model` or the settings name.",
    ),
}
