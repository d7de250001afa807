"""What training and answering cost, and when training has paid for itself.

Formulas over Decimal, without a price in them: prices come from a project's price book.
Token prices are per million tokens, as providers quote them. Where a figure is not
defined it is None, never a negative or an infinite number.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MILLION = Decimal(1_000_000)
_HOUR = Decimal(3600)


class Unit(StrEnum):
    """What a price is for."""

    INPUT = "INPUT"
    CACHED_INPUT = "CACHED_INPUT"
    OUTPUT = "OUTPUT"
    TRAINING = "TRAINING"
    GPU_HOUR = "GPU_HOUR"
    PERSON_HOUR = "PERSON_HOUR"


@dataclass(frozen=True)
class Tokens:
    """Tokens of one request: the prompt, its cached part, the answer.

    A cached part larger than the prompt counts as the whole prompt.
    """

    prompt: Decimal
    cached: Decimal
    answer: Decimal


@dataclass(frozen=True)
class TokenPrices:
    """Prices per million tokens."""

    input: Decimal
    cached_input: Decimal
    output: Decimal


def answering_cost(requests: Decimal, tokens: Tokens, prices: TokenPrices) -> Decimal:
    """Return R/1e6 * ((in - cached) * p_in + cached * p_cached + out * p_out)."""
    cached = min(tokens.cached, tokens.prompt)
    return (
        requests
        / MILLION
        * (
            (tokens.prompt - cached) * prices.input
            + cached * prices.cached_input
            + tokens.answer * prices.output
        )
    )


def token_training_cost(
    tokens: Decimal,
    epochs: Decimal,
    price: Decimal,
    *,
    evaluations: Decimal = Decimal(0),
    validation_tokens: Decimal = Decimal(0),
) -> Decimal:
    """Return price/1e6 * (epochs * tokens + evaluations * validation tokens).

    `tokens` are those of one epoch after cutting at the model's limit: what is cut is
    not paid for, and without packing a provider may count padding as well.
    """
    return price / MILLION * (epochs * tokens + evaluations * validation_tokens)


def gpu_training_cost(
    tokens: Decimal,
    epochs: Decimal,
    tokens_per_second: Decimal,
    gpus: Decimal,
    price: Decimal,
) -> Decimal | None:
    """Return epochs * tokens / throughput / 3600 * GPUs * price of a GPU hour.

    The throughput is that of all GPUs together; at zero the cost is not defined.
    """
    if tokens_per_second <= 0:
        return None
    return epochs * tokens / tokens_per_second / _HOUR * gpus * price


def break_even_months(extra: Decimal, saving: Decimal) -> Decimal | None:
    """Return the months until a monthly saving has paid what was spent up front.

    `extra` is what one way costs up front beyond the other. Without a saving the answer
    is None, never; with one and nothing extra to pay, zero: at once.
    """
    if saving <= 0:
        return None
    return max(extra, Decimal(0)) / saving


def return_on_investment(
    months: Decimal, extra: Decimal, saving: Decimal
) -> Decimal | None:
    """Return (months * saving - extra) / extra; None where nothing extra was spent."""
    return (months * saving - extra) / extra if extra > 0 else None


def cost_per_success(
    cost: Decimal, requests: Decimal, success: Decimal | None
) -> Decimal | None:
    """Return cost / (requests * success), None where no answer succeeds."""
    successes = requests * (success or Decimal(0))
    return cost / successes if successes > 0 else None
