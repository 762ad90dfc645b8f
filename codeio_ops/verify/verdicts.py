"""What can become of an answer."""

from enum import StrEnum


class AnswerVerdict(StrEnum):
    """The judgement on one response.

    The first three after `wrong` say that no answer could be read; those from `exception`
    on say what the program did with a predicted input.
    """

    CORRECT = "correct"
    WRONG = "wrong"
    NO_JSON = "no_json"
    NOT_OBJECT = "not_object"
    FIELD_MISSING = "field_missing"
    EXCEPTION = "exception"
    TIMEOUT = "timeout"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    NOT_JSON = "not_json"
    CRASHED = "crashed"
    LOAD_ERROR = "load_error"
