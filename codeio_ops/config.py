"""The settings of the platform, and the only reader of the environment.

Every setting is an environment variable; the embedded stack writes those it decides
(addresses, passwords) to `<home>/stack.env`, which is read after the environment.
Containers get their secrets as files, which are read last.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as NotReadable

from codeio_ops.errors import SettingsError

OFFLINE_MODEL = "offline-trace-v1"

AnswerScope = Literal["auto", "unanswered", "new", "none"]
TransformScope = Literal["missing", "stand_in"]
RevisionPolicy = Literal["one_turn", "none", "by_expected_gain"]


def home_directory() -> Path:
    """Return the directory that holds all local state (`CODEIO_HOME`, default `.codeio`)."""
    return Path(os.environ.get("CODEIO_HOME", ".codeio")).absolute()


class Acts(StrEnum):
    """On which rows a setting acts once it has another value."""

    NONE = "no row"
    NEW = "new rows"
    DROPPED = "new rows, and those it dropped"
    FILES = "all files of all sources, when they are read next"
    WAITING = "rows that wait"
    PROGRAMS = "all programs: a greater number asks more of each"
    FINISHED = "all rows, before the next release"
    RELEASES = "the next release"


@dataclass(frozen=True, slots=True)
class Deciding:
    """Marks a setting that decides what is made, dropped or charged.

    Every fact names the fingerprint of these. The others are secrets, addresses, degrees of
    parallelism, pace, and the road a request takes: the endpoint's host and the digest of the
    sandbox image are stored with the facts themselves, and what a budget stops stays pending.

    Attributes:
        acts: On which rows another value acts.
    """

    acts: Acts = Acts.NEW


class Settings(BaseSettings):
    """Settings of one process; frozen, passed in, never read from a global."""

    model_config = SettingsConfigDict(
        env_prefix="CODEIO_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    home: Path = Field(default_factory=home_directory)
    """Directory of all local state."""

    database_url: SecretStr = SecretStr("")
    """Postgres as the role that writes facts (`codeio_app`)."""
    auditor_database_url: SecretStr = SecretStr("")
    """Postgres as the role that only reads (`codeio_auditor`)."""
    owner_database_url: SecretStr = SecretStr("")
    """Postgres as the role that migrates."""

    s3_endpoint_url: str = ""
    """S3 endpoint; empty means the AWS default."""
    s3_access_key: SecretStr = SecretStr("")
    """Key id of the bucket's user."""
    s3_secret_key: SecretStr = SecretStr("")
    """Secret of the bucket's user."""
    s3_region: str = "us-east-1"
    """Region that requests are signed for."""
    s3_bucket: str = "codeio"
    """Bucket of blob packs and releases."""

    docker_host: str = Field(
        default="", validation_alias=AliasChoices("DOCKER_HOST", "CODEIO_DOCKER_HOST")
    )
    """Docker engine that runs the sandbox; empty means that of the current Docker context, or the
    local one.
    """
    docker_cert_path: str = Field(
        default="", validation_alias=AliasChoices("DOCKER_CERT_PATH", "CODEIO_DOCKER_CERT_PATH")
    )
    """Directory of `ca.pem`, `cert.pem` and `key.pem`, for an engine with TLS."""
    sandbox_image: str = "codeio-sandbox:latest"
    """Image reference of the sandbox."""
    sandbox_runtime: str = "runc"
    """Container runtime (`runc`, or `runsc` for gVisor); any other is refused."""
    sandbox_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Containers that run jobs at the same time in one process."""

    teacher_url: str = ""
    """Base URL of the embedded offline teacher."""
    teacher_key: SecretStr = SecretStr("")
    """Bearer token of the embedded offline teacher."""
    openai_base_url: str = Field(
        default="", validation_alias=AliasChoices("OPENAI_BASE_URL", "CODEIO_OPENAI_BASE_URL")
    )
    """Base URL of any OpenAI-compatible endpoint; with this or `openai_api_key` set, the endpoint
    replaces the offline teacher.
    """
    openai_api_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("OPENAI_API_KEY", "CODEIO_OPENAI_API_KEY"),
    )
    """Bearer token of that endpoint."""
    model: Annotated[str, Deciding(Acts.NEW)] = OFFLINE_MODEL
    """Model id sent with each request."""
    teacher_concurrency: int = Field(default=16, ge=1)
    """Requests in flight at the same time."""
    teacher_timeout_s: Annotated[float, Deciding(Acts.NEW)] = Field(default=300.0, gt=0)
    """Seconds a request may take."""
    teacher_requests_per_minute: int = Field(default=0, ge=0)
    """Requests that all processes together may send in a minute; 0 is no limit."""
    teacher_tokens_per_minute: int = Field(default=0, ge=0)
    """Tokens, read and written, that they may use in a minute; 0 is no limit."""
    teacher_retries: Annotated[int, Deciding(Acts.NEW)] = Field(default=5, ge=0)
    """Further tries of a request that met a passing fault."""
    teacher_tries: Annotated[int, Deciding(Acts.NEW)] = Field(default=3, ge=1)
    """Runs of a stage in which a request may fail at every try, while the endpoint answers others,
    before its row is dropped.
    """
    teacher_stream: bool = False
    """Whether replies are streamed."""
    teacher_truncated: Annotated[Literal["drop", "keep"], Deciding(Acts.DROPPED)] = "drop"
    """What becomes of a reply that reached `max_tokens`: `drop` the row, or `keep` the text, which
    is then judged like any other.
    """
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """Name under which the endpoint wants `max_tokens`."""
    price_input_usd: Annotated[Decimal | None, Deciding(Acts.NEW)] = Field(default=None, ge=0)
    """Price of a million tokens read, over the price table."""
    price_output_usd: Annotated[Decimal | None, Deciding(Acts.NEW)] = Field(default=None, ge=0)
    """Price of a million tokens written, over the price table."""
    budget_run_usd: Decimal = Field(default=Decimal(0), ge=0)
    """What one run may spend on teachers; 0 is no limit."""
    budget_month_usd: Decimal = Field(default=Decimal(0), ge=0)
    """What a calendar month (UTC) may spend on teachers; 0 is no limit."""
    teacher_batch: bool = False
    """Whether requests go through the endpoint's Batch API."""
    teacher_batch_requests: int = Field(default=5000, ge=1, le=50_000)
    """Requests in one batch at most."""
    teacher_batch_rounds: int = Field(default=3, ge=1)
    """Batches that a failed request is sent with at most."""
    teacher_batch_poll_s: float = Field(default=60.0, gt=0)
    """Seconds between two looks at a batch."""
    transform_mode: Annotated[Literal["teacher", "mixed"], Deciding(Acts.WAITING)] = "teacher"
    """Who transforms: `teacher` is the teacher in use, `mixed` is the offline teacher first and
    the teacher in use for the files it refuses.
    """
    transform_scope: Annotated[TransformScope, Acts.WAITING] = "missing"
    """Which files are transformed: `missing` are those without a program, and not refused;
    `stand_in` are also those that the offline teacher alone transformed or refused, where the
    teacher in use is another.
    """
    answer_scope: Annotated[AnswerScope, Acts.WAITING] = "auto"
    """Which prompts the teacher in use is asked: `unanswered` are all that it has not answered,
    `new` those of them that were made since the first run in which it was to answer began, `none`
    none, nor for revisions. `auto` is `unanswered` as long as no other model has answered, and
    then `new`.
    """
    answer_sources: Annotated[tuple[str, ...], Acts.WAITING] = ()
    """JSON array of the sources, as locator, `kind:locator` or id, whose prompts it is asked;
    empty is all.
    """
    answer_since: Annotated[str, Acts.WAITING] = Field(
        default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$"
    )
    """First night (`YYYY-MM-DD`) of the files whose prompts it is asked; empty is all."""
    answer_share: Annotated[float, Acts.WAITING] = Field(default=1.0, ge=0, le=1)
    """Share of the prompts that it is asked, by a hash of each."""
    local_model_path: Path | None = None
    """GGUF file that `codeio teacher local` serves."""
    local_model_sha256: Annotated[str, Deciding(Acts.NEW)] = Field(
        default="", pattern="^([0-9a-f]{64})?$"
    )
    """sha256 of that file, in hex."""
    revision_policy: Annotated[RevisionPolicy, Deciding(Acts.DROPPED)] = "one_turn"
    """Which wrong answers are revised: `one_turn`, `none`, or `by_expected_gain`."""
    revision_turns: Annotated[int, Deciding(Acts.WAITING)] = Field(default=1, ge=1, le=5)
    """Revisions of one answer at most, under `by_expected_gain`."""
    revision_min_gain_per_usd: Annotated[float, Deciding(Acts.DROPPED)] = Field(default=0.0, ge=0)
    """Repaired answers a dollar must be expected to buy, under `by_expected_gain`."""
    temperature: Annotated[float, Deciding(Acts.NEW)] = Field(default=0.7, ge=0)
    """Sampling temperature of every request."""
    max_tokens: Annotated[int, Deciding(Acts.DROPPED)] = Field(default=4096, ge=1)
    """Longest reply in tokens."""

    max_draws: Annotated[int, Deciding(Acts.DROPPED)] = Field(default=1000, ge=1)
    """Inputs drawn from a program's generator at most."""
    pairs_per_program: Annotated[int, Deciding(Acts.NEW)] = Field(default=10, ge=1)
    """Distinct input/output pairs wanted of a program."""
    min_pairs: Annotated[int, Deciding(Acts.DROPPED)] = Field(default=2, ge=1)
    """Fewest pairs a program may have."""
    prompted_pairs: Annotated[int, Deciding(Acts.PROGRAMS)] = Field(default=3, ge=1)
    """Pairs of a program that become prompts, each in both directions."""
    sample_cpu_s: Annotated[float, Deciding(Acts.DROPPED)] = Field(default=2.0, gt=0)
    """CPU seconds one call may use while pairs are sampled."""
    sample_wall_s: Annotated[float, Deciding(Acts.DROPPED)] = Field(default=60.0, gt=0)
    """Wall-clock seconds that all draws of a program may take, waiting included."""
    call_cpu_s: Annotated[float, Deciding(Acts.NEW)] = Field(default=5.0, gt=0)
    """CPU seconds one call may use while answers are verified."""

    min_file_bytes: Annotated[int, Deciding(Acts.FILES)] = 64
    """Smaller raw files are dropped."""
    max_file_bytes: Annotated[int, Deciding(Acts.FILES)] = 100_000
    """Larger raw files are dropped."""
    shard_rows: int = Field(default=100, ge=1)
    """Rows of one mapped task."""
    task_timeout_s: int = Field(default=43_200, ge=60)
    """Seconds that one try of a task may take; then it is ended, and tried again. Batches and
    questions to a person have limits of their own.
    """
    licences: Annotated[tuple[str, ...], Deciding(Acts.FILES)] = ()
    """JSON array of the SPDX ids that may enter. Empty takes every file in, and lets permissive
    licences into a release.
    """
    allow_unknown_licence: Annotated[bool, Deciding(Acts.RELEASES)] = True
    """Whether a file whose licence nobody knows may enter one."""
    licence_rule: Annotated[Literal["all", "any"], Deciding(Acts.RELEASES)] = "all"
    """What a file that was seen in several places needs to enter one: an allowed licence in `all`
    of them, or in `any`. What it says of itself must be allowed in either case.
    """
    quarantine_leaks: Annotated[bool, Deciding(Acts.FINISHED)] = True
    """Whether files that leak a benchmark leave the pipeline; without it releases leave their
    samples out all the same.
    """
    benchmark_share: Annotated[float, Deciding(Acts.NEW)] = Field(default=0.05, ge=0, le=1)
    """Share of the files, or of the programs with finished samples, that one benchmark may
    quarantine before a person must say that it is meant.
    """
    quarantine_private: Annotated[bool, Deciding(Acts.FINISHED)] = True
    """Whether files whose samples hold a secret or personal data leave the pipeline; without it
    releases leave their samples out all the same.
    """
    recipes_nightly: Annotated[tuple[str, ...], Acts.RELEASES] = Field(
        default=("codeio_pp",), min_length=1
    )
    """JSON array of the recipes that each night publishes a release of: names of shipped ones, or
    absolute paths of .yaml files. One that fails or waits for a person holds up no other.
    """
    overriders: tuple[str, ...] = ()
    """JSON array of the ids of the Airflow users who alone may let a release through that failed a
    soft gate. Empty: whoever may act on tasks of `release_dataset`.
    """
    pages_readers: Literal["viewer", "user", "op"] = "viewer"
    """Who may read samples, dropped rows, Data Docs and released files on the pages, by rights of
    Airflow: `viewer` is whoever may open the pages, `user` may also run `release_dataset`, `op` may
    also read Airflow's connections.
    """
    audited_pairs: Annotated[int, Deciding(Acts.RELEASES)] = Field(default=200, ge=1)
    """Pairs of a release that the determinism audit and the verifier self-test run again, of those
    that passed before; all others are run."""

    @field_validator("licences")
    @classmethod
    def _are_licences(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what no file can state: every file would be dropped."""
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

        for name in set(names) - {"NOASSERTION"}:
            try:
                canonicalize_license_expression(name)
            except InvalidLicenseExpression as exc:
                raise ValueError(f"{name!r} is no SPDX id") from exc
        return names

    @field_validator("recipes_nightly")
    @classmethod
    def _whole_paths(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a path that means something else in each directory: Airflow has its own."""
        if wrong := [
            w for w in words if w.endswith((".yaml", ".yml")) and not Path(w).is_absolute()
        ]:
            raise ValueError(f"{wrong[0]} is no absolute path")
        return words

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


DECIDING = frozenset(
    name
    for name, field in Settings.model_fields.items()
    if any(isinstance(mark, Deciding) for mark in field.metadata)
)
"""Names of the settings that decide."""


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
