"""What every setting is called, means and decides, and what it is without being set."""

import inspect
import re
from dataclasses import dataclass

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from codeio_ops.config import Settings, variable_of

DECIDING = frozenset(
    {
        "allow_unknown_licence",
        "audited_pairs",
        "call_cpu_s",
        "licences",
        "local_model_sha256",
        "max_draws",
        "max_file_bytes",
        "max_tokens",
        "min_file_bytes",
        "min_pairs",
        "model",
        "pairs_per_program",
        "price_input_usd",
        "price_output_usd",
        "prompted_pairs",
        "quarantine_leaks",
        "quarantine_private",
        "revision_min_gain_per_usd",
        "revision_policy",
        "revision_turns",
        "sample_cpu_s",
        "teacher_retries",
        "teacher_timeout_s",
        "teacher_tries",
        "teacher_truncated",
        "temperature",
        "transform_mode",
    }
)
"""Settings that decide what is made, dropped or charged; every fact names their fingerprint."""

OPERATIONAL = frozenset(
    {
        "auditor_database_url",
        "budget_month_usd",
        "budget_run_usd",
        "database_url",
        "docker_cert_path",
        "docker_host",
        "home",
        "local_model_path",
        "max_tokens_field",
        "openai_api_key",
        "openai_base_url",
        "owner_database_url",
        "s3_access_key",
        "s3_bucket",
        "s3_endpoint_url",
        "s3_region",
        "s3_secret_key",
        "sandbox_image",
        "sandbox_runtime",
        "sandbox_workers",
        "shard_rows",
        "teacher_batch",
        "teacher_batch_poll_s",
        "teacher_batch_requests",
        "teacher_batch_rounds",
        "teacher_concurrency",
        "teacher_key",
        "teacher_requests_per_minute",
        "teacher_stream",
        "teacher_tokens_per_minute",
        "teacher_url",
    }
)
"""The others: secrets, addresses, degrees of parallelism, pace and the road a request takes.

The endpoint's host and the digest of the sandbox image are stored with the facts themselves, and
what a budget stops stays pending.
"""

_MEANING = re.compile(r"^ {4}(\w+): (.+?)(?=^ {4}\w+: |\Z)", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`(\w+)`")
# Defaults that depend on where a process runs.
_COMPUTED = {"home": ".codeio", "sandbox_workers": "one per CPU"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingLine:
    """One setting.

    Attributes:
        variable: Name of its environment variable.
        default: Its value when it is not set, as one would write it; empty for none.
        meaning: What it is.
        deciding: Whether it decides what is made, dropped or charged.
    """

    variable: str
    default: str
    meaning: str
    deciding: bool


def setting_lines() -> tuple[SettingLine, ...]:
    """Return every setting, in the order of the class."""
    meanings = dict(_MEANING.findall(inspect.getdoc(Settings) or ""))
    return tuple(
        SettingLine(
            variable=variable_of(name),
            default=_default(name, field),
            meaning=_NAMED.sub(_as_variable, " ".join(meanings[name].split())),
            deciding=name in DECIDING,
        )
        for name, field in Settings.model_fields.items()
    )


def _as_variable(found: re.Match[str]) -> str:
    return f"`{variable_of(found[1])}`" if found[1] in Settings.model_fields else found[0]


def _default(name: str, field: FieldInfo) -> str:
    if name in _COMPUTED:
        return _COMPUTED[name]
    match field.default:
        case None | SecretStr() | ():
            return ""
        case bool(value):
            return str(value).lower()
        case value:
            return str(value)
