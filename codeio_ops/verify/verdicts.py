"""What can become of an answer."""

from codeio_ops.reasons import TUNE, ExplainedEnum


class AnswerVerdict(ExplainedEnum):
    """The judgement on one response.

    The first three after `wrong` say that no answer could be read; those from `exception`
    on say what the program did with a predicted input.
    """

    CORRECT = ("correct", "The answer is right, by execution.", "Nothing.")
    WRONG = ("wrong", "The answer is another value.", "Nothing: it is revised once.")
    NO_JSON = (
        "no_json",
        "No JSON was found in the answer.",
        "If many have it, the model does not follow the template: try another model.",
    )
    NOT_OBJECT = ("not_object", "The JSON is not an object.", "As for no_json.")
    FIELD_MISSING = (
        "field_missing",
        "The object lacks the field that was asked for.",
        "As for no_json.",
    )
    EXCEPTION = (
        "exception",
        "The program raises an exception for the predicted input.",
        "Nothing: it is revised once.",
    )
    TIMEOUT = (
        "timeout",
        "The program takes longer than CODEIO_CALL_CPU_S for the predicted input.",
        TUNE,
    )
    MEMORY_LIMIT = (
        "memory_limit",
        "The program needs too much memory for the predicted input.",
        TUNE,
    )
    OUTPUT_LIMIT = ("output_limit", "The program returns or prints too much.", TUNE)
    NOT_JSON = (
        "not_json",
        "The program returns what JSON cannot hold.",
        "Nothing: it is revised once.",
    )
    CRASHED = (
        "crashed",
        "The program ended its process.",
        "If many have it, replay one: `codeio sandbox replay`.",
    )
    LOAD_ERROR = (
        "load_error",
        "The program that loaded when it was sampled does not load now.",
        "The sandbox image has changed: compare the digests on the page Sandbox.",
    )
