"""What a call costs, from the price table beside this module."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

_MILLION = Decimal(1_000_000)


class Price(BaseModel):
    """US dollars per million tokens."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    input: Decimal
    output: Decimal


class _Table(BaseModel):
    models: dict[str, Price]


def call_cost_usd(model: str, *, prompt_tokens: int, completion_tokens: int) -> Decimal | None:
    """Return the price of a call, or None when the model is not in the table.

    Discounts for cached prompts or off-peak hours are not known here, so this is an
    upper bound for endpoints that grant them.
    """
    price = _prices().get(model)
    if price is None:
        return None
    return (price.input * prompt_tokens + price.output * completion_tokens) / _MILLION


@cache
def _prices() -> Mapping[str, Price]:
    text = resources.files(__package__).joinpath("prices.yaml").read_text("utf-8")
    return _Table.model_validate(yaml.safe_load(text)).models
