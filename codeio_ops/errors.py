"""Every error that the platform raises on purpose and a caller may meet, in one tree.

`TransientError` means "the same call may succeed later": the DAGs retry it.
`TerminalError` means "a person must change something first": the DAGs fail at once.
A program that fails inside the sandbox is data, not an error (see `sandbox.base.Verdict`), and
so is a request that a teacher refuses (`teacher.messages.CallFailure`).
"""

from typing import ClassVar


class CodeIOError(Exception):
    """Base of all errors raised on purpose.

    Attributes:
        usual_cure: One sentence that says what to do about errors of this class.
        cure: The same for this case.
    """

    usual_cure: ClassVar[str] = ""

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure or self.usual_cure


class TransientError(CodeIOError):
    """The same call may succeed later."""


class TerminalError(CodeIOError):
    """The call fails until a person changes something."""


class SettingsError(TerminalError):
    """A setting is missing or has a value that cannot work."""

    usual_cure = "Correct the setting that the message names; docs/settings.md says what it means."


class ExtraMissing(TerminalError):
    """A library is missing that only an extra of the distribution brings."""

    usual_cure = "Install the extra that the message names: `pip install 'codeio-ops[...]'`."


class StoreUnavailable(TransientError):
    """Postgres cannot be reached."""

    usual_cure = "Run `codeio status`, then `codeio up`."


class StoreRefused(TerminalError):
    """Postgres answers, and refuses: wrong password, missing database or schema."""

    usual_cure = "Check the user, password and database in CODEIO_DATABASE_URL."


class SchemaForeign(TerminalError):
    """The database holds a schema that this version neither made nor can bring up to date."""

    usual_cure = "Use another database; an embedded one goes with `codeio down` and its home."


class BlobStoreUnavailable(TransientError):
    """S3 cannot be reached."""

    usual_cure = "Run `codeio status`, then `codeio up`."


class BlobStoreRefused(TerminalError):
    """S3 answers, and refuses: wrong key, missing bucket."""

    usual_cure = "Check CODEIO_S3_ACCESS_KEY, CODEIO_S3_SECRET_KEY and CODEIO_S3_BUCKET."


class BlobCorrupt(TerminalError):
    """The bytes read back do not have the sha256 they are stored under."""

    usual_cure = "Restore the object from a backup of the bucket."


class EngineUnavailable(TransientError):
    """No Docker engine answers."""

    usual_cure = "Nothing, unless it lasts: then start Docker, or set DOCKER_HOST to an engine."


class ImageMissing(TerminalError):
    """The sandbox image is not on this engine."""

    usual_cure = "Run `codeio sandbox image`."


class SandboxFault(TransientError):
    """The sandbox itself failed: a container died, or its reply broke the protocol."""

    usual_cure = (
        "Nothing, unless it lasts: then run `codeio sandbox attack`, and read the engine's log."
    )


class ProgramFault(SandboxFault):
    """One program makes the sandbox fail every time, while other programs run."""

    usual_cure = "Nothing: the stage drops the program, or counts the answer as a crash."


class SandboxUnsafe(TerminalError):
    """The sandbox does not have the protection it must have; nothing was run in it."""

    usual_cure = "Check the engine's version and configuration; nothing was run."


class SourceNotFound(TerminalError):
    """The source names a path, package or version that does not exist."""

    usual_cure = "Check the name or path of the source."


class SourceUnavailable(TransientError):
    """The source exists but cannot be read now."""

    usual_cure = "Nothing, unless it lasts: then check the network and the source's address."


class SourceDamaged(TerminalError):
    """The source is corrupt, or would fill the machine; a person must look at it."""

    usual_cure = "Look at the source; `codeio source pause` leaves it out until it is mended."


class SourceEmpty(TerminalError):
    """The source can be read and holds nothing that the platform ingests."""

    usual_cure = "Check the locator, or pause the source with `codeio source pause`."


class BenchmarkTooBroad(TerminalError):
    """A benchmark would quarantine more of what there is than passes without a question."""

    usual_cure = (
        "Look whether it is the right text: `codeio benchmark remove` takes it out, "
        "`codeio benchmark add ... --yes` says that it is meant."
    )


class TeacherUnavailable(TransientError):
    """The teacher's endpoint is down, too slow, or answers with a server error."""

    usual_cure = "Nothing, unless it lasts: then check OPENAI_BASE_URL, or run `codeio up`."


class TaskSuperseded(TransientError):
    """A later try of this task is at work, so this one sends a teacher nothing more."""

    usual_cure = "Nothing: the later try goes on with what is left."


class TeacherRefused(TerminalError):
    """The teacher's endpoint refuses the request: wrong key, unknown model, no credit."""

    usual_cure = (
        "Check OPENAI_BASE_URL, CODEIO_MODEL, CODEIO_MAX_TOKENS, CODEIO_MAX_TOKENS_FIELD and "
        "CODEIO_TEMPERATURE."
    )


class BudgetExceeded(TerminalError):
    """The next call could cost more than the budget that is left."""

    usual_cure = (
        "Raise CODEIO_BUDGET_RUN_USD or CODEIO_BUDGET_MONTH_USD; what is not answered stays "
        "pending."
    )


class NotJson(TerminalError):
    """A text is not JSON, or is JSON that no other system could read back unchanged."""

    usual_cure = "Look at the value: JSON has no NaN, no deep nesting and no integers over 64 bits."


class PromptUnsafe(TerminalError):
    """A statement or description holds headings or fences, which would change the prompt."""

    usual_cure = "Report the program of the message: parsing the reply should have refused it."


class UnknownPrompt(TerminalError):
    """A text is not a prompt that the templates of this version give."""

    usual_cure = "Ask with a prompt of this version; the offline teacher answers no other."


class GateFailed(TerminalError):
    """A release candidate failed a gate; it stays `rejected` and its evidence is kept."""

    usual_cure = "See the evidence with `codeio release show`."


class OverrideRefused(TerminalError):
    """A decision about a failed gate cannot be accepted."""

    usual_cure = "Clear the task, and say why when it asks again."


class NothingToRelease(TerminalError):
    """No conversation is finished, so a release would be empty."""

    usual_cure = "`codeio funnel` shows where rows wait, and for what they were dropped."


class NameTaken(TerminalError):
    """The versions of a name were made by a recipe that says otherwise."""

    usual_cure = (
        "Give the recipe a name of its own; or take the name with `codeio release make FILE "
        "--new-recipe`, and later versions are by your recipe."
    )


class NothingToTakeDown(TerminalError):
    """No file has the repository, path, author or licence that is to be taken down."""

    usual_cure = "See the columns source_locator, source_path and licence of a release."


class TakedownMissing(TerminalError):
    """There is no takedown of this id that holds."""

    usual_cure = "See `codeio release takedowns`."


class DecisionTooLate(TerminalError):
    """A person decided about a release that no longer waits for the decision."""

    usual_cure = "See `codeio release list`: a newer version or judgement has its place."


class ReleaseMissing(TerminalError):
    """There is no release of this name and version."""

    usual_cure = "See `codeio release list`."


class SampleMissing(TerminalError):
    """There is no sample of this id."""

    usual_cure = "Take the sample_id of a row of a release."


class ReleaseExists(TerminalError):
    """A release of this name and version is already published, and releases are immutable."""

    usual_cure = "Releases are immutable: publish under another name."


class ReleaseCorrupt(TerminalError):
    """A published file, or its manifest, does not have the sha256 it was published with."""

    usual_cure = "Do not use the copy; pull or restore it again from where it was published."


class DirectoryUnfit(TerminalError):
    """A release cannot be written to a directory: it holds something else, or is not writable."""

    usual_cure = "Name a directory that is empty or does not exist yet."


class StackError(TerminalError):
    """A part of the embedded stack does not start or stop."""

    usual_cure = "Run `codeio status`, and read the log below the home directory."


class RunEnded(TerminalError):
    """A DAG run that was followed goes no further by itself."""

    usual_cure = "See the run in the Airflow UI."

    def __init__(self, message: str, *, cure: str = "", dag_id: str = "", run_id: str = "") -> None:
        super().__init__(message, cure=cure)
        self.dag_id = dag_id
        self.run_id = run_id


class PipelineFailed(RunEnded):
    """A DAG run of the pipeline failed."""

    usual_cure = (
        "No task stored why, so it was killed or never began: see `codeio doctor`, then "
        "`codeio run`, which goes on from what was done."
    )


class DecisionNeeded(RunEnded):
    """A DAG run waits for what a person decides."""

    usual_cure = (
        "See why with `codeio release list` and `show`, then answer in the Airflow UI "
        "(Browse, Required Actions)."
    )
