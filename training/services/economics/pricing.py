"""The price book of a project: adding, withdrawing, and the rates of a day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from annotation.models import Project
from training.domain.economics import Unit
from training.domain.scenario import Item
from training.models import Price
from training.services.economics.refusals import EconomicsRefused

_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST = Decimal(10) ** 9
_PLACES = Decimal("0.000001")


@dataclass(frozen=True)
class Book:
    """The prices in force on a day in one currency, and those of other currencies."""

    prices: dict[tuple[Item, Unit], Price]
    foreign: dict[tuple[Item, Unit], Price]
    day: date

    @property
    def rates(self) -> dict[tuple[Item, Unit], Decimal]:
        """The amounts alone."""
        return {key: price.amount for key, price in self.prices.items()}

    @property
    def items(self) -> list[Item]:
        """Every entry, by name."""
        return sorted({item for item, _ in (*self.prices, *self.foreign)})

    def stale(self, keys: list[tuple[Item, Unit]]) -> list[Price]:
        """Those of the named prices that should have been checked."""
        found = [self.prices[key] for key in keys if key in self.prices]
        return [price for price in found if price.is_stale(self.day)]


@transaction.atomic
def add_price(
    *,
    project: Project,
    provider: str,
    model: str,
    unit: str,
    amount: Decimal,
    currency: str,
    source: str,
    valid_from: date,
    expires_on: date,
    by: User | None,
) -> Price:
    """Add a price. Raises EconomicsRefused, with the field it is about."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    if not project.is_active:
        raise EconomicsRefused("closed", "The project is closed.")
    item = Item(provider.strip(), model.strip())
    _check(item, unit, amount, currency, source, valid_from, expires_on)
    same = Price.objects.of(project).in_force().filter(valid_from=valid_from)
    if same.filter(provider=item.provider, model=item.model, unit=unit).exists():
        raise EconomicsRefused(
            "known_already",
            "There is a price from that day. Withdraw it first.",
            "valid_from",
        )
    return Price.objects.create(
        project=project,
        provider=item.provider,
        model=item.model,
        unit=unit,
        amount=amount,
        currency=currency,
        source=source.strip(),
        valid_from=valid_from,
        expires_on=expires_on,
        added_by=by,
    )


def _check(
    item: Item,
    unit: str,
    amount: Decimal,
    currency: str,
    source: str,
    valid_from: date,
    expires_on: date,
) -> None:
    wrong = {
        "provider": not item.provider,
        "model": not item.model,
        "unit": unit not in list(Unit),
        "amount": not _is_amount(amount),
        "currency": not _CURRENCY.fullmatch(currency),
        "source": not source.strip(),
        "expires_on": expires_on < valid_from,
    }
    for key, is_wrong in wrong.items():
        if is_wrong:
            raise EconomicsRefused(f"wrong_{key}", _WORDS[key], key)


def _is_amount(amount: Decimal) -> bool:
    if not amount.is_finite() or not 0 <= amount < _MOST:
        return False
    return amount == amount.quantize(_PLACES)


_WORDS = {
    "provider": "Say who is paid.",
    "model": "Say for what.",
    "unit": "There is no such unit.",
    "amount": "Expected an amount of at least 0 with at most six decimals.",
    "currency": "Expected three capital letters, such as EUR.",
    "source": "A price without a source is noise: say where it stands.",
    "expires_on": "This day is before the price begins.",
}


@transaction.atomic
def withdraw_price(*, price: Price, now: datetime) -> None:
    """Withdraw a price. Raises EconomicsRefused (``withdrawn``)."""
    price = Price.objects.select_for_update().get(pk=price.pk)
    if price.withdrawn_at is not None:
        raise EconomicsRefused("withdrawn", "This price is withdrawn already.")
    price.withdrawn_at = now
    price.save(update_fields=["withdrawn_at"])


def book_of(*, project: Project, currency: str, day: date) -> Book:
    """Return the latest price of every entry and unit that has begun by a day."""
    prices: dict[tuple[Item, Unit], Price] = {}
    foreign: dict[tuple[Item, Unit], Price] = {}
    for price in Price.objects.of(project).known_on(day):
        key = Item(price.provider, price.model), Unit(price.unit)
        (prices if price.currency == currency else foreign)[key] = price
    return Book(prices, foreign, day)
