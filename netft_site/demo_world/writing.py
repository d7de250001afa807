"""Writes the text of a planned ticket: prose, device output, config, farewell.

Impact and urgency are said in words by picking from the pools, often before and
sometimes after the device text. Wireless tickets mostly use the wireless pools. How
clear the words are is handed back, because reviewers stumble where the text is vague.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from netft_site.demo_world import severity
from netft_site.demo_world.filler import Filler
from netft_site.demo_world.planning import Plan
from netft_site.demo_world.words import configs, handling, smalltalk
from netft_site.demo_world.words import impact as plain_impact
from netft_site.demo_world.words import urgency as plain_urgency
from netft_site.demo_world.words import wireless_prose as air

UNCLEAR_SHARE = 0.04
OWN_IMPACT_WORDS = 0.92
OWN_URGENCY_WORDS = 0.7
CONFIG_SHARE = 0.3
IMPACT_SAID_TWICE = 0.35
URGENCY_SAID_TWICE = 0.7

Pool = tuple[str, ...]
Pools = tuple[Pool, ...]

IMPACT: Pools = (plain_impact.BROAD, plain_impact.LIMITED, plain_impact.NARROW)
URGENCY: Pools = (plain_urgency.NOW, plain_urgency.SOON, plain_urgency.LATER)
AIR_IMPACT: Pools = (air.BROAD, air.LIMITED, air.NARROW)
AIR_URGENCY: Pools = (air.NOW, air.SOON, air.LATER)
TITLE_EXTENTS: Pools = (
    plain_impact.BROAD_TITLES,
    plain_impact.LIMITED_TITLES,
    plain_impact.NARROW_TITLES,
)
TITLE_HASTE: Pools = (
    plain_urgency.NOW_TITLES,
    plain_urgency.SOON_TITLES,
    plain_urgency.LATER_TITLES,
)
AIR_TITLE_EXTENTS: Pools = (air.BROAD_TITLES, air.LIMITED_TITLES, air.NARROW_TITLES)
AIR_TITLE_HASTE: Pools = (air.NOW_TITLES, air.SOON_TITLES, air.LATER_TITLES)
VAGUE_TITLE_SHARE = 0.35
TITLE_SAYS_MORE = 0.85
TITLE_SAYS_HASTE = 0.55
HANDLING_SAID = 0.95
HANDLING_FITS = 0.82


@dataclass(frozen=True)
class Text:
    """A written ticket and how clearly it says what is wrong (1 = plainly)."""

    title: str
    body: str
    clarity: float


def write_ticket(rng: Random, filler: Filler, plan: Plan) -> Text:
    """Write title and body of a planned ticket."""
    impact, impact_is_clear = _say_impact(rng, plan)
    urgency, urgency_is_clear = _say_urgency(rng, plan)
    vague = rng.random() < VAGUE_TITLE_SHARE
    topics = smalltalk.VAGUE_TITLES if vague else plan.fault.titles
    title = _title(rng, plan, filler.prose(rng.choice(topics)))
    layout = rng.choices(
        (_facts_first, _symptom_first, _form, _split), weights=(74, 8, 10, 8)
    )[0]
    facts = [
        " ".join(filler.prose(sentence) for sentence in said)
        for said in (impact, [*urgency, *_say_handling(rng, plan)])
    ]
    blocks = layout(rng, filler, plan, facts)
    body = "\n".join(block for block in blocks if block).strip()
    clarity = 1.0 - 0.4 * (not impact_is_clear) - 0.4 * (not urgency_is_clear)
    return Text(title[0].upper() + title[1:], body, clarity)


def rewrite_nearly(rng: Random, title: str, body: str) -> tuple[str, str]:
    """Return a forwarded version of a ticket: same story, slightly touched."""
    prefix = rng.choice(("Fwd: ", "Re: ", "[resent] "))
    note = rng.choice(
        ("Second try, no answer so far.", "Forwarded once more.", "See below, again.")
    )
    lines = body.split("\n")
    if len(lines) > 4:
        lines.pop(rng.randrange(2, len(lines)) if rng.random() < 0.5 else -1)
    return prefix + title, "\n".join((note, *lines))


def _say_impact(rng: Random, plan: Plan) -> tuple[list[str], bool]:
    own = plan.fault.category == "wireless" and rng.random() < OWN_IMPACT_WORDS
    if rng.random() < UNCLEAR_SHARE:
        return [rng.choice(air.UNCLEAR if own else plain_impact.UNCLEAR)], False
    pool = (AIR_IMPACT if own else IMPACT)[plan.impact - 1]
    return _one_or_two(rng, pool, IMPACT_SAID_TWICE), True


def _say_urgency(rng: Random, plan: Plan) -> tuple[list[str], bool]:
    own = plan.fault.category == "wireless" and rng.random() < OWN_URGENCY_WORDS
    if rng.random() < UNCLEAR_SHARE:
        vague = air.UNCLEAR_URGENCY if own else plain_urgency.UNCLEAR
        return [rng.choice(vague)], False
    pool = (AIR_URGENCY if own else URGENCY)[plan.urgency - 1]
    return _one_or_two(rng, pool, URGENCY_SAID_TWICE), True


def _one_or_two(rng: Random, pool: Pool, share: float) -> list[str]:
    return rng.sample(pool, 2 if rng.random() < share else 1)


def _title(rng: Random, plan: Plan, topic: str) -> str:
    """The topic, mostly with the extent or the haste before or after it."""
    if rng.random() >= TITLE_SAYS_MORE:
        return topic
    wireless = plan.fault.category == "wireless"
    if rng.random() < TITLE_SAYS_HASTE:
        pools, value = (AIR_TITLE_HASTE if wireless else TITLE_HASTE), plan.urgency
    else:
        pools, value = (AIR_TITLE_EXTENTS if wireless else TITLE_EXTENTS), plan.impact
    more = rng.choice(pools[value - 1])
    return rng.choice((f"{topic} - {more}", f"{topic}, {more}", f"{more}: {topic}"))


def _say_handling(rng: Random, plan: Plan) -> list[str]:
    """What the desk did, as it looked to them: sometimes a level off."""
    if rng.random() >= HANDLING_SAID:
        return []
    level = severity.priority(plan.impact, plan.urgency)
    if rng.random() >= HANDLING_FITS:
        level = min(max(level + rng.choice((-1, 1)), 0), severity.LOWEST)
    wireless = plan.fault.category == "wireless"
    return [rng.choice((handling.AIR if wireless else handling.PLAIN)[level])]


def _facts_first(
    rng: Random, filler: Filler, plan: Plan, facts: list[str]
) -> list[str]:
    rng.shuffle(facts)
    story = [*facts, *_story(rng, filler, plan)]
    return [" ".join(story), *_evidence(rng, filler, plan), _closing(rng, filler)]


def _symptom_first(
    rng: Random, filler: Filler, plan: Plan, facts: list[str]
) -> list[str]:
    opening = filler.prose(rng.choice(smalltalk.OPENINGS))
    symptom, *rest = _story(rng, filler, plan)
    rng.shuffle(facts)
    story = [opening, symptom, *facts, *rest]
    return [" ".join(story), *_evidence(rng, filler, plan), _closing(rng, filler)]


def _form(rng: Random, filler: Filler, plan: Plan, facts: list[str]) -> list[str]:
    symptom, *rest = _story(rng, filler, plan)
    lines = [
        f"{rng.choice(('Effect', 'Who', 'Extent'))}: {facts[0]}",
        f"{rng.choice(('When', 'Timing', 'Expectation'))}: {facts[1]}",
        f"{rng.choice(('Symptom', 'Seen', 'Fault'))}: {symptom}",
    ]
    if rest:
        lines.append(f"{rng.choice(('Tried', 'Notes'))}: {' '.join(rest)}")
    rng.shuffle(lines)
    return [*lines, *_evidence(rng, filler, plan), _closing(rng, filler)]


def _split(rng: Random, filler: Filler, plan: Plan, facts: list[str]) -> list[str]:
    rng.shuffle(facts)
    before, after = facts
    story = [before, *_story(rng, filler, plan)]
    evidence = _evidence(rng, filler, plan)
    return [" ".join(story), *evidence, after, _closing(rng, filler)]


def _story(rng: Random, filler: Filler, plan: Plan) -> list[str]:
    """The symptom and, in varying number, what else people mention."""
    symptom = filler.prose(rng.choice(plan.fault.symptoms))
    sentences = [symptom]
    if rng.random() < 0.08:
        sentences.append(rng.choice(smalltalk.CONTRASTS))
    for template in rng.sample(smalltalk.TRIED, rng.choice((0, 0, 1, 1))):
        sentences.append(filler.prose(template))
    return sentences


def _evidence(rng: Random, filler: Filler, plan: Plan) -> list[str]:
    lines = [
        filler.prose(rng.choice(smalltalk.DEVICE_LEADS)),
        filler.device(rng.choice(plan.device.blocks)),
    ]
    fragments = configs.FRAGMENTS.get(plan.device.vendor, ())
    if fragments and rng.random() < CONFIG_SHARE:
        lines.append(rng.choice(smalltalk.CONFIG_LEADS))
        lines.append(filler.device(rng.choice(fragments)))
    return lines


def _closing(rng: Random, filler: Filler) -> str:
    return filler.prose(rng.choice(smalltalk.CLOSINGS))
