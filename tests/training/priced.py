"""A project with a price book and scenarios. The prices are nobody's price list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from annotation.models import Project
from training.domain.ranges import Range
from training.models import Price, Scenario
from training.services.economics import pricing, scenarios

DAY = date(2026, 1, 5)
FAR = date(2099, 1, 1)
BOOK = {
    ("acme", "small", "INPUT"): "0.15",
    ("acme", "small", "CACHED_INPUT"): "0.075",
    ("acme", "small", "OUTPUT"): "0.60",
    ("acme", "tuned", "INPUT"): "0.30",
    ("acme", "tuned", "OUTPUT"): "1.20",
    ("acme", "tuned", "TRAINING"): "3",
    ("own team", "engineer", "PERSON_HOUR"): "40",
}
TODAY: dict[str, Any] = {
    "kind": "TODAY",
    "answers_by": ["acme", "small"],
    "prompt_tokens": "1800",
    "repeated_tokens": "1500",
    "answer_tokens": "250",
    "success": "0.8",
}
TUNED: dict[str, Any] = {
    "kind": "FINE_TUNED",
    "answers_by": ["acme", "tuned"],
    "prompt_tokens": "300",
    "answer_tokens": "250",
    "success": "0.9",
    "billing": "TOKENS",
    "training_tokens": "1600000",
    "epochs": "3",
}


def price(project: Project, **given: Any) -> Price:
    """Add one price, usually that of a small model's prompt."""
    usual = {
        "provider": "acme",
        "model": "small",
        "unit": "INPUT",
        "amount": Decimal("0.15"),
        "currency": "USD",
        "source": "https://prices.example/list",
        "valid_from": DAY,
        "expires_on": FAR,
        "by": None,
    }
    return pricing.add_price(project=project, **usual | given)


def fill_book(project: Project, **given: Any) -> None:
    """Add the whole price book."""
    for (provider, model, unit), amount in BOOK.items():
        entry = {"provider": provider, "model": model, "unit": unit}
        price(project, **entry, amount=Decimal(amount), **given)


def share(project: Project, **given: Any) -> None:
    """Write down what the scenarios share: 50,000 requests a month in USD."""
    usual = {"currency": "USD", "requests": Range.exactly(50_000), "draws": 50}
    scenarios.set_shared(project=project, shared=scenarios.Shared(**usual | given))


def save(project: Project, name: str, inputs: dict[str, Any]) -> Scenario:
    """Save a scenario."""
    return scenarios.save_scenario(project=project, name=name, inputs=inputs, by=None)


def worked_example(project: Project) -> None:
    """Today's small model beside a fine-tuned one, with all their prices."""
    fill_book(project)
    share(project)
    save(project, "small", TODAY)
    save(project, "tuned", TUNED)
