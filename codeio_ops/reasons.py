"""What each drop reason and verdict means, and what a person does about it.

The page for operators (`docs/operations.md`) and the page of dropped rows are made from this;
a test compares it with the words that the code uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from codeio_ops.verify.verdicts import AnswerVerdict


@dataclass(frozen=True, slots=True)
class Meaning:
    """A sentence that says what happened, and one that says what to do."""

    what: str
    cure: str = "Nothing: this is the filter at work."


_TUNE = "Nothing, as long as few rows have it; else look at some of them and at the setting."

# A reason that the offline teacher gives begins so; its code follows.
REFUSED = "refused_"

REASONS: Mapping[str, Meaning] = {
    # ingest
    "bad_row": Meaning(
        "A row of a JSON Lines or Parquet source has no text in its content column.",
        "Check the column that the source names.",
    ),
    "duplicate": Meaning("The same bytes are a raw file already; the new place is kept."),
    "duplicate_code": Meaning("The same code, but for comments and layout, is kept already."),
    "near_duplicate": Meaning("Another file that is kept shares most of its code."),
    "too_large": Meaning(
        "A file is longer than CODEIO_MAX_FILE_BYTES, or every pair of a program breaks the "
        "size rules.",
        _TUNE,
    ),
    "too_small": Meaning("The file is shorter than CODEIO_MIN_FILE_BYTES."),
    "licence": Meaning(
        "The licence is not among CODEIO_LICENCES.",
        "State the licence when adding the source, if it is known and right.",
    ),
    "language": Meaning("No image runs this language."),
    "not_utf8": Meaning("The bytes are not UTF-8 text."),
    "unparsable": Meaning("The text is neither Python 3 nor Python 2, or nested too deeply."),
    "unsafe_path": Meaning(
        "The path of the file leaves its source.",
        "Look at the source: such a path is an attack or a broken archive.",
    ),
    "secret": Meaning(
        "The file holds what looks like a key or password.",
        "Tell the owner of the source; the finding is stored, the secret is not.",
    ),
    "personal_data": Meaning("The file holds e-mail addresses or other data of people."),
    "vendored": Meaning("The path says that the file was copied from another project."),
    "test_file": Meaning("The path says that the file is a test."),
    "generated": Meaning("The file says that a program wrote it."),
    "minified": Meaning("The lines are far too long to be written by a person."),
    "too_trivial": Meaning("The file has no function with anything to compute."),
    "too_complex": Meaning("The file has more branches or nesting than a teacher can follow."),
    # transform
    "truncated": Meaning(
        "The reply ended at CODEIO_MAX_TOKENS.", "Raise CODEIO_MAX_TOKENS if many rows have it."
    ),
    "content_filter": Meaning("The endpoint's filter withheld the reply."),
    "bad_reply": Meaning(
        "The endpoint's reply is not a chat completion.",
        "If many rows have it, the endpoint is not OpenAI-compatible: check OPENAI_BASE_URL.",
    ),
    "unavailable": Meaning(
        "The endpoint gave no reply to this request in CODEIO_TEACHER_TRIES runs, while it "
        "answered others.",
        "Look at the row: a request that no server survives is often very long.",
    ),
    "rejected": Meaning(
        "The endpoint refuses this one request, for instance because it is too long.",
        "Read the detail: it is the endpoint's own message.",
    ),
    "refused": Meaning("The teacher says that the file holds nothing it can turn into a program."),
    "no_function": Meaning("The file holds no function that takes and returns JSON values."),
    "bad_format": Meaning(
        "The teacher's text does not have the four parts of a program.",
        "If many rows have it, the model does not follow the template: try another model.",
    ),
    "policy_none": Meaning(
        "The revision policy of this run revises nothing, so the wrong answer stands alone.",
        "Set another policy if revisions are wanted.",
    ),
    "low_expected_gain": Meaning(
        "A revision of this answer would cost more than it is expected to repair.",
        "Lower the threshold of the policy if more revisions are wanted.",
    ),
    # sample
    "load_error": Meaning("The program cannot be loaded in the sandbox."),
    "too_few_pairs": Meaning(
        "The generator gave fewer inputs that the program accepts than CODEIO_MIN_PAIRS.", _TUNE
    ),
    "timeout": Meaning("The program takes longer than CODEIO_SAMPLE_CPU_S.", _TUNE),
    "memory_limit": Meaning("The program needs more memory than the sandbox gives.", _TUNE),
    "not_json": Meaning("The program returns what JSON cannot hold."),
    "constant_output": Meaning("Every input gave the same output: there is nothing to predict."),
    "nondeterministic": Meaning("The program gave another output in a second container."),
    "sandbox_fault": Meaning(
        "The sandbox itself failed on this program more than once.",
        "Replay it with `codeio sandbox replay`, and report what you see.",
    ),
    # release
    "duplicate_program": Meaning("Another program has the same main function."),
    "leak": Meaning("The program or its texts hold text of a benchmark question."),
}

VERDICTS: Mapping[AnswerVerdict, Meaning] = {
    AnswerVerdict.CORRECT: Meaning("The answer is right, by execution.", "Nothing."),
    AnswerVerdict.WRONG: Meaning("The answer is another value.", "Nothing: it is revised once."),
    AnswerVerdict.NO_JSON: Meaning(
        "No JSON was found in the answer.",
        "If many have it, the model does not follow the template: try another model.",
    ),
    AnswerVerdict.NOT_OBJECT: Meaning("The JSON is not an object.", "As for no_json."),
    AnswerVerdict.FIELD_MISSING: Meaning(
        "The object lacks the field that was asked for.", "As for no_json."
    ),
    AnswerVerdict.EXCEPTION: Meaning(
        "The program raises an exception for the predicted input.", "Nothing: it is revised once."
    ),
    AnswerVerdict.TIMEOUT: Meaning(
        "The program takes longer than CODEIO_CALL_CPU_S for the predicted input.", _TUNE
    ),
    AnswerVerdict.MEMORY_LIMIT: Meaning(
        "The program needs too much memory for the predicted input.", _TUNE
    ),
    AnswerVerdict.OUTPUT_LIMIT: Meaning("The program returns or prints too much.", _TUNE),
    AnswerVerdict.NOT_JSON: Meaning(
        "The program returns what JSON cannot hold.", "Nothing: it is revised once."
    ),
    AnswerVerdict.CRASHED: Meaning(
        "The program ended its process.", "If many have it, replay one: `codeio sandbox replay`."
    ),
    AnswerVerdict.LOAD_ERROR: Meaning(
        "The program that loaded when it was sampled does not load now.",
        "The sandbox image has changed: compare the digests on the page Sandbox.",
    ),
}


def meaning_of(reason: str) -> Meaning:
    """Return what a drop reason means.

    Raises:
        KeyError: no code of this version uses it.
    """
    if reason.startswith(REFUSED):
        return REASONS["refused"]
    return REASONS[reason]
