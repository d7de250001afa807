"""How wireless people say how much is hit and how soon it matters.

The vocabulary is their own: clients, roaming, coverage, wards and scanners. A model
that has read few wireless tickets has met few of these phrases, which is the story
that the demo tells.
"""

from __future__ import annotations

BROAD = (
    "SSID down in all wards, {many} clients deauthenticated.",
    "All APs dropped off the controller and hunt for it.",
    "Client count fell from {many} to zero across the campus.",
    "No beacon on air anywhere, every AP sits in discovery.",
    "The controller pair is gone, every AP lost its tunnel.",
    "Handhelds in all aisles lost association, picking has ceased.",
    "802.1X rejects all supplicants on air, {many} clients in a loop.",
    "Zero clients on air, all radios of the hospital are off.",
    "Infusion pumps and nurse phones in all wards lost coverage.",
    "Every radio across the campus rebooted, zero clients came back.",
)

LIMITED = (
    "SSID down in ward {few_n}, neighbouring wards have signal.",
    "{some} clients on the upper deck roam badly, others are stable.",
    "A cluster of {few_n} APs joined and dropped again and again.",
    "Coverage hole between aisle {n} and the dock, scanners stall there.",
    "5 GHz radios of one wing are off, clients crowd on 2.4.",
    "High retries in the canteen, {some} sticky clients there.",
    "Voice handsets clip while roaming in ward {few_n}, data is usable.",
    "One lecture hall overloads, {some} clients on a radio.",
    "Guests fail at the portal, the staff SSID is stable.",
    "APs of one wing fell to the backup controller, clients roam badly.",
)

NARROW = (
    "One scanner keeps roaming between two APs.",
    "An AP in a storage room is unjoined, neighbours cover the spot.",
    "One tablet refuses WPA3 but joins the legacy SSID.",
    "Rogue entry turned out to be a phone hotspot.",
    "One handset with an ancient driver drops, newer handsets do not.",
    "One radio reset itself, clients were steered away before.",
    "The heat map shows a thin corner, no client was ever there.",
    "A bench AP does not upgrade, no client on it.",
    "One sticky client at -78 dBm, its owner did not feel it.",
    "The AP at the bike shed has a wrong LED, its radio is up.",
)

UNCLEAR = (
    "Wi-Fi is bad, says the ward, no more detail.",
    "Clients come and go in the list, hard to tell from roaming.",
    "They call it a coverage problem, the survey shows none.",
)

NOW = (
    "Nurses chart on paper, get the air back.",
    "Picking wave starts at {time} and scanners are needed.",
    "Turnstiles read over the air and doors open at {time}.",
    "Every reboot makes more APs fall off, it snowballs.",
    "Alarm pendants ride on this SSID, somebody has to watch the doors.",
    "An exam is in progress on air, students sit there.",
    "Handhelds have no socket, cabling cannot replace the air.",
    "Theatre is mid-procedure with a roaming cart.",
)

SOON = (
    "Carts were moved closer to another AP for this round.",
    "Clients were steered to the other SSID, until tomorrow's rounds.",
    "Channel was set by hand, RRM is to be sorted out tonight.",
    "Scanners buffer and sync later, good until stocktaking.",
    "A hotspot bridges it until the evening round.",
    "Power-cycling the AP helps for some hours.",
    "Swap the AP tonight when the hall is empty.",
    "Users stay on 2.4 until the evening.",
)

LATER = (
    "Take it along at the next walk-through survey.",
    "An antenna is on order, mount it when it arrives.",
    "Cable is there as well and they prefer it.",
    "The next RF tuning round will do.",
    "That AP leaves with the Wi-Fi refresh.",
    "Seen once in the roam history, not since.",
    "The hall is empty until the autumn fair.",
    "Note it for the next controller upgrade.",
)

UNCLEAR_URGENCY = (
    "The ward did not say if they can do without.",
    "No word on when coverage is needed there.",
)

BROAD_TITLES = ("SSID down", "zero clients", "all APs", "campus off air")
LIMITED_TITLES = ("one ward", "one wing", "patchy", "bad roaming")
NARROW_TITLES = ("one client", "bench AP", "odd LED", "hotspot")

NOW_TITLES = ("nurses wait", "doors open soon", "exam running", "picking waits")
SOON_TITLES = ("until tonight", "carts moved", "clients steered", "this round")
LATER_TITLES = ("next survey", "with the refresh", "next tuning", "hall empty")
