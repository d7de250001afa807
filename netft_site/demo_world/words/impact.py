"""How people say how much is hit, outside wireless.

Three pools of sentences and of title endings by ITIL impact (1 = broad, 3 = narrow),
and one pool that says little either way. No word is meant to stand for a severity:
that follows from impact and urgency together.
"""

from __future__ import annotations

BROAD = (
    "All users at {site} are affected, about {many} people cannot work.",
    "The whole site {site} is down, [nobody|no one] can reach anything outside.",
    "The entire office is cut off, all {many} users are without network.",
    "Complete outage: every [branch|store] behind this hub has lost connectivity.",
    "{customer} reports total loss of service at all locations, both paths are down.",
    "Everything is down for everyone in the building, phones included.",
    "Production has stopped completely, the whole plant is offline.",
    "The primary and the backup are both down, so the entire region is isolated.",
    "Wide outage, {many} users in several buildings have lost everything.",
)

LIMITED = (
    "One floor at {site} is affected, around {some} users, the rest works.",
    "Only the [sales|planning] team sees it, {some} users.",
    "Redundancy is lost, traffic runs on the second path for now.",
    "A few [branches|stores] have trouble, the others work normally.",
    "Degraded rather than down: it is slow for one department.",
    "Part of the [warehouse|building] is affected, around {some} ports.",
    "One switch with {some} users on it is affected, other floors are fine.",
    "Some users of one department complain, {some} calls so far.",
    "It is partial: some connections work, around {some} users notice it.",
)

NARROW = (
    "Only one user is affected, colleagues beside him have no problem.",
    "A single [desk phone|printer] is offline, nothing else.",
    "Nobody has noticed it, we only saw it in monitoring.",
    "No users are affected, it is only a warning in the log.",
    "A single workstation at one desk, it works at the next desk.",
    "No effect on traffic, only an alarm that seems wrong.",
    "One user asks about it, everybody else works without a problem.",
    "Cosmetic only, the service runs without a problem.",
    "It is a question about the log, there is no fault for users.",
)

UNCLEAR = (
    "It is not known how many users are affected.",
    "The extent is unclear, calls are still coming in.",
    "We see the alarm but no one confirmed an effect.",
    "The customer says it is bad, monitoring shows little.",
)

BROAD_TITLES = (
    "whole site down",
    "all users affected",
    "complete outage",
    "several sites down",
    "total loss of service",
)
LIMITED_TITLES = (
    "one floor affected",
    "slow for one team",
    "part of site affected",
    "redundancy lost",
    "some users affected",
)
NARROW_TITLES = (
    "single user only",
    "no users affected",
    "only a question",
    "warning only",
    "one device only",
)
