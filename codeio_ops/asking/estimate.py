"""What the waiting requests of a stage will cost: no call is made."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from codeio_ops.asking.answer import scope_in_force
from codeio_ops.teacher.budget import tokens_of
from codeio_ops.teacher.prices import known_price
from codeio_ops.work import Work

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A stage's requests before they are sent.

    Attributes:
        purpose: transform, answer or revise.
        model: Model id.
        teacher: What people call the teacher.
        scope: Which prompts it may be asked; empty of stages that have no such choice.
        requests: How many wait.
        prompt_tokens: Tokens they hold, from their length.
        completion_tokens: Tokens expected back.
        expectation: Where that comes from: `history` (mean of this model's replies) or
            `max_tokens` (the most there can be).
        cost_usd: Price in dollars, as text; empty when the price is not known.
    """

    purpose: str
    model: str
    teacher: str
    scope: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    expectation: str
    cost_usd: str


def estimate(sizes: Iterable[int], work: Work) -> Estimate:
    """Add up the requests of a stage, each of so many characters."""
    settings = work.settings
    count = read = 0
    for characters in sizes:
        count += 1
        read += tokens_of(characters)
    mean = work.store.value("teacher.mean_reply", purpose=work.stage, model=settings.model)
    written = round(count * float(settings.max_tokens if mean is None else mean))
    price = known_price(settings, settings.model)
    cost: Decimal | None = price.cost(read, written) if price else None
    return Estimate(
        purpose=work.stage,
        model=settings.model,
        teacher=work.teacher.identity.name,
        scope=scope_in_force(work) if work.stage == "answer" else "",
        requests=count,
        prompt_tokens=read,
        completion_tokens=written,
        expectation="max_tokens" if mean is None else "history",
        cost_usd="" if cost is None else f"{cost:.6f}",
    )


def log_estimate(sizes: Iterable[int], work: Work) -> None:
    """Log what requests will cost, before the first is sent."""
    log.info("%s", describe(estimate(sizes, work)), extra={"action": "estimate"})


def describe(found: Estimate) -> str:
    """Say in a sentence what requests will take, and what they are about."""
    scope = f" (scope: {found.scope})" if found.scope else ""
    if not found.requests:
        return f"Nothing waits for the stage {found.purpose} and {found.teacher}{scope}."
    about = "about" if found.expectation == "history" else "at most"
    why = "as earlier replies were" if found.expectation == "history" else "CODEIO_MAX_TOKENS each"
    cost = f"{about} ${float(found.cost_usd):,.4f}" if found.cost_usd else "at an unknown price"
    return (
        f"{found.requests:,} requests to {found.teacher}{scope}: about "
        f"{found.prompt_tokens:,} tokens to read, {about} {found.completion_tokens:,} to write "
        f"({why}), {cost}"
    )
