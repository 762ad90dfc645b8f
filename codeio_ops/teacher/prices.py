"""What a call costs: from the settings, or else from the price table beside this module."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from codeio_ops.config import Settings
from codeio_ops.errors import SettingsError

_MILLION = Decimal(1_000_000)


class Price(BaseModel):
    """US dollars per million tokens.

    Discounts for cached prompts, batches or off-peak hours are not known here, so a cost is
    an upper bound for endpoints that grant them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    input: Decimal
    output: Decimal

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """Return the price of a call in US dollars."""
        return (self.input * prompt_tokens + self.output * completion_tokens) / _MILLION


class _Table(BaseModel):
    models: dict[str, Price]


def known_price(settings: Settings, *models: str) -> Price | None:
    """Return the price that the settings give, or that of the first model in the table.

    Raises:
        SettingsError: the settings give one half of a price.
    """
    given = (settings.price_input_usd, settings.price_output_usd)
    if given[0] is not None and given[1] is not None:
        return Price(input=given[0], output=given[1])
    if given != (None, None):
        raise SettingsError(
            "a price has two halves",
            cure="Set both CODEIO_PRICE_INPUT_USD and CODEIO_PRICE_OUTPUT_USD.",
        )
    return next((_prices()[model] for model in models if model in _prices()), None)


@cache
def _prices() -> Mapping[str, Price]:
    text = resources.files(__package__).joinpath("prices.yaml").read_text("utf-8")
    return _Table.model_validate(yaml.safe_load(text)).models
