"""What seniors write: ideal answers to a ticket and reasons for an adjudication.

Impact and urgency are named here in plain words, because an answer explains the level
that its author chose.
"""

from __future__ import annotations

# by level, most severe first
REASONS = (
    (
        "Broad impact and no time left.",
        "Service is down for many and nothing bridges it.",
        "Both impact and urgency are at the top of the matrix.",
    ),
    (
        "Serious, but either the extent or the time pressure is limited.",
        "Act today: many are hit, or a few cannot wait.",
        "Redundancy or a large group is at stake.",
    ),
    (
        "Limited effect, or a workaround carries them for now.",
        "Worth a fix in the normal course of the week.",
        "Medium in the matrix: neither broad nor pressing.",
    ),
    (
        "Little effect and nobody waits for it.",
        "Can go into the backlog.",
        "A notice or a question rather than a fault.",
    ),
)

FIRST_STEPS = (
    "{check}.",
    "Start on {host}. {check}.",
    "{check}. Log in to {host} via the jump host, not over the production path.",
    "Before anything else: {check}.",
)

NEXT_STEPS = (
    "If that is clean, escalate to the {category} team with the output.",
    "Tell the site what was found and by when the next update comes.",
    "Attach the output of {host} to the ticket before changing anything.",
    "If it returns within a day, open a problem record.",
    "Keep {address} under watch for an hour afterwards.",
)

ADJUDICATIONS = (
    "Read the text again: {reason}",
    "{reason} The ratings differ only in how they read the deadline.",
    "Decided by the matrix. {reason}",
    "{reason} Spoke with the raters, no objection.",
    "The device text confirms it on {host}. {reason}",
)
