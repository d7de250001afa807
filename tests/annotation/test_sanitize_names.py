"""Names and addresses go in every spelling, and what only looks like one stays."""

from __future__ import annotations

import pytest

from annotation.domain.sanitize import Context, Keyring, Knowledge, Sanitizer
from tests.annotation.sanitizing import KEY, SANITIZER


def test_names_are_replaced_in_any_spelling_by_one_token():
    context = Context(
        customers=("Northwind Freight",),
        customer_aliases=("northwind",),
        people=("Priya Raman",),
        hostnames=("fra1-core-rtr01",),
    )
    sanitizer = Sanitizer(Keyring(KEY), Knowledge(context))

    spellings = "NORTHWIND FREIGHT, NorthwindFreight, Northwind's, vs_northwind-freight"
    customers = sanitizer.sanitize(spellings)
    others = sanitizer.sanitize("Raman, Priya on FRA1-CORE-RTR01#")

    assert len({span.token for span in customers.spans}) == 1
    assert len(customers.spans) == 4
    assert [span.type for span in others.spans] == ["person", "hostname"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Northwind Freightams2-edge-rtr09# show run", "ams2"),
        ("Northwind Freight.ams2-edge-rtr09# show run", "ams2"),
        ("Northwind Freight@ams2-edge-rtr09# show run", "ams2"),
        ("Northwind Freight)pe3-par1#snmp-server location Berlin DC 4", "Berlin"),
        ("7c21.0d3a.91f8.FCW2145L0AB", "7c21.0d3a.91f8"),
        ("2001:db8:44:210::1'ip host  ams2-edge-rtr09.corp.example.net]", "ams2"),
    ],
)
def test_what_is_glued_to_a_replaced_name_goes_in_the_first_pass(text, kept):
    known = Knowledge(Context(customers=("Northwind Freight",)))
    sanitizer = Sanitizer(Keyring(KEY), known)

    first = sanitizer.sanitize(text)

    assert first.spans
    assert kept not in first.text
    assert sanitizer.sanitize(first.text, first.spans).text == first.text


def test_many_names_are_found_like_few():
    names = tuple(f"Customer {n:04d} Networks" for n in range(500))
    sanitizer = Sanitizer(
        Keyring(KEY), Knowledge(Context(customers=names, users=("ab",)))
    )

    result = sanitizer.sanitize("circuit of customer 0123 networks, user ab")

    assert [span.type for span in result.spans] == ["customer", "user"]


def test_mail_addresses_go_and_hosts_behind_an_at_sign_stay():
    result = SANITIZER.sanitize("mail tom.k@umbra.example, ssh admin@edge7")

    assert "tom.k" not in result.text
    assert result.text.endswith("ssh admin@edge7")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ip route 0.0.0.0 0.0.0.0 Null0", "0.0.0.0 0.0.0.0"),
        ("netmask 255.255.255.248 area 0.0.0.1", "255.255.255.248 area 0.0.0.1"),
        ("hello to 224.0.0.5 and 127.0.0.1", "224.0.0.5 and 127.0.0.1"),
        ("Version 15.1.10.2 of IOS", "15.1.10.2"),
        ("snmpget 1.3.6.1.4.1.9.9.109.1.1", "1.3.6.1.4.1.9.9.109.1.1"),
        ("std::vector a::b at 12:34:56", "std::vector a::b at 12:34:56"),
        ("wwn 50:06:01:60:3b:a0:11:22", "50:06:01:60:3b:a0:11:22"),
        ("resolver 8.8.8.8", "8.8.8.8"),
    ],
)
def test_what_only_looks_like_an_address_stays(text: str, kept: str):
    assert kept in SANITIZER.sanitize(text).text


@pytest.mark.parametrize(
    "address",
    [
        "*>i10.2.2.0/24", "10[.]30[.]1[.]15", "203.0.\n113.77", "010.030.001.015",
        "ip-10-30-1-15.example", "src=10.1.2.10:51234", "server 10.6.6.6",
        "2001:DB8:0:FFFF::13", "::ffff:10.30.1.15", "7c21-0d3a-91f8", "7c210d-3a91f8",
    ],
)  # fmt: skip
def test_addresses_are_found_in_every_notation(address: str):
    result = SANITIZER.sanitize(f"saw {address} today")

    assert len(result.spans) == 1
    assert address not in result.text


@pytest.mark.parametrize("name", ["Анна Орлова", "Jürgen Groß", "Łukasz Żak", "İpek Ö"])
def test_people_of_any_alphabet_are_found_as_their_names_are_read(name: str):
    sanitizer = Sanitizer(Keyring(KEY), Knowledge(Context(people=(name,))))

    assert name not in sanitizer.sanitize(f"asked {name} to call back").text


def test_a_host_whose_name_begins_with_a_sign_is_found():
    sanitizer = Sanitizer(Keyring(KEY), Knowledge(Context(hostnames=("#fw01",))))

    assert "#fw01" not in sanitizer.sanitize("host #fw01 is down").text
