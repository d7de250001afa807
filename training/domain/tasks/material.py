"""What an example of a task holds besides text and label, from what is known of it.

Everything that the words need is put into the row when it is frozen; the words only
arrange it. So an export years later says what was known at the freeze.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from training.domain.tasks.task import TASKS, Source

LOGS = "logs_to_pull"
EXPLANATION = "explanation"
EARLIER = "earlier"
"""Field of a triage row with the tickets that it shows."""
ATTRIBUTES = (LOGS, EXPLANATION)
"""Attributes of a record that an example may take over."""
MOST_LOGS = 20

# What network operating systems, firewalls and Linux hosts are asked for evidence with.
_COMMAND = re.compile(
    r"(?<![\w-])((?:show|display|diagnose|debug|traceroute|tcpdump|journalctl|dmesg|"
    r"ethtool)\s(?!(?:the|an?|to|for|of|it|me|us|up|and|that|this|these|in|on|with|"
    r"from|whether|how|why|what)\b)[\w-][^\n.;,`\"']{1,80}?)"
    r"(?=\s(?:and|then|to|on|for|from|in|or|with|if|when|which|that|before|after)\s|"
    r"[\n;,`\"']|\.(?:\s|$)|$)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"`([^`\n]{2,100})`")
_LOG_FILE = re.compile(r"(?<![\w/])/(?:var/log|var/adm|flash|bootflash)/[\w./-]+")


@dataclass(frozen=True)
class Material:
    """What is known of a record beyond its text.

    answer: the ideal answer, or empty. resolution: as recorded, empty where it was
    marked as wrong or missing. attributes: those of `ATTRIBUTES`. repeats: external id
    of the earlier ticket that this one repeats. earlier: (external id, title) of
    earlier tickets of the same split that it may be compared with, that one included.
    preferred, rejected, prompt: a judged pair of answers and what was asked.
    """

    answer: str = ""
    resolution: str = ""
    root_cause: str = ""
    category: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    repeats: str = ""
    earlier: tuple[tuple[str, str], ...] = ()
    prompt: str = ""
    preferred: str = ""
    rejected: str = ""


def fill(task: str, material: Material) -> dict[str, Any]:
    """The row's keys of one task: `answer`, `rejected`, `fields`, where not empty."""
    source = TASKS[task].source
    answer = material.answer
    if source is Source.EITHER:
        answer = answer or material.resolution
    filled = _FIELDS.get(task, _answer_alone)({**vars(material), "answer": answer})
    return {key: value for key, value in filled.items() if value}


def materials_of(text: str) -> list[str]:
    """Commands and log files that a text names, each once, in its order.

    Examples
    --------
    >>> materials_of("Run show interface Gi1/0/5 and pull /var/log/messages.")
    ['show interface Gi1/0/5', '/var/log/messages']
    """
    found: list[tuple[int, str]] = []
    for pattern in (_QUOTED, _COMMAND, _LOG_FILE):
        found += [(m.start(m.lastindex or 0), m[m.lastindex or 0]) for m in
                  pattern.finditer(text)]  # fmt: skip
    named = (" ".join(words.split()).rstrip(".") for _, words in sorted(found))
    return _once(named)[:MOST_LOGS]


def _answer_alone(known: Mapping[str, Any]) -> dict[str, Any]:
    return {"answer": known["answer"]}


def _triage(known: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        "root_cause": known["root_cause"] or None,
        "next_step": known["answer"],
        "logs_to_pull": _logs(known),
        "repeats": known["repeats"] or None,
        EARLIER: [list(one) for one in known["earlier"]],
    }
    return {"fields": fields}


def _logs(known: Mapping[str, Any]) -> list[str]:
    """Those that the record lists; else those that the ideal answer names."""
    listed = known["attributes"].get(LOGS)
    if isinstance(listed, str) and listed.strip():
        return _once(part.strip() for part in re.split(r"[;\n]", listed))[:MOST_LOGS]
    return materials_of(known["answer"])


def _resolution(known: Mapping[str, Any]) -> dict[str, Any]:
    diagnosis = known["answer"] or known["root_cause"]
    return {"answer": known["resolution"], "fields": _given({"diagnosis": diagnosis})}


def _config(known: Mapping[str, Any]) -> dict[str, Any]:
    told = known["attributes"].get(EXPLANATION)
    explanation = told if isinstance(told, str) else known["answer"]
    fields = _given({"explanation": explanation})
    return {"answer": known["resolution"], "fields": fields}


def _log(known: Mapping[str, Any]) -> dict[str, Any]:
    return {"fields": {"class": known["category"], "action": known["answer"]}}


def _pair(known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "answer": known["preferred"],
        "rejected": known["rejected"],
        "fields": _given({"prompt": known["prompt"]}),
    }


def _nothing(known: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}


def _once(words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word]


_FIELDS = {
    "triage": _triage,
    "resolution": _resolution,
    "config_generation": _config,
    "log_analysis": _log,
    "preference": _pair,
    "domain_text": _nothing,
}
