"""Invented customers, sites, people and mail domains of the synthetic network.

Customers carry the tier of their contract. Mail domains end in `.example`, which is
reserved, so that no address can belong to anybody.
"""

from __future__ import annotations

# name, short name used in speech, tier
CUSTOMERS = (
    ("Halvorsen Cold Storage", "Halvorsen", "gold"),
    ("Brindle & Marsh Logistics", "Brindle", "gold"),
    ("Quillfeather Insurance", "Quillfeather", "silver"),
    ("Ostermoor Hospitals", "Ostermoor", "gold"),
    ("Tarnwick Municipal Services", "Tarnwick", "silver"),
    ("Peregrine Yards", "Peregrine", "bronze"),
    ("Solvang Orchard Foods", "Solvang Orchard", "silver"),
    ("Mirefield University", "Mirefield", "silver"),
    ("Copperline Credit Union", "Copperline", "gold"),
    ("Addlestrop Retail Group", "Addlestrop", "bronze"),
    ("Vantongeren Chemicals", "Vantongeren", "gold"),
    ("Larkhollow Schools", "Larkhollow", "bronze"),
    ("Ironbeck Castings", "Ironbeck", "silver"),
    ("Saltmarsh Ferries", "Saltmarsh", "silver"),
    ("Dunmarrow Press", "Dunmarrow", "bronze"),
    ("Zephyrine Airports", "Zephyrine", "gold"),
)

# name, code used in host names
SITES = (
    ("Lynhaven", "lyn"),
    ("Brackwater", "brk"),
    ("Oakmere", "oak"),
    ("Steinfurt Nord", "stn"),
    ("Calder Cross", "cdx"),
    ("Ravensholt", "rvh"),
    ("Port Amble", "pam"),
    ("Wexcombe", "wex"),
    ("Tolmers Green", "tgr"),
    ("Kestrel Park", "kpk"),
    ("Marisco", "mrs"),
    ("Eastlode", "elo"),
    ("Hinterbrugg", "htb"),
    ("Nethercote", "nct"),
    ("Vale Depot", "vld"),
    ("Sorrel Hill", "shl"),
    ("Quarry Lane", "qln"),
    ("Fennimore", "fnm"),
    ("Upper Tarn", "utn"),
    ("Glasshouse Wharf", "ghw"),
    ("Bexhall", "bxh"),
    ("Morvane", "mrv"),
    ("Sandgate", "sdg"),
    ("Ilverstone", "ilv"),
)

FIRST_NAMES = (
    "Anneke", "Bogdan", "Chiara", "Dorian", "Elspeth", "Farid", "Greta", "Henrik",
    "Imani", "Jolanta", "Kaspar", "Leocadia", "Mirela", "Nils", "Oluwaseun", "Petra",
    "Quentin", "Rosalind", "Soraya", "Tadeusz", "Ulrike", "Vikram", "Wilma", "Yannick",
)  # fmt: skip

LAST_NAMES = (
    "Abendroth", "Birkeland", "Castellane", "Dragomir", "Eskildsen", "Fairweather",
    "Grünwald", "Hollister", "Ikonen", "Jessop", "Kowalczyk", "Lindqvist", "Mbeki-Rose",
    "Norrington", "Okonjo", "Pemberley", "Quist", "Ravensdale", "Szalai", "Thistlewood",
    "Umarov", "Vandermeer", "Whitcombe", "Zielinski",
)  # fmt: skip

MAIL_DOMAINS = (
    "noc.example",
    "helpdesk.example",
    "branches.example",
    "field-ops.example",
    "customer-care.example",
)

# device type -> the role used in host names
ROLES = {
    "router": ("edge-r", "wan-r", "pe", "agg-r"),
    "switch": ("acc-sw", "dist-sw", "core-sw", "tor"),
    "firewall": ("fw", "vpn-gw"),
    "wireless controller": ("wlc", "mc"),
    "access point": ("ap",),
    "server": ("dns", "dhcp", "ipam"),
    "power": ("ups", "pdu"),
}

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
