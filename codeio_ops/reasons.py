"""What a word that is stored and counted means, and what a person does about it.

Each member of such an enumeration says both, for the page of operators (`docs/operations.md`)
and the pages of the UI.
"""

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


class DropReason(ExplainedEnum):
    """Why a row goes no further."""

    # ingest
    BAD_ROW = (
        "bad_row",
        "A row of a JSON Lines or Parquet source has no text in its content column.",
        "Check the column that the source names.",
    )
    DUPLICATE = ("duplicate", "The same bytes are a raw file already; the new place is kept.")
    DUPLICATE_CODE = (
        "duplicate_code",
        "The same code, but for comments and layout, is kept already.",
    )
    NEAR_DUPLICATE = ("near_duplicate", "Another file that is kept shares most of its code.")
    TOO_LARGE = (
        "too_large",
        "A file is longer than CODEIO_MAX_FILE_BYTES, or every pair of a program breaks the "
        "size rules.",
        TUNE,
    )
    TOO_SMALL = ("too_small", "The file is shorter than CODEIO_MIN_FILE_BYTES.")
    LICENCE = (
        "licence",
        "The licence is not among CODEIO_LICENCES.",
        "State the licence when adding the source, if it is known and right.",
    )
    LANGUAGE = ("language", "No image runs this language.")
    NOT_UTF8 = ("not_utf8", "The bytes are not UTF-8 text.")
    UNPARSABLE = ("unparsable", "The text is neither Python 3 nor Python 2, or nested too deeply.")
    UNSAFE_PATH = (
        "unsafe_path",
        "The path of the file leaves its source.",
        "Look at the source: such a path is an attack or a broken archive.",
    )
    SECRET = (
        "secret",
        "The file holds what looks like a key or password.",
        "Tell the owner of the source; the finding is stored, the secret is not.",
    )
    PERSONAL_DATA = ("personal_data", "The file holds e-mail addresses or other data of people.")
    VENDORED = ("vendored", "The path says that the file was copied from another project.")
    TEST_FILE = ("test_file", "The path says that the file is a test.")
    GENERATED = ("generated", "The file says that a program wrote it.")
    MINIFIED = ("minified", "The lines are far too long to be written by a person.")
    TOO_TRIVIAL = ("too_trivial", "The file has no function with anything to compute.")
    TOO_COMPLEX = (
        "too_complex",
        "The file has more branches or nesting than a teacher can follow.",
    )
    # transform
    TRUNCATED = (
        "truncated",
        "The reply ended at CODEIO_MAX_TOKENS.",
        "Raise CODEIO_MAX_TOKENS if many rows have it.",
    )
    CONTENT_FILTER = ("content_filter", "The endpoint's filter withheld the reply.")
    BAD_REPLY = (
        "bad_reply",
        "The endpoint's reply is not a chat completion.",
        "If many rows have it, the endpoint is not OpenAI-compatible: check OPENAI_BASE_URL.",
    )
    UNAVAILABLE = (
        "unavailable",
        "The endpoint gave no reply to this request in CODEIO_TEACHER_TRIES runs, while it "
        "answered others.",
        "Look at the row: a request that no server survives is often very long.",
    )
    REJECTED = (
        "rejected",
        "The endpoint refuses this one request, for instance because it is too long.",
        "Read the detail: it is the endpoint's own message.",
    )
    REFUSED = (
        "refused",
        "The teacher says that the file holds nothing it can turn into a program.",
    )
    NO_FUNCTION = ("no_function", "The file holds no function that takes and returns JSON values.")
    BAD_FORMAT = (
        "bad_format",
        "The teacher's text does not have the four parts of a program.",
        "If many rows have it, the model does not follow the template: try another model.",
    )
    POLICY_NONE = (
        "policy_none",
        "The revision policy of this run revises nothing, so the wrong answer stands alone.",
        "Set another policy if revisions are wanted.",
    )
    LOW_EXPECTED_GAIN = (
        "low_expected_gain",
        "A revision of this answer would cost more than it is expected to repair.",
        "Lower the threshold of the policy if more revisions are wanted.",
    )
    # sample
    LOAD_ERROR = ("load_error", "The program cannot be loaded in the sandbox.")
    TOO_FEW_PAIRS = (
        "too_few_pairs",
        "The generator gave fewer inputs that the program accepts than CODEIO_MIN_PAIRS.",
        TUNE,
    )
    TIMEOUT = ("timeout", "The program takes longer than CODEIO_SAMPLE_CPU_S.", TUNE)
    MEMORY_LIMIT = ("memory_limit", "The program needs more memory than the sandbox gives.", TUNE)
    NOT_JSON = ("not_json", "The program returns what JSON cannot hold.")
    CONSTANT_OUTPUT = (
        "constant_output",
        "Every input gave the same output: there is nothing to predict.",
    )
    NONDETERMINISTIC = (
        "nondeterministic",
        "The program gave another output in a second container.",
    )
    SANDBOX_FAULT = (
        "sandbox_fault",
        "The sandbox itself failed on this program more than once.",
        "Replay it with `codeio sandbox replay`, and report what you see.",
    )
    # screen
    LEAK = ("leak", "The program or its texts hold text of a benchmark question.")


def drop_reason_of(stored: str) -> DropReason:
    """Return the reason in a stored one, which may end in the teacher's own code (`refused_...`).

    Raises:
        ValueError: no code of this version uses it.
    """
    refused = stored.startswith(f"{DropReason.REFUSED}_")
    return DropReason.REFUSED if refused else DropReason(stored)
