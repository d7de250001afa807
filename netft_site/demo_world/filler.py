"""Fills the slots of templates with invented values and keeps book of what it planted.

A slot is `{name}` or `{name#tag}`; a tagged slot keeps its value throughout one ticket.
`[this|that]` in prose picks one alternative. Every value that a sanitizer must remove
is recorded, so a test can look for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from netft_site.demo_world import addresses, credentials
from netft_site.demo_world.entities import Identities, Secret, SecretKind
from netft_site.demo_world.words import names

SLOT = re.compile(r"\{([a-z_]+[0-9]?)(?:#(\w+))?\}")
ALTERNATIVES = re.compile(r"\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")
NUMBERS = {
    "digit": (1, 4),
    "n": (2, 48),
    "nn": (10, 59),
    "big": (1000, 98999),
    "pct": (12, 97),
    "many": (140, 2400),
    "some": (8, 90),
    "few_n": (1, 9),
    "minutes": (10, 55),
    "vlan": (20, 3900),
    "asn": (64512, 65534),
    "port": (1024, 65000),
    "dbm": (58, 94),
    "hot": (46, 83),
}
MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
KEPT = ("person", "user", "email", "time", "weekday", "circuit", "few")


@dataclass(frozen=True)
class Scene:
    """Where a ticket plays: place, customer, box and time."""

    site: tuple[str, str]
    customer: tuple[str, str, str]
    vendor: str
    device_type: str
    opened_at: datetime


class Filler:
    """Turns templates into text for one ticket; same rng, same text."""

    def __init__(self, rng: Random, scene: Scene) -> None:
        self._rng = rng
        self._scene = scene
        self._kept: dict[tuple[str, str], str] = {}
        self._secrets: set[Secret] = set()
        self._users: set[str] = set()
        self._hosts: set[str] = set()
        self._said: set[str] = set()
        self.host = self._new_host(scene.device_type)

    def prose(self, template: str) -> str:
        """Pick alternatives, then fill the slots."""
        return self.device(
            ALTERNATIVES.sub(
                lambda found: self._rng.choice(found[1].split("|")), template
            )
        )

    def device(self, template: str) -> str:
        """Fill the slots of device text, where square brackets are literal."""
        return SLOT.sub(lambda found: self._value(found[1], found[2] or ""), template)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What was planted so far."""
        return tuple(sorted(self._secrets))

    def identities(self, text: str) -> Identities:
        """The invented names that occur in the finished text."""
        name, alias, _ = self._scene.customer
        person = self._kept.get(("person", ""), "")
        return Identities(
            customers=_present((name,), text),
            aliases=_present((alias,), text),
            people=_present((person,), text),
            users=_present(sorted(self._users), text),
            hostnames=_present(sorted(self._hosts), text),
        )

    def _value(self, slot: str, tag: str) -> str:
        if not tag and slot not in KEPT:
            return self._make(slot)
        key = (slot, tag)
        if key not in self._kept:
            self._kept[key] = self._make(slot)
        return self._kept[key]

    def _make(self, slot: str) -> str:
        if slot in NUMBERS:
            return str(self._rng.randint(*NUMBERS[slot]))
        if slot in credentials.MAKERS:
            return self._plant(slot)
        if slot in addresses.MAKERS:
            return self._address(slot)
        return self._words()[slot]()

    def _words(self) -> dict[str, Callable[[], str]]:
        return {
            "host": lambda: self.host,
            "ap": lambda: self._new_host("access point"),
            "site": lambda: self._scene.site[0],
            "site_code": lambda: self._scene.site[1],
            "customer": lambda: self._rng.choice(self._scene.customer[:2]),
            "person": self._person,
            "user": self._user,
            "email": self._email,
            "few": lambda: self._rng.choice(("two", "three", "2", "3")),
            "weekday": lambda: self._rng.choice(names.WEEKDAYS),
            "date": lambda: self._scene.opened_at.strftime("%Y-%m-%d"),
            "time": lambda: self._moment().strftime("%H:%M"),
            "ts": self._syslog_time,
            "mtu": lambda: self._rng.choice(("1400", "1476", "9000", "9216")),
            "ch": lambda: self._rng.choice(("1", "6", "11", "36", "52", "100", "149")),
            "circuit": lambda: f"CID-{self._rng.randint(100000, 999999)}",
            "serial": lambda: f"FX{self._rng.randint(10**8, 10**9 - 1)}",
            "hex": lambda: f"{self._rng.getrandbits(32):08X}",
            "if": self._interface,
        }

    def _plant(self, slot: str) -> str:
        value = credentials.MAKERS[slot](self._rng)
        for line in value.splitlines():
            if "-----" not in line:
                self._secrets.add(Secret(SecretKind.CREDENTIAL, line))
        return value

    def _address(self, slot: str) -> str:
        kind, make = addresses.MAKERS[slot]
        value = make(self._rng, self._scene.site[1])
        self._secrets.add(Secret(kind, value))
        return value

    def _moment(self) -> datetime:
        return self._scene.opened_at - timedelta(seconds=self._rng.randint(90, 2400))

    def _syslog_time(self) -> str:
        # Not strftime: month names there follow the locale.
        at = self._moment()
        return f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"

    def _person(self) -> str:
        first = self._rng.choice(names.FIRST_NAMES)
        return f"{first} {self._rng.choice(names.LAST_NAMES)}"

    def _user(self) -> str:
        first, last = self._value("person", "").split(" ", 1)
        user = f"{first[0]}{last}".lower().replace("ü", "ue")
        self._users.add(user)
        return user

    def _email(self) -> str:
        address = self._value("person", "").lower().replace(" ", ".")
        address = address.replace("ü", "ue")
        value = f"{address}@{self._rng.choice(names.MAIL_DOMAINS)}"
        self._secrets.add(Secret(SecretKind.EMAIL, value))
        return value

    def _new_host(self, device_type: str) -> str:
        role = self._rng.choice(names.ROLES[device_type])
        host = f"{self._scene.site[1]}-{role}{self._rng.randint(1, 48)}"
        self._hosts.add(host)
        return host

    def _interface(self) -> str:
        return addresses.interface(self._rng, self._scene.vendor)


def _present(candidates: tuple[str, ...] | list[str], text: str) -> tuple[str, ...]:
    return tuple(name for name in candidates if name and name in text)
