"""What a ticket says besides its fault: who called, what was tried, what was seen.

Neutral on purpose: neither how much is hit nor how soon it matters, although the same
words ("whole", "one", "today") turn up, as they do in real tickets.
"""

from __future__ import annotations

# Many reporters do not know what is wrong and say so in the title.
VAGUE_TITLES = ("Problem at {site}", "Alarm at {site}", "Network fault", "Please check")

OPENINGS = (
    "Call from {person} at {site}.",
    "[Mail|Message] from {email}, see below.",
    "Raised by monitoring, [{time}|at {time} local time].",
    "Ticket opened on behalf of {customer}.",
    "Handed over from the [night|early] desk.",
    "Reported over chat by {person}.",
    "Alarm from {host}, picked up by the NOC.",
    "{person} phoned in.",
    "Follow-up to a conversation with {person}.",
    "Auto-created, enriched by the first line.",
)

TRIED = (
    "Reseated the optic, no change.",
    "Power and cabling checked by {person}, both look all right.",
    "Logged in to {host}, CPU and memory are normal.",
    "A ping from {host} to {ip} is answered, {pct} % loss.",
    "First line cleared the [ARP|MAC] entry without success.",
    "A restart was not attempted.",
    "Traceroute stops after {ip}.",
    "Compared the config with last week's backup, no difference seen.",
    "Port was bounced once at {time}.",
    "Other boxes of the same model look normal.",
    "A change was made here two days ago by {person}, it may be related.",
    "Nothing in the change calendar for this box.",
    "The vendor case number will follow.",
    "Syslog attached, times are UTC.",
    "Weather at the site is calm, no works in the street known.",
    "We could reach {host} over the management network.",
    "Tried from {ip} and from {ip}, same picture.",
    "The whole log is on the jump host, here is the interesting part.",
    "Looked at one graph only, the full set is still loading.",
    "Last reload was {n} weeks ago.",
    "The earlier ticket about this box was closed as not reproducible.",
    "Asked {person} for a photo of the LEDs.",
)

CLOSINGS = (
    "Contact on site: {person}, {email}.",
    "Regards, {person}",
    "Reach me under {email}.",
    "More output on request.",
    "Access badge is at the gate, ask for {person}.",
    "Thanks, {person} ({site})",
    "Tell me if another capture helps.",
    "",
    "",
    "",
)

DEVICE_LEADS = (
    "From the log of {host}:",
    "Output below.",
    "{host} says:",
    "Relevant lines:",
    "Log:",
    "Collected at {time}:",
    "What the box shows:",
    "",
)

CONFIG_LEADS = (
    "Config of the box for reference:",
    "Running config, shortened:",
    "Part of the config:",
    "This is what is configured:",
)

CONTRASTS = (
    "First it sounded like the whole site, that was not right.",
    "The user claimed that everything is down, we could not confirm it.",
    "Looked like one port at first.",
    "At first glance a single host, then more came in.",
    "The caller said nothing urgent, his manager disagreed.",
    "They wanted it marked as the top priority, as always.",
    "Monitoring rates the alarm as minor, for what it is worth.",
    "Monitoring rates the alarm as major, for what it is worth.",
)
