"""What the desk did with a ticket, which follows how serious it looked to them.

One pool per level, most severe first. Writers often pick from the pool of a
neighbouring level, so no sentence decides anything alone.
"""

from __future__ import annotations

PLAIN = (
    (
        "Bridge opened, duty manager and on-call engineer are on it.",
        "Major incident call started, management informed by phone.",
        "On-call was called out, status page updated.",
        "Escalated to the duty manager, emergency change approved.",
    ),
    (
        "On-call engineer informed by phone.",
        "Escalated to second level, they look at it today.",
        "Field service was called and is booked for today.",
        "Duty manager informed by mail.",
    ),
    (
        "Passed to second level, they look at it during the day.",
        "Queued for second level, noted in the handover.",
        "Field service informed, visit to be agreed.",
        "Engineer informed by mail.",
    ),
    (
        "Put in the backlog of second level.",
        "Queued by mail, nobody was called.",
        "Noted for the next field service visit.",
        "Passed to the day desk, noted in the handover.",
    ),
)

AIR = (
    (
        "RF team and WLC vendor are dialled in together.",
        "Spare controller is on its way to the ward.",
        "Paper charts handed out, wireless lead was woken.",
    ),
    (
        "Wireless lead walks over with spare APs.",
        "RF team pulled from another survey.",
        "Clients get moved to the spare controller by hand.",
    ),
    (
        "RF team checks the heat map in its shift.",
        "Walk test agreed with the ward clerk.",
        "AP put on the watch list of the RF team.",
    ),
    (
        "Pencilled in for the next site survey.",
        "Sticker put on the AP, left as is.",
        "RF team put it on its list for the next walk test.",
    ),
)
