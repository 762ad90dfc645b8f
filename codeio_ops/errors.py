"""Every error the platform raises on purpose, in one tree.

`TransientError` means "the same call may succeed later": the DAGs retry it.
`TerminalError` means "a person must change something first": the DAGs fail at once.
A program that fails inside the sandbox is data, not an error (see `sandbox.base.Verdict`).
"""


class CodeIOError(Exception):
    """Base of all errors raised on purpose.

    Attributes:
        cure: One sentence that says what to do about it, or an empty string.
    """

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure


class TransientError(CodeIOError):
    """The same call may succeed later."""


class TerminalError(CodeIOError):
    """The call fails until a person changes something."""


class SettingsError(TerminalError):
    """A setting is missing or has a value that cannot work."""


class ExtraMissing(TerminalError):
    """A library is missing that only an extra of the distribution brings."""


class StoreUnavailable(TransientError):
    """Postgres cannot be reached."""


class StoreRefused(TerminalError):
    """Postgres answers, and refuses: wrong password, missing database or schema."""


class SchemaForeign(TerminalError):
    """The database holds a schema that this version neither made nor can bring up to date."""


class BlobStoreUnavailable(TransientError):
    """S3 cannot be reached."""


class BlobStoreRefused(TerminalError):
    """S3 answers, and refuses: wrong key, missing bucket."""


class BlobCorrupt(TerminalError):
    """The bytes read back do not have the sha256 they are stored under."""


class EngineUnavailable(TerminalError):
    """No Docker engine answers."""


class ImageMissing(TerminalError):
    """The sandbox image is not on this engine."""


class SandboxFault(TransientError):
    """The sandbox itself failed: a container died, or its reply broke the protocol."""


class ProgramFault(SandboxFault):
    """One program makes the sandbox fail every time, while other programs run."""


class SandboxUnsafe(TerminalError):
    """The sandbox does not have the protection it must have; nothing was run in it."""


class SourceNotFound(TerminalError):
    """The source names a path, package or version that does not exist."""


class SourceUnavailable(TransientError):
    """The source exists but cannot be read now."""


class SourceDamaged(TerminalError):
    """The source is corrupt, or would fill the machine; a person must look at it."""


class SourceEmpty(TerminalError):
    """The source can be read and holds nothing that the platform ingests."""


class TeacherUnavailable(TransientError):
    """The teacher's endpoint is down, too slow, or answers with a server error."""


class TeacherRefused(TerminalError):
    """The teacher's endpoint refuses the request: wrong key, unknown model, no credit."""


class BudgetExceeded(TerminalError):
    """The next call could cost more than the budget that is left."""


class GateFailed(TerminalError):
    """A release candidate failed a gate; it stays `rejected` and its evidence is kept."""


class OverrideRefused(TerminalError):
    """A decision about a failed gate cannot be accepted."""


class NothingToRelease(TerminalError):
    """No conversation is finished, so a release would be empty."""


class NothingToTakeDown(TerminalError):
    """No file has the repository, path, author or licence that is to be taken down."""


class ReleaseMissing(TerminalError):
    """There is no release of this name and version."""


class SampleMissing(TerminalError):
    """There is no sample of this id."""


class ReleaseExists(TerminalError):
    """A release of this name and version is already published, and releases are immutable."""


class ReleaseCorrupt(TerminalError):
    """A published file, or its manifest, does not have the sha256 it was published with."""


class StackError(TerminalError):
    """A part of the embedded stack does not start or stop."""


class PipelineFailed(TerminalError):
    """A DAG run of the pipeline failed."""


class DecisionNeeded(TerminalError):
    """A DAG run waits for what a person decides."""
