"""What a word that is stored and counted means, and what a person does about it.

Each member of such an enumeration says both, for the page of operators (`docs/operations.md`)
and the pages of the UI.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

AT_WORK = "Nothing: this is the filter at work."
TUNE = "Nothing, as long as few rows have it; else look at some of them and at the setting."


class ExplainedEnum(StrEnum):
    """Words with a meaning each.

    Attributes:
        meaning: A sentence that says what happened.
        cure: A sentence that says what to do.
    """

    meaning: str
    cure: str

    def __new__(cls, word: str, meaning: str = "", cure: str = AT_WORK) -> Self:
        """Build the member that `word` stands for."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning, member.cure = meaning, cure
        return member


@dataclass(frozen=True, slots=True)
class DroppedBy:
    """Who drops for a reason, and what would have to be another for the drop to hold no more.

    Attributes:
        stages: The stages that drop for it.
        settings: The settings that decide it, as fields of `Settings`.
        options: Whether the options of the source decide it.
        teacher: Whether it is a failure of the teacher that was asked, and not of the row.
    """

    stages: tuple[str, ...]
    settings: tuple[str, ...] = ()
    options: bool = False
    teacher: bool = False

    def ways_back(self, word: str) -> str:
        """Say when such rows are tried again."""
        changes = [f"CODEIO_{name.upper()}" for name in self.settings]
        changes += ["an option of the source"] * self.options + ["the teacher"] * self.teacher
        commands = " or ".join(f"`codeio requeue {stage} {word}`" for stage in self.stages)
        ways = [f"when {' or '.join(changes)} changes"] * bool(changes)
        ways += [f"by {commands}"] * bool(commands)
        return f" They are tried again {', or '.join(ways)}."


_FILTER = DroppedBy(("ingest",), options=True)
_READ = DroppedBy(("ingest",))
_SAMPLE = DroppedBy(("sample",))
_TEACHER = DroppedBy(("transform", "answer", "revise"), teacher=True)
_PROGRAM = DroppedBy(("transform",), teacher=True)


class DropReason(ExplainedEnum):
    """Why a row goes no further.

    Attributes:
        by: Who drops for it; None where nothing brings the row back.
    """

    by: DroppedBy | None

    def __new__(
        cls, word: str, meaning: str = "", by: DroppedBy | None = None, cure: str = AT_WORK
    ) -> Self:
        """Build the member that `word` stands for; its cure ends with the ways back."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning, member.by = meaning, by
        member.cure = cure + (by.ways_back(word) if by else "")
        return member

    # ingest
    BAD_ROW = (
        "bad_row",
        "A row of a JSON Lines or Parquet source has no text in its content column.",
        _FILTER,
        "Check the column that the source names, and set it with `codeio source set`.",
    )
    DUPLICATE = ("duplicate", "The same bytes are a raw file already; the new place is kept.")
    GONE = ("gone", "It was to be judged again, and its source no longer holds it.")
    DUPLICATE_CODE = (
        "duplicate_code",
        "The same code, but for comments and layout, is kept already.",
        DroppedBy(("dedup",)),
    )
    NEAR_DUPLICATE = (
        "near_duplicate",
        "Another file that is kept shares most of its code.",
        DroppedBy(("dedup",)),
    )
    TOO_LARGE = (
        "too_large",
        "A file is longer than CODEIO_MAX_FILE_BYTES, or every pair of a program breaks the "
        "size rules.",
        DroppedBy(("ingest", "sample"), settings=("max_file_bytes",)),
        TUNE,
    )
    TOO_SMALL = (
        "too_small",
        "The file is shorter than CODEIO_MIN_FILE_BYTES.",
        DroppedBy(("ingest",), settings=("min_file_bytes",)),
    )
    LICENCE = (
        "licence",
        "The licence is not among CODEIO_LICENCES.",
        DroppedBy(("ingest",), settings=("licences",), options=True),
        "State the licence with `codeio source set SOURCE --licence ID`, if it is known and right.",
    )
    LANGUAGE = ("language", "No image runs this language.", _READ)
    NOT_UTF8 = ("not_utf8", "The bytes are not UTF-8 text.", _READ)
    UNPARSABLE = (
        "unparsable",
        "The text is neither Python 3 nor Python 2, or nested too deeply.",
        _READ,
    )
    UNSAFE_PATH = (
        "unsafe_path",
        "The path of the file leaves its source.",
        _READ,
        "Look at the source: such a path is an attack or a broken archive.",
    )
    SECRET = (
        "secret",
        "The file holds what looks like a key or password.",
        DroppedBy(("ingest", "screen"), settings=("quarantine_private",), options=True),
        "Tell the owner of the source; the finding is stored, the secret is not.",
    )
    PERSONAL_DATA = (
        "personal_data",
        "The file holds e-mail addresses or other data of people.",
        DroppedBy(("ingest", "screen"), settings=("quarantine_private",), options=True),
    )
    VENDORED = ("vendored", "The path says that the file was copied from another project.", _FILTER)
    TEST_FILE = ("test_file", "The path says that the file is a test.", _FILTER)
    GENERATED = ("generated", "The file says that a program wrote it.", _FILTER)
    MINIFIED = ("minified", "The lines are far too long to be written by a person.", _FILTER)
    TOO_TRIVIAL = ("too_trivial", "The file has no function with anything to compute.", _FILTER)
    TOO_COMPLEX = (
        "too_complex",
        "The file has more branches or nesting than a teacher can follow.",
        _FILTER,
    )
    # transform
    TRUNCATED = (
        "truncated",
        "The reply ended at CODEIO_MAX_TOKENS.",
        DroppedBy(
            ("transform", "answer", "revise"),
            settings=("max_tokens", "teacher_truncated"),
            teacher=True,
        ),
        "Raise CODEIO_MAX_TOKENS if many rows have it.",
    )
    CONTENT_FILTER = ("content_filter", "The endpoint's filter withheld the reply.", _TEACHER)
    BAD_REPLY = (
        "bad_reply",
        "The endpoint's reply is not a chat completion.",
        _TEACHER,
        "If many rows have it, the endpoint is not OpenAI-compatible: check OPENAI_BASE_URL.",
    )
    UNAVAILABLE = (
        "unavailable",
        "The endpoint gave no reply to this request in CODEIO_TEACHER_TRIES runs, while it "
        "answered others.",
        _TEACHER,
        "Look at the row: a request that no server survives is often very long.",
    )
    REJECTED = (
        "rejected",
        "The endpoint refuses this one request, for instance because it is too long.",
        _TEACHER,
        "Read the detail: it is the endpoint's own message.",
    )
    REFUSED = (
        "refused",
        "The teacher says that the file holds nothing it can turn into a program.",
        DroppedBy(("transform",)),
    )
    NO_FUNCTION = (
        "no_function",
        "The file holds no function that takes and returns JSON values.",
        _PROGRAM,
    )
    BAD_FORMAT = (
        "bad_format",
        "The teacher's text does not have the four parts of a program.",
        _PROGRAM,
        "If many rows have it, the model does not follow the template: try another model.",
    )
    POLICY_NONE = (
        "policy_none",
        "The revision policy of this run revises nothing, so the wrong answer stands alone.",
        DroppedBy(("revise",), settings=("revision_policy",)),
        "Set another policy if revisions are wanted.",
    )
    LOW_EXPECTED_GAIN = (
        "low_expected_gain",
        "A revision of this answer would cost more than it is expected to repair.",
        DroppedBy(("revise",), settings=("revision_policy", "revision_min_gain_per_usd")),
        "Lower the threshold of the policy if more revisions are wanted.",
    )
    # sample
    LOAD_ERROR = ("load_error", "The program cannot be loaded in the sandbox.", _SAMPLE)
    TOO_FEW_PAIRS = (
        "too_few_pairs",
        "The generator gave fewer inputs that the program accepts than CODEIO_MIN_PAIRS.",
        DroppedBy(("sample",), settings=("min_pairs", "max_draws", "sample_cpu_s")),
        TUNE,
    )
    TIMEOUT = (
        "timeout",
        "The program takes longer than CODEIO_SAMPLE_CPU_S.",
        DroppedBy(("sample",), settings=("sample_cpu_s",)),
        TUNE,
    )
    TOO_SLOW = (
        "too_slow",
        "Drawing the program's pairs took longer than CODEIO_SAMPLE_WALL_S: it or its generator "
        "waits, or computes for long.",
        DroppedBy(("sample",), settings=("sample_wall_s",)),
        TUNE,
    )
    MEMORY_LIMIT = (
        "memory_limit",
        "The program needs more memory than the sandbox gives.",
        _SAMPLE,
        TUNE,
    )
    NOT_JSON = ("not_json", "The program returns what JSON cannot hold.", _SAMPLE)
    CONSTANT_OUTPUT = (
        "constant_output",
        "Every input gave the same output: there is nothing to predict.",
        _SAMPLE,
    )
    NONDETERMINISTIC = (
        "nondeterministic",
        "The program gave another output in a second container.",
        _SAMPLE,
    )
    SURROUNDINGS = (
        "surroundings",
        "The program reads the clock, the host, its process, the environment, the network, files "
        "or the order of threads, so its output is no function of its input.",
        _SAMPLE,
    )
    SANDBOX_FAULT = (
        "sandbox_fault",
        "The sandbox itself failed on this program more than once.",
        _SAMPLE,
        "Replay it with `codeio sandbox replay`, and report what you see.",
    )
    # screen
    LEAK = (
        "leak",
        "The program or its texts hold text of a benchmark question.",
        DroppedBy((), settings=("quarantine_leaks",)),
        f"{AT_WORK} Where the benchmark is wrong, "
        "`codeio benchmark remove NAME` lets back in what it alone kept out.",
    )


def drop_reason_of(stored: str) -> DropReason:
    """Return the reason in a stored one, which may end in the teacher's own code (`refused_...`).

    Raises:
        ValueError: no code of this version uses it.
    """
    refused = stored.startswith(f"{DropReason.REFUSED}_")
    return DropReason.REFUSED if refused else DropReason(stored)
