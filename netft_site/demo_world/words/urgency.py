"""How people say how soon it matters, outside wireless.

Three pools by ITIL urgency (1 = now, 3 = whenever) and one that says little. The pools
never mention how many are hit, which is what `impact` is for.
"""

from __future__ import annotations

NOW = (
    "There is no workaround and it is getting worse, please act immediately.",
    "It must be back before {time}, business opens in {minutes} minutes.",
    "{customer} is on the bridge and wants it restored immediately.",
    "They are losing orders every minute, this cannot wait.",
    "Please call the engineer on duty right now.",
    "It is down right now and there is no sign of recovery.",
    "There is nothing to fall back on, they need it right now.",
    "The last remaining path shows errors too, act immediately.",
    "It fails right now during the main shift, no workaround.",
)

SOON = (
    "It should be fixed today, a workaround is in place until then.",
    "They can work around it until this evening.",
    "Please repair it by end of business today.",
    "It is intermittent and recovers after some minutes, look at it today.",
    "The workaround is fragile, please plan a repair for tonight.",
    "Someone should look at it during this shift.",
    "Tomorrow morning is the latest they accept.",
    "The spare is in stock, swap it tonight if possible.",
    "The customer expects a callback today.",
)

LATER = (
    "No rush, the next maintenance window is fine.",
    "It can wait until {weekday} next week or later.",
    "For information only, close it when convenient.",
    "They have an easy alternative and are in no hurry.",
    "It has been like this for months, no rush.",
    "Please add it to the backlog for the next refresh.",
    "It happened once last month and has not come back.",
    "It already recovered, we only want to know why.",
    "Whenever somebody is there anyway, no deadline.",
)

UNCLEAR = (
    "No date was given.",
    "The reporter did not say by when.",
    "They would like to hear from us.",
    "It is unknown whether they can work around it.",
)

NOW_TITLES = ("urgent", "act immediately", "cannot wait", "no workaround")
SOON_TITLES = ("fix today", "workaround in place", "by this evening", "deadline today")
LATER_TITLES = ("no rush", "can wait", "for information", "no deadline")
