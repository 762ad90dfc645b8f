"""The settings of the platform, and the only reader of the environment.

Every setting is an environment variable; the embedded stack writes those it decides
(addresses, passwords) to `<home>/stack.env`, which is read after the environment.
Containers get their secrets as files, which are read last.
"""

import os
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as NotReadable

from codeio_ops.errors import SettingsError

OFFLINE_MODEL = "offline-trace-v1"


def home_directory() -> Path:
    """Return the directory that holds all local state (`CODEIO_HOME`, default `.codeio`)."""
    return Path(os.environ.get("CODEIO_HOME", ".codeio")).absolute()


class Settings(BaseSettings):
    """Settings of one process; frozen, passed in, never read from a global.

    Attributes:
        home: Directory of all local state.
        database_url: Postgres as the role that writes facts (`codeio_app`).
        auditor_database_url: Postgres as the role that only reads (`codeio_auditor`).
        owner_database_url: Postgres as the role that migrates.
        s3_endpoint_url: S3 endpoint; empty means the AWS default.
        s3_access_key: Key id of the bucket's user.
        s3_secret_key: Secret of the bucket's user.
        s3_region: Region that requests are signed for.
        s3_bucket: Bucket of blob packs and releases.
        docker_host: Docker engine that runs the sandbox; empty means the local one.
        docker_cert_path: Directory of `ca.pem`, `cert.pem` and `key.pem`, for an engine with TLS.
        sandbox_image: Image reference of the sandbox.
        sandbox_runtime: Container runtime (`runc`, or `runsc` for gVisor).
        sandbox_workers: Containers that run jobs at the same time in one process.
        teacher_url: Base URL of the embedded offline teacher.
        teacher_key: Bearer token of the embedded offline teacher.
        openai_base_url: Base URL of any OpenAI-compatible endpoint; with this or
            `openai_api_key` set, the endpoint replaces the offline teacher.
        openai_api_key: Bearer token of that endpoint.
        model: Model id sent with each request.
        teacher_concurrency: Requests in flight at the same time.
        teacher_timeout_s: Seconds a request may take.
        teacher_requests_per_minute: Requests that all processes together may send in a minute;
            0 is no limit.
        teacher_tokens_per_minute: Tokens, read and written, that they may use in a minute; 0 is
            no limit.
        teacher_retries: Further tries of a request that met a passing fault.
        teacher_tries: Runs of a stage in which a request may fail at every try, while the
            endpoint answers others, before its row is dropped.
        teacher_stream: Whether replies are streamed.
        teacher_truncated: What becomes of a reply that reached `max_tokens`: `drop` the row, or
            `keep` the text, which is then judged like any other.
        max_tokens_field: Name under which the endpoint wants `max_tokens`.
        price_input_usd: Price of a million tokens read, over the price table.
        price_output_usd: Price of a million tokens written, over the price table.
        budget_run_usd: What one run may spend on teachers; 0 is no limit.
        budget_month_usd: What a calendar month (UTC) may spend on teachers; 0 is no limit.
        teacher_batch: Whether requests go through the endpoint's Batch API.
        teacher_batch_requests: Requests in one batch at most.
        teacher_batch_rounds: Batches that a failed request is sent with at most.
        teacher_batch_poll_s: Seconds between two looks at a batch.
        transform_mode: Who transforms: `teacher` is the teacher in use, `mixed` is the offline
            teacher first and the teacher in use for the files it refuses.
        local_model_path: GGUF file that `codeio teacher local` serves.
        local_model_sha256: sha256 of that file, in hex.
        revision_policy: Which wrong answers are revised: `one_turn`, `none`, or
            `by_expected_gain`.
        revision_turns: Revisions of one answer at most, under `by_expected_gain`.
        revision_min_gain_per_usd: Repaired answers a dollar must be expected to buy, under
            `by_expected_gain`.
        temperature: Sampling temperature of every request.
        max_tokens: Longest reply in tokens.
        max_draws: Inputs drawn from a program's generator at most.
        pairs_per_program: Distinct input/output pairs wanted of a program.
        min_pairs: Fewest pairs a program may have.
        prompted_pairs: Pairs of a program that become prompts, each in both directions.
        sample_cpu_s: CPU seconds one call may use while pairs are sampled.
        call_cpu_s: CPU seconds one call may use while answers are verified.
        min_file_bytes: Smaller raw files are dropped.
        max_file_bytes: Larger raw files are dropped.
        shard_rows: Rows of one mapped task.
        licences: JSON array of the SPDX ids that may enter. Empty takes every file in, and lets
            permissive licences into a release.
        allow_unknown_licence: Whether a file whose licence nobody knows may enter one.
        quarantine_leaks: Whether sources that leak a benchmark leave the pipeline; without
            it the leakage gate is all that keeps them out of a release.
        quarantine_private: Whether files whose samples hold a secret or personal data leave
            the pipeline; without it the gates are all that keeps them out.
        audited_pairs: Pairs of a release that the determinism audit runs again.
    """

    model_config = SettingsConfigDict(
        env_prefix="CODEIO_", frozen=True, extra="ignore", populate_by_name=True
    )

    home: Path = Field(default_factory=home_directory)

    database_url: SecretStr = SecretStr("")
    auditor_database_url: SecretStr = SecretStr("")
    owner_database_url: SecretStr = SecretStr("")

    s3_endpoint_url: str = ""
    s3_access_key: SecretStr = SecretStr("")
    s3_secret_key: SecretStr = SecretStr("")
    s3_region: str = "us-east-1"
    s3_bucket: str = "codeio"

    docker_host: str = Field(
        default="", validation_alias=AliasChoices("DOCKER_HOST", "CODEIO_DOCKER_HOST")
    )
    docker_cert_path: str = Field(
        default="", validation_alias=AliasChoices("DOCKER_CERT_PATH", "CODEIO_DOCKER_CERT_PATH")
    )
    sandbox_image: str = "codeio-sandbox:latest"
    sandbox_runtime: str = "runc"
    sandbox_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)

    teacher_url: str = ""
    teacher_key: SecretStr = SecretStr("")
    openai_base_url: str = Field(
        default="", validation_alias=AliasChoices("OPENAI_BASE_URL", "CODEIO_OPENAI_BASE_URL")
    )
    openai_api_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("OPENAI_API_KEY", "CODEIO_OPENAI_API_KEY"),
    )
    model: str = OFFLINE_MODEL
    teacher_concurrency: int = Field(default=16, ge=1)
    teacher_timeout_s: float = Field(default=300.0, gt=0)
    teacher_requests_per_minute: int = Field(default=0, ge=0)
    teacher_tokens_per_minute: int = Field(default=0, ge=0)
    teacher_retries: int = Field(default=5, ge=0)
    teacher_tries: int = Field(default=3, ge=1)
    teacher_stream: bool = False
    teacher_truncated: Literal["drop", "keep"] = "drop"
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    price_input_usd: Decimal | None = Field(default=None, ge=0)
    price_output_usd: Decimal | None = Field(default=None, ge=0)
    budget_run_usd: Decimal = Field(default=Decimal(0), ge=0)
    budget_month_usd: Decimal = Field(default=Decimal(0), ge=0)
    teacher_batch: bool = False
    teacher_batch_requests: int = Field(default=5000, ge=1, le=50_000)
    teacher_batch_rounds: int = Field(default=3, ge=1)
    teacher_batch_poll_s: float = Field(default=60.0, gt=0)
    transform_mode: Literal["teacher", "mixed"] = "teacher"
    local_model_path: Path | None = None
    local_model_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    revision_policy: Literal["one_turn", "none", "by_expected_gain"] = "one_turn"
    revision_turns: int = Field(default=1, ge=1, le=5)
    revision_min_gain_per_usd: float = Field(default=0.0, ge=0)
    temperature: float = Field(default=0.7, ge=0)
    max_tokens: int = Field(default=4096, ge=1)

    max_draws: int = Field(default=1000, ge=1)
    pairs_per_program: int = Field(default=10, ge=1)
    min_pairs: int = Field(default=2, ge=1)
    prompted_pairs: int = Field(default=3, ge=1)
    sample_cpu_s: float = Field(default=2.0, gt=0)
    call_cpu_s: float = Field(default=5.0, gt=0)

    min_file_bytes: int = 64
    max_file_bytes: int = 100_000
    shard_rows: int = Field(default=100, ge=1)
    licences: tuple[str, ...] = ()
    allow_unknown_licence: bool = True
    quarantine_leaks: bool = True
    quarantine_private: bool = True
    audited_pairs: int = Field(default=200, ge=1)

    @classmethod
    def load(cls, home: Path | None = None) -> "Settings":
        """Read the environment, below it `stack.env` in the home directory, below it secret files.

        A secret file bears the name of its variable in lower case (`codeio_database_url`);
        they lie in `CODEIO_SECRETS_DIR`, by default where containers mount them.

        Raises:
            SettingsError: a value cannot be read, or is not one that the setting may have.
        """
        home = home or home_directory()
        secrets = Path(os.environ.get("CODEIO_SECRETS_DIR", "/run/secrets"))
        try:
            return cls(
                _env_file=home / "stack.env",
                _secrets_dir=secrets if secrets.is_dir() else None,
                home=home,
            )
        except ValidationError as exc:
            raise _refused(exc) from exc
        except NotReadable as exc:
            raise SettingsError(str(exc), cure='Write a list as JSON: ["MIT", "ISC"].') from exc

    def replaced(self, values: Mapping[str, object]) -> "Settings":
        """Return these settings with other values, which are read as those of variables are.

        Raises:
            SettingsError: a value cannot be read, or is not one that the setting may have.
        """
        try:
            return self.model_validate({**self.model_dump(), **values})
        except ValidationError as exc:
            raise _refused(exc) from exc

    @property
    def runs_offline_teacher(self) -> bool:
        """Whether the embedded teacher is asked for anything."""
        return self.uses_offline_teacher or self.transform_mode == "mixed"

    @property
    def most_revisions(self) -> int:
        """Revisions of one answer at most, under the policy in force."""
        return self.revision_turns if self.revision_policy == "by_expected_gain" else 1

    @cached_property
    def uses_offline_teacher(self) -> bool:
        """Whether no endpoint was named, so the embedded teacher answers."""
        return not (self.openai_base_url or self.openai_api_key.get_secret_value())

    @cached_property
    def teacher_base_url(self) -> str | None:
        """Base URL of the teacher in use; None is the OpenAI default."""
        return self.teacher_url if self.uses_offline_teacher else self.openai_base_url or None


def variable_of(field: str) -> str:
    """Return the name of the environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"CODEIO_{field.upper()}"


def _refused(exc: ValidationError) -> SettingsError:
    """Name the first setting that is wrong; its value may be a secret."""
    fault = exc.errors(include_url=False, include_context=False, include_input=False)[0]
    named = str(fault["loc"][0])
    variable = variable_of(named) if named in Settings.model_fields else named
    return SettingsError(
        f"{variable} has a value that it cannot have: {fault['msg']}",
        cure=f"Correct or unset {variable}; docs/settings.md says what it means.",
    )
