"""One way to answer a project's requests, read strictly, and what it costs.

A scenario names entries of the price book and states quantities as ranges. One formula
serves the likely figures and every draw. One draw is one world: all scenarios share its
luck, so what differs between two of them in a draw is the scenarios, not chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from training.domain.economics import (
    TokenPrices,
    Tokens,
    Unit,
    answering_cost,
    cost_per_success,
    gpu_training_cost,
    token_training_cost,
)
from training.domain.ranges import NOTHING, Range, RangeError

_MONTHS = Decimal(12)
_LONGEST_NAME = 80
_ITEMS = ("answers_by", "gpu", "labeller", "reviewer")
_ONE = Range.exactly(1)
# The default of the OpenAI cookbook's data preparation.
_USUAL_EPOCHS = Range.exactly(3)


class ScenarioError(ValueError):
    """A scenario that cannot be used; `key` names the place."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(f"{key}: {expected}")
        self.key = key
        self.expected = expected


class Kind(StrEnum):
    """What a scenario changes; everything but the first is an alternative."""

    TODAY = "TODAY"
    BETTER_PROMPT = "BETTER_PROMPT"
    RETRIEVAL = "RETRIEVAL"
    SMALLER_MODEL = "SMALLER_MODEL"
    FINE_TUNED = "FINE_TUNED"


class Billing(StrEnum):
    """How training is paid for."""

    NONE = "NONE"
    TOKENS = "TOKENS"
    GPU_HOURS = "GPU_HOURS"


class Item(NamedTuple):
    """An entry of the price book: a provider and its model, machine or kind of work."""

    provider: str
    model: str


Rates = Mapping[tuple[Item, Unit], Decimal]
Pick = Callable[[str, Range], Decimal]


@dataclass(frozen=True)
class Scenario:
    """A way to answer: entries of the price book, quantities, and training.

    Tokens are per request: of the prompt, `repeated_tokens` are the same every time
    and `cached_tokens` are billed as cached. `training_tokens` are per epoch,
    `success` is a share of answers,
    `runs` all paid runs before the first release, failed ones among them.

    Raises
    ------
    ScenarioError
        If the cached part exceeds the prompt, a share exceeds 1, or training has no
        entry to be paid by.
    """

    kind: Kind
    answers_by: Item | None = None
    gpu: Item | None = None
    labeller: Item | None = None
    reviewer: Item | None = None
    prompt_tokens: Range = NOTHING
    repeated_tokens: Range = NOTHING
    cached_tokens: Range = NOTHING
    answer_tokens: Range = NOTHING
    success: Range | None = None
    gpu_hours_a_month: Range = NOTHING
    label_hours: Range = NOTHING
    review_hours: Range = NOTHING
    evaluation_requests: Range = NOTHING
    billing: Billing = Billing.NONE
    training_tokens: Range = NOTHING
    epochs: Range = _USUAL_EPOCHS
    evaluations: Range = NOTHING
    validation_tokens: Range = NOTHING
    tokens_per_second: Range = NOTHING
    gpus: Range = _ONE
    runs: Range = _ONE
    retrainings_a_year: Range = NOTHING

    def __post_init__(self) -> None:
        for name in ("repeated_tokens", "cached_tokens"):
            if getattr(self, name).likely > self.prompt_tokens.likely:
                raise ScenarioError(name, "more than the prompt has")
        if self.success is not None and self.success.high > 1:
            raise ScenarioError("success", "expected shares from 0 to 1")
        if self.answers_by is None and self.gpu is None:
            raise ScenarioError("answers_by", "expected what answers, or a GPU")
        if self.billing is Billing.TOKENS and self.answers_by is None:
            raise ScenarioError("answers_by", "training by token needs its entry")
        self._check_hours()

    def _check_hours(self) -> None:
        by_gpu = self.billing is Billing.GPU_HOURS
        if by_gpu and not self.tokens_per_second.low:
            raise ScenarioError("tokens_per_second", "expected more than 0")
        wants = {
            "gpu": by_gpu or self.gpu_hours_a_month.high,
            "labeller": self.label_hours.high,
            "reviewer": self.review_hours.high,
        }
        for name, is_wanted in wants.items():
            if is_wanted and getattr(self, name) is None:
                raise ScenarioError(name, "hours need an entry of the price book")
        # Left empty, what is paid for would cost nothing and pay for itself at once.
        paid = () if self.billing is Billing.NONE else ("training_tokens", "epochs")
        for name in (*paid, "gpus", "runs"):
            if self.billing is not Billing.NONE and not getattr(self, name).low:
                raise ScenarioError(name, "expected more than 0")

    @classmethod
    def parse(cls, data: Any) -> Scenario:
        """Read plain JSON; unknown keys are refused. Raises ScenarioError."""
        if not isinstance(data, Mapping):
            raise ScenarioError("inputs", "expected an object")
        known = {field.name for field in fields(cls)}
        for key in data:
            if key not in known:
                raise ScenarioError(str(key), "unknown")
        if "kind" not in data:
            raise ScenarioError("kind", "missing")
        return cls(**{key: _read(key, value) for key, value in data.items()})

    def as_json(self) -> dict[str, Any]:
        """Return the shape that `parse` reads, in full."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    def needs(self) -> list[tuple[Item, Unit]]:
        """Return the prices without which nothing can be computed."""
        wanted: list[tuple[Item | None, Unit, Any]] = [
            (self.answers_by, Unit.INPUT, self.answers_by),
            (self.answers_by, Unit.CACHED_INPUT, self.cached_tokens.high),
            (self.answers_by, Unit.OUTPUT, self.answers_by),
            (self.answers_by, Unit.TRAINING, self.billing is Billing.TOKENS),
            (self.gpu, Unit.GPU_HOUR, self._uses_gpu),
            (self.labeller, Unit.PERSON_HOUR, self.label_hours.high),
            (self.reviewer, Unit.PERSON_HOUR, self.review_hours.high),
        ]
        found = [(item, unit) for item, unit, is_used in wanted if item and is_used]
        return list(dict.fromkeys(found))

    @property
    def is_exact(self) -> bool:
        """Whether no quantity is uncertain."""
        values = (getattr(self, field.name) for field in fields(self))
        return all(one.is_exact for one in values if isinstance(one, Range))

    @property
    def _uses_gpu(self) -> bool:
        by_gpu = self.billing is Billing.GPU_HOURS
        return by_gpu or bool(self.gpu_hours_a_month.high)


@dataclass(frozen=True)
class Outcome:
    """What a scenario costs in one world: up front, a month, a successful answer."""

    training: Decimal
    people: Decimal
    upfront: Decimal
    monthly: Decimal
    per_success: Decimal | None


def outcome(scenario: Scenario, requests: Range, rates: Rates, pick: Pick) -> Outcome:
    """Return the costs with every range replaced by what `pick` takes of it.

    `rates` holds at least what `scenario.needs()` names.
    """

    def take(name: str) -> Decimal:
        return pick(name, getattr(scenario, name))

    def rate(item: Item | None, unit: Unit) -> Decimal:
        return rates.get((item, unit), Decimal(0)) if item else Decimal(0)

    once = _one_training(scenario, rate, take)
    people = take("label_hours") * rate(scenario.labeller, Unit.PERSON_HOUR)
    people += take("review_hours") * rate(scenario.reviewer, Unit.PERSON_HOUR)
    asked = pick("requests", requests)
    one = _one_answer(scenario, rate, take)
    hosting = take("gpu_hours_a_month") * rate(scenario.gpu, Unit.GPU_HOUR)
    monthly = asked * one + hosting + once * take("retrainings_a_year") / _MONTHS
    success = take("success") if scenario.success is not None else None
    training = once * take("runs")
    return Outcome(
        training=training,
        people=people,
        upfront=training + people + take("evaluation_requests") * one,
        monthly=monthly,
        per_success=cost_per_success(monthly, asked, success),
    )


Rate = Callable[[Item | None, Unit], Decimal]
Take = Callable[[str], Decimal]


def _one_answer(scenario: Scenario, rate: Rate, take: Take) -> Decimal:
    item = scenario.answers_by
    prices = TokenPrices(
        rate(item, Unit.INPUT), rate(item, Unit.CACHED_INPUT), rate(item, Unit.OUTPUT)
    )
    tokens = Tokens(take("prompt_tokens"), take("cached_tokens"), take("answer_tokens"))
    return answering_cost(Decimal(1), tokens, prices)


def _one_training(scenario: Scenario, rate: Rate, take: Take) -> Decimal:
    if scenario.billing is Billing.NONE:
        return Decimal(0)
    tokens, epochs = take("training_tokens"), take("epochs")
    if scenario.billing is Billing.GPU_HOURS:
        price = rate(scenario.gpu, Unit.GPU_HOUR)
        pace, gpus = take("tokens_per_second"), take("gpus")
        return gpu_training_cost(tokens, epochs, pace, gpus, price) or Decimal(0)
    return token_training_cost(
        tokens,
        epochs,
        rate(scenario.answers_by, Unit.TRAINING),
        evaluations=take("evaluations"),
        validation_tokens=take("validation_tokens"),
    )


def _read(key: str, value: Any) -> Any:
    if key == "kind":
        return _choice(Kind, key, value)
    if key == "billing":
        return _choice(Billing, key, value)
    if key in _ITEMS:
        return _item(key, value)
    if key == "success" and value is None:
        return None
    try:
        return Range.parse(value)
    except RangeError as error:
        raise ScenarioError(key, str(error)) from error


def _choice(kind: type[StrEnum], key: str, value: Any) -> StrEnum:
    if not isinstance(value, str) or value not in list(kind):
        raise ScenarioError(key, f"expected one of {', '.join(kind)}")
    return kind(value)


def _item(key: str, value: Any) -> Item | None:
    if value is None:
        return None
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    if not is_pair or any(
        type(part) is not str or not 0 < len(part) <= _LONGEST_NAME for part in value
    ):
        raise ScenarioError(key, "expected a provider and a model")
    return Item(*value)


def _plain(value: Any) -> Any:
    if isinstance(value, Range):
        return value.as_json()
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, Item) else value
