"""What is expected of a candidate, as a Great Expectations suite.

`critical` expectations say that rows are whole; `warning` ones say that the dataset looks
as its readers know it. Importing this module imports Great Expectations, which takes
seconds: only the gate's task does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

import great_expectations.expectations as gxe  # noqa: TID253 - nobody else imports this module
from great_expectations import ExpectationSuite  # noqa: TID253
from great_expectations.expectations.expectation import Expectation  # noqa: TID253
from great_expectations.expectations.metadata_types import FailureSeverity  # noqa: TID253

from codeio_ops.release.recipe import Recipe
from codeio_ops.release.rows import SPLITS
from codeio_ops.verify.verdicts import AnswerVerdict

# Longest sequence that the paper trains on (arXiv 2502.07316, section 3.1).
MAX_TOKENS = 4_096
LONG_SHARE = 0.05
# How far a share may be from what it should be; of few rows, as far as chance brings it.
BAND = 0.15
CHANCE = 3  # standard errors

_CRITICAL, _WARNING = FailureSeverity.CRITICAL, FailureSeverity.WARNING

_PRESENT = (
    "prompt_id", "program_id", "io_pair_id", "raw_file_id", "source_locator", "source_path",
    "licence", "direction", "verdict_1", "teacher_id", "teacher_kind", "teacher_model",
    "template_sha256", "verifier_version", "sandbox_image_digest", "prompt_chars", "response_chars",
)  # fmt: skip
# Two teachers may answer the same prompt.
_UNIQUE_OF_TEACHER = ("prompt_id", "prompt_sha256")
_FAULTS = ("input_fault", "output_fault", "answer_fault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Share of correct first answers in a direction of the previous release."""

    direction: str
    answers: int
    correct: float


def release_suite(recipe: Recipe, samples: int, previous: Sequence[Share]) -> ExpectationSuite:
    """Return the suite for a candidate.

    Args:
        recipe: Its recipe.
        samples: How many rows the release states.
        previous: Shares of the last published version; empty when there is none.
    """
    return ExpectationSuite(
        name="release", expectations=[*_critical(samples), *_warnings(recipe, samples, previous)]
    )


def _critical(samples: int) -> Iterator[Expectation]:
    verdicts = [verdict.value for verdict in AnswerVerdict]
    yield gxe.ExpectTableRowCountToEqual(value=samples, severity=_CRITICAL)
    for column in _PRESENT:
        yield gxe.ExpectColumnValuesToNotBeNull(column=column, severity=_CRITICAL)
    yield gxe.ExpectColumnValuesToBeUnique(column="sample_id", severity=_CRITICAL)
    for column in _UNIQUE_OF_TEACHER:
        yield gxe.ExpectCompoundColumnsToBeUnique(
            column_list=[column, "teacher_id"], severity=_CRITICAL
        )
    for column in _FAULTS:
        yield gxe.ExpectColumnValuesToBeNull(column=column, severity=_CRITICAL)
    for column in ("prompt_chars", "response_chars"):
        yield gxe.ExpectColumnValuesToBeBetween(column=column, min_value=1, severity=_CRITICAL)
    allowed = {
        "split": list(SPLITS),
        "direction": ["input", "output"],
        "verdict_1": verdicts,
        "verdict_2": verdicts,
    }
    for column, values in allowed.items():
        yield gxe.ExpectColumnValuesToBeInSet(column=column, value_set=values, severity=_CRITICAL)


def _warnings(recipe: Recipe, samples: int, previous: Sequence[Share]) -> Iterator[Expectation]:
    yield gxe.ExpectColumnValuesToBeBetween(
        column="tokens",
        max_value=MAX_TOKENS,
        mostly=1 - LONG_SHARE,
        severity=_WARNING,
        notes=f"{1 - LONG_SHARE:.0%} of the samples have {MAX_TOKENS:,} tokens at most.",
    )
    if len(set(recipe.directions)) == 2:
        yield _near("asks_output", 0.5, samples, "questions for the output")
    for share in previous:
        what = f"right first answers that name an {share.direction}"
        yield _near(f"correct_{share.direction}", share.correct, share.answers, what)


def _near(column: str, share: float, rows: int, what: str) -> Expectation:
    """Expect about a share that is known from so many rows, or is one of them."""
    margin = max(BAND, CHANCE * 0.5 / sqrt(rows))
    return gxe.ExpectColumnMeanToBeBetween(
        column=column,
        min_value=max(0.0, share - margin),
        max_value=min(1.0, share + margin),
        severity=_WARNING,
        notes=f"The share of {what} is within {margin:.2f} of {share:.2f}.",
    )
