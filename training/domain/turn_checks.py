"""Whether the turns of a conversation fit together: roles, order, weights, contents.

Checked as the cookbook of OpenAI does, widened by what trainers drop without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from training.domain.line_contents import is_blank

# Rule, field and message.
Complaint = tuple[str, str, str]
Complaints = Iterator[Complaint]
Data = Mapping[str, Any]

_ROLES = ("system", "user", "assistant", "tool", "developer")
_KEYS = {
    "role", "content", "name", "weight", "tool_calls", "tool_call_id", "refusal",
}  # fmt: skip


def check_weights(messages: Sequence[Data]) -> Complaints:
    """Of the assistant's turns at least one must be learned."""
    weights = [one.get("weight", 1) for one in messages if one["role"] == "assistant"]
    if any(type(weight) is not int or weight not in (0, 1) for weight in weights):
        yield "weight_invalid", "messages.weight", "A weight is neither 0 nor 1."
    elif weights and not any(weights):
        message = "Every answer has weight 0: nothing is learned."
        yield "nothing_trained", "messages.weight", message


def check_message(message: Any, field: str = "messages") -> Complaints:
    if not isinstance(message, dict):
        yield "message_invalid", field, "A message is no object."
        return
    if set(message) - _KEYS:
        yield "key_unknown", field, "A message has an unknown key."
    if message.get("role") not in _ROLES:
        yield "role_unknown", f"{field}.role", "A role is missing or unknown."
    calls = message.get("tool_calls")
    if calls is not None and not _are_calls(calls):
        yield "tool_calls_invalid", f"{field}.tool_calls", "The calls are no objects."
    if message.get("content") is not None or not calls:
        yield from check_content(message.get("content"), f"{field}.content")


def _are_calls(calls: Any) -> bool:
    return isinstance(calls, list) and all(isinstance(one, dict) for one in calls)


def check_messages(data: Data, key: str) -> Complaints:
    messages = data.get(key)
    if not isinstance(messages, list) or not messages:
        yield "messages_missing", key, "There is no list of messages."
        return
    for message in messages:
        yield from check_message(message, key)


def check_turns(roles: Sequence[str], field: str) -> Complaints:
    if "assistant" not in roles:
        yield "assistant_missing", field, "No assistant turn to learn from."
    elif roles[-1] != "assistant":
        yield "last_not_assistant", field, "The last turn is not the assistant's."
    if "user" not in roles:
        yield "user_missing", field, "No user turn: nothing is asked."
    # Several tools may answer one turn; everybody else waits for the other.
    spoken = [role for role in roles if role in ("user", "assistant", "tool")]
    if any(first == second != "tool" for first, second in pairwise(spoken)):
        yield "turns_repeat", field, "User and assistant do not take turns."
    if any(role in ("system", "developer") for role in roles[1:]):
        yield "system_not_first", field, "A system turn is not the first."


def check_content(content: Any, field: str) -> Complaints:
    if not isinstance(content, str):
        yield "content_invalid", field, "A content is missing or no text."
    elif is_blank(content):
        yield "content_empty", field, "A content is empty."
