"""The price book: prices with a source and a day, never edited, withdrawn at most."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from netft_site.base.refusals import Refused
from tests.factories import ProjectFactory
from tests.training.pages import queries_of, text_of
from tests.training.priced import DAY, FAR, fill_book, price
from training.domain.economics import Unit
from training.domain.scenario import Item
from training.models import Price, PriceIsFixed
from training.services.economics import pricing

pytestmark = pytest.mark.django_db

LIST = "/admin/training/price/"
ADD = f"{LIST}add/"
SMALL = Item("acme", "small")
LATER = date(2026, 2, 1)


def typed(owner, **given: object) -> dict[str, object]:
    usual = {
        "project": owner.pk,
        "provider": "acme",
        "model": "small",
        "unit": "INPUT",
        "amount": "0.15",
        "currency": "usd",
        "source": "https://prices.example/list",
        "valid_from": "2026-01-05",
        "expires_on": "2026-04-05",
    }
    return usual | given


@pytest.mark.parametrize(
    ("who", "look", "add"),
    [
        ("alice", 200, 302),
        ("bob", 403, 403),
        ("carol", 403, 403),
        ("dana", 403, 403),
        ("erin", 200, 302),
        ("frank", 403, 403),
        ("grace", 200, 403),
    ],
)
def test_who_may_look_and_who_may_add(request, project, browser_of, who, look, add):
    browser = browser_of(request.getfixturevalue(who))

    assert browser.get(LIST).status_code == look
    assert browser.post(ADD, typed(project)).status_code == add
    assert Price.objects.exists() == (add == 302)


def test_a_lead_of_another_project_neither_sees_nor_adds(project, mallory, browser_of):
    price(project)
    browser = browser_of(mallory)

    assert "No prices yet" in text_of(browser.get(LIST))
    assert browser.post(ADD, typed(project)).status_code == 422
    assert Price.objects.count() == 1


def test_an_added_price_keeps_its_source_its_days_and_who_added_it(
    project, erin, browser_of
):
    browser_of(erin).post(ADD, typed(project))

    kept = Price.objects.get()
    assert (kept.amount, kept.currency) == (Decimal("0.15"), "USD")
    assert kept.source == "https://prices.example/list"
    assert (kept.valid_from, kept.added_by) == (DAY, erin)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source": " "}, "required"),
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"amount": "0.1234567"}, "decimal places"),
        ({"currency": "D1"}, "three capital letters"),
        ({"expires_on": "2026-01-04"}, "before the price begins"),
        ({"unit": "WORD"}, "valid choice"),
        ({"project": "0"}, "valid choice"),
    ],
)
def test_a_wrong_price_says_what_is_wrong(project, erin, browser_of, wrong, words):
    answer = browser_of(erin).post(ADD, typed(project, **wrong))

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Price.objects.exists()


def test_two_prices_from_one_day_are_refused(project, erin, browser_of):
    price(project)

    answer = browser_of(erin).post(ADD, typed(project))

    assert answer.status_code == 422
    assert "a price from that day" in text_of(answer)


def test_the_database_itself_refuses_a_second_price_of_a_day(project):
    twin = price(project)
    twin.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        Price.objects.bulk_create([twin])


def test_a_price_is_never_edited_or_deleted(project):
    one = price(project)
    one.amount = Decimal(9)

    for change in (
        one.save,
        one.delete,
        Price.objects.all().delete,
        lambda: Price.objects.update(amount=1),
    ):
        with pytest.raises(Refused) as refused:
            change()
        assert refused.value.code == "price_is_fixed"
    with pytest.raises(PriceIsFixed):
        one.save(update_fields=["amount", "withdrawn_at"])
    assert Price.objects.get().amount == Decimal("0.15")


def test_the_latest_price_that_has_begun_is_the_one_of_a_day(project):
    price(project)
    price(project, valid_from=LATER, amount=Decimal("0.10"))

    def rate(day: date) -> Decimal | None:
        book = pricing.book_of(project=project, currency="USD", day=day)
        return book.rates.get((SMALL, Unit.INPUT))

    assert rate(date(2026, 1, 4)) is None
    assert rate(date(2026, 1, 31)) == Decimal("0.15")
    assert rate(LATER) == Decimal("0.10")


def test_withdrawing_a_price_brings_back_the_one_before(project):
    price(project)
    newer = price(project, valid_from=LATER, amount=Decimal("0.10"))

    pricing.withdraw_price(price=newer, now=timezone.now())

    book = pricing.book_of(project=project, currency="USD", day=LATER)
    assert book.rates == {(SMALL, Unit.INPUT): Decimal("0.15")}
    with pytest.raises(Refused, match="withdrawn already"):
        pricing.withdraw_price(price=newer, now=timezone.now())


def test_a_price_in_another_currency_is_not_converted(project):
    price(project, currency="EUR")

    book = pricing.book_of(project=project, currency="USD", day=LATER)

    assert book.rates == {}
    assert (SMALL, Unit.INPUT) in book.foreign


def test_prices_of_another_project_do_not_count(project):
    price(ProjectFactory(slug="other"))

    assert pricing.book_of(project=project, currency="USD", day=LATER).rates == {}


def test_a_price_is_stale_from_the_day_after(project):
    one = price(project, expires_on=LATER)

    assert not one.is_stale(LATER)
    assert one.is_stale(date(2026, 2, 2))


def test_a_closed_project_takes_no_prices(project):
    project.is_active = False
    project.save()

    with pytest.raises(Refused) as refused:
        price(project)

    assert refused.value.code == "closed"


def test_the_list_flags_what_is_stale_and_links_to_the_source(
    project, grace, browser_of
):
    price(project, expires_on=DAY)
    price(project, unit="OUTPUT", source="contract of <b>May</b>")

    answer = browser_of(grace).get(LIST)
    stale = browser_of(grace).get(f"{LIST}?stale=yes")

    assert "Stale" in text_of(answer)
    assert b'href="https://prices.example/list"' in answer.content
    assert b"<b>May" not in answer.content
    assert "1 price" in text_of(stale)


def test_a_source_is_a_link_only_to_the_web(project, grace, browser_of):
    price(project, source="javascript:alert(1)")

    assert b'href="javascript' not in browser_of(grace).get(LIST).content


def test_a_lead_withdraws_a_price_after_being_asked(project, alice, browser_of):
    one = price(project)
    browser = browser_of(alice)
    asked = {"action": "withdraw", "_selected_action": one.pk}

    first = browser.post(LIST, asked)
    assert Price.objects.in_force().exists()
    browser.post(LIST, asked | {"confirmed": "yes"})

    assert "an earlier price holds again" in text_of(first)
    assert not Price.objects.in_force().exists()


def test_a_reader_withdraws_nothing(project, grace, browser_of):
    one = price(project)
    asked = {"action": "withdraw", "_selected_action": one.pk, "confirmed": "yes"}

    browser_of(grace).post(LIST, asked)

    assert Price.objects.in_force().exists()


def test_a_long_price_book_takes_as_many_queries_as_a_short_one(
    project, erin, browser_of
):
    price(project)
    few = queries_of(browser_of(erin), LIST)
    fill_book(project, valid_from=LATER, expires_on=FAR)

    assert queries_of(browser_of(erin), LIST) == few <= 25
