"""Stops before money runs out: what is spent, and what the calls in flight may cost at most."""

from decimal import Decimal

from codeio_ops.config import Settings
from codeio_ops.errors import BudgetExceeded, SettingsError
from codeio_ops.teacher.journal import Spent
from codeio_ops.teacher.messages import Request
from codeio_ops.teacher.prices import Price

# Measured on the platform's own prompts and rationales; prose alone holds about four.
CHARS_PER_TOKEN = 2.4


def tokens_of(characters: int) -> int:
    """Estimate the tokens of a request of so many characters."""
    return 1 + int(characters / CHARS_PER_TOKEN)


class Budget:
    """Admits calls as long as the next one fits, even if it is as long as it may be."""

    def __init__(
        self,
        settings: Settings,
        price: Price | None,
        spent: Spent,
        *,
        in_flight: Decimal = Decimal(0),
    ) -> None:
        """Begin with what earlier processes have spent.

        Args:
            settings: Budgets and the longest reply.
            price: Price of the model.
            spent: What earlier processes have spent.
            in_flight: What batches that are still open may cost at most, in dollars.

        Raises:
            SettingsError: there is a budget, and the price of the model is not known.
        """
        self._limits = (
            (settings.budget_run_usd, "run", "CODEIO_BUDGET_RUN_USD"),
            (settings.budget_month_usd, "month", "CODEIO_BUDGET_MONTH_USD"),
        )
        if price is None and any(limit for limit, _, _ in self._limits):
            raise SettingsError(
                f"there is a budget, and the price of {settings.model!r} is not known",
                cure="Set CODEIO_PRICE_INPUT_USD and CODEIO_PRICE_OUTPUT_USD (per million tokens).",
            )
        self._price = price
        self._max_tokens = settings.max_tokens
        self._spent = spent
        self._in_flight = in_flight

    def worst_cost(self, request: Request) -> Decimal:
        """Return what a call may cost at most, by the estimate of its prompt."""
        if self._price is None:
            return Decimal(0)
        return self._price.cost(tokens_of(request.characters), self._max_tokens)

    def admit(self, request: Request) -> bool:
        """Say whether a call may start now; False means: when a call in flight has ended.

        Raises:
            BudgetExceeded: it does not fit, whatever the calls in flight cost.
        """
        cost = self.worst_cost(request)
        if (over := self._over(cost)) is not None:
            raise over
        if self._over(cost + self._in_flight) is not None:
            return False
        self._in_flight += cost
        return True

    def ended(self, request: Request) -> None:
        """Take a call out of those in flight."""
        self._in_flight -= self.worst_cost(request)

    def now_spent(self, spent: Spent) -> None:
        """Note what is spent, by all processes."""
        self._spent = spent

    def _over(self, cost: Decimal) -> BudgetExceeded | None:
        for (limit, period, setting), spent in zip(
            self._limits, (self._spent.run, self._spent.month), strict=True
        ):
            if limit and spent + cost > limit:
                return BudgetExceeded(
                    f"the next call may cost ${cost:.6f}, and ${spent:.6f} of the {period}'s "
                    f"${limit} are spent",
                    cure=f"Raise {setting}; what is not answered stays pending.",
                )
        return None
