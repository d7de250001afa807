"""Whether one decoded line fits a format: keys, roles, order, empty contents.

OpenAI's chat follows the checks of its cookbook, widened by what trainers drop without
a word: a conversation that does not end with the assistant, turns that do not
alternate, empty contents. A complaint names rule and field and never quotes the line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from training.domain.formats import hub_folder
from training.domain.formats.shapes import BEDROCK_SCHEMA
from training.domain.line_contents import is_blank
from training.domain.tasks import SEVERITY, TASKS
from training.domain.turn_checks import (
    Complaints,
    Data,
    check_content,
    check_message,
    check_messages,
    check_turns,
    check_weights,
)

_SHAREGPT_ROLES = {
    "system": "system", "human": "user", "gpt": "assistant",
    "function_call": "tool", "observation": "tool",
}  # fmt: skip
_OPENAI_KEYS = {"messages", "tools", "parallel_tool_calls"}


_TRL_EXTRAS = {"id", "tools", "chat_template_kwargs"}
_COLUMNS: Mapping[str, set[str]] = {
    "prompt_completion": {"id", "prompt", "completion"},
    "trl_conversational": {"prompt", "completion", *_TRL_EXTRAS},
    "trl_preference": {
        "prompt", "chosen", "rejected", "score_chosen", "score_rejected", *_TRL_EXTRAS,
    },
}  # fmt: skip


def unread_columns(format_name: str, data: Data) -> list[tuple[str, str, str]]:
    """Rule, message and fix where a line has columns that its trainers do not read.

    Where a provider refuses them, the format's own check does.
    """
    known = _COLUMNS.get(format_name)
    if known is None or not set(data) - known:
        return []
    message = f"The line has keys besides {', '.join(sorted(known))}."
    fix = "Remove them: trainers leave them unread, and some refuse the file."
    return [("key_unknown", message, fix)]


def _check_classification(data: Data, labels: Sequence[str]) -> Complaints:
    for key in ("id", "text"):
        yield from _check_text(data, key)
    named = data.get("task") or SEVERITY
    task = TASKS.get(named) if isinstance(named, str) else None
    if task is None:
        yield "task_unknown", "task", "The task is unknown."
    elif not task.is_labelled:
        return
    yield from _check_text(data, "label")
    label = data.get("label")
    if labels and isinstance(label, str) and label not in labels:
        yield "label_unknown", "label", "The label is none of the allowed ones."


def _check_columns(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_classification(data, labels)
    for key in hub_folder.TEXT_COLUMNS:
        if key not in ("id", "text") and not isinstance(data.get(key), str):
            yield "field_missing", key, "The column is missing or is no text."


def _check_plain_text(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_keys(data, {"text"})
    yield from _check_text(data, "text")


def _check_prompt(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_text(data, "prompt")
    yield from _check_text(data, "completion")


def _check_bedrock_prompt(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_keys(data, {"prompt", "completion"})
    yield from _check_prompt(data, labels)


def _check_alpaca(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_keys(
        data, {"instruction", "input", "output", "system", "history"}
    )
    yield from _check_text(data, "instruction")
    yield from _check_text(data, "output")
    for key in ("input", "system"):
        if not isinstance(data.get(key, ""), str):
            yield "field_missing", key, f"The {key} is no text."
    if not _are_rounds(data.get("history", [])):
        message = "The history is no list of pairs of texts."
        yield "history_invalid", "history", message


def _are_rounds(history: Any) -> bool:
    """Whether it is a list of questions, each with its answer."""
    return isinstance(history, list) and all(
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(t, str) for t in pair)
        for pair in history
    )


def _check_openai_chat(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_keys(data, _OPENAI_KEYS)
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "messages_missing", "messages", "There is no list of messages."
        return
    complaints = [c for message in messages for c in check_message(message)]
    yield from complaints
    if not complaints:
        yield from check_turns([message["role"] for message in messages], "messages")
        yield from check_weights(messages)


def _check_sharegpt(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_keys(data, {"conversations", "system", "tools", "id"})
    if not isinstance(data.get("system", ""), str):
        yield "content_invalid", "system", "The system turn is no text."
    said = data.get("conversations")
    if not isinstance(said, list) or not said:
        yield "messages_missing", "conversations", "There is no list of turns."
        return
    complaints = [c for message in said for c in _check_sharegpt_turn(message)]
    yield from complaints
    if not complaints:
        roles = [_SHAREGPT_ROLES[message["from"]] for message in said]
        yield from check_turns(roles, "conversations")


def _check_sharegpt_turn(message: Any) -> Complaints:
    field = "conversations"
    if not isinstance(message, dict):
        yield "message_invalid", field, "A turn is no object."
        return
    role = message.get("from")
    if not isinstance(role, str) or role not in _SHAREGPT_ROLES:
        yield "role_unknown", f"{field}.from", "A role is missing or unknown."
    yield from check_content(message.get("value"), f"{field}.value")


def _check_bedrock(data: Data, labels: Sequence[str]) -> Complaints:
    yield from _check_keys(data, {"schemaVersion", "system", "messages"})
    if data.get("schemaVersion") != BEDROCK_SCHEMA:
        message = f"The schema version is not {BEDROCK_SCHEMA}."
        yield "schema_unknown", "schemaVersion", message
    if "system" in data:
        yield from _check_blocks(data["system"], "system")
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "messages_missing", "messages", "There is no list of messages."
        return
    complaints = [c for message in messages for c in _check_bedrock_turn(message)]
    yield from complaints
    if not complaints:
        roles = [message["role"] for message in messages]
        yield from check_turns(roles, "messages")
        if roles[0] != "user":
            yield "first_not_user", "messages", "The first turn is not the user's."


def _check_bedrock_turn(message: Any) -> Complaints:
    if not isinstance(message, dict):
        yield "message_invalid", "messages", "A message is no object."
        return
    if set(message) - {"role", "content"}:
        yield "key_unknown", "messages", "A message has an unknown key."
    if message.get("role") not in ("user", "assistant"):
        yield "role_unknown", "messages.role", "A role is missing or unknown."
    yield from _check_blocks(message.get("content"), "messages.content")


def _check_blocks(blocks: Any, field: str) -> Complaints:
    if not isinstance(blocks, list) or not blocks:
        yield "content_invalid", field, "A content is no list of blocks."
        return
    for block in blocks:
        if not isinstance(block, dict) or set(block) != {"text"}:
            yield "content_invalid", field, "A block holds more or less than text."
        else:
            yield from check_content(block["text"], field)


def _check_trl(data: Data, labels: Sequence[str]) -> Complaints:
    complaints = [
        *check_messages(data, "prompt"),
        *check_messages(data, "completion"),
    ]
    yield from complaints
    if not complaints:
        yield from _check_asked_and_said(data, "completion")


def _check_preference(data: Data, labels: Sequence[str]) -> Complaints:
    keys = ("prompt", "chosen", "rejected")
    if all(isinstance(data.get(key), str) for key in keys):
        complaints = [c for key in keys for c in _check_text(data, key)]
    else:
        complaints = [c for key in keys for c in check_messages(data, key)]
        if not complaints:
            complaints = [
                *_check_asked_and_said(data, "chosen"),
                *_check_asked_and_said(data, "rejected"),
            ]
    yield from complaints
    if not complaints and data["chosen"] == data["rejected"]:
        yield "answers_equal", "rejected", "Chosen and rejected are the same."


def _check_asked_and_said(data: Data, key: str) -> Complaints:
    roles = [message["role"] for message in data["prompt"]]
    if roles[-1] == "assistant":
        yield "last_not_user", "prompt", "The prompt ends with the assistant."
    if data[key][0]["role"] != "assistant":
        yield "first_not_assistant", key, "The answer is not the assistant's."
    yield from check_turns([*roles, *(m["role"] for m in data[key])], key)


def _check_keys(data: Data, known: set[str]) -> Complaints:
    if set(data) - known:
        yield (
            "key_unknown",
            "",
            f"The line has keys besides {', '.join(sorted(known))}.",
        )


def _check_text(data: Data, key: str) -> Complaints:
    value = data.get(key)
    if not isinstance(value, str):
        yield "field_missing", key, "The field is missing or is no text."
    elif is_blank(value):
        yield "field_empty", key, "The field is empty."


LineCheck = Callable[[Data, Sequence[str]], Complaints]
CHECKS: Mapping[str, LineCheck] = {
    "classification": _check_classification,
    "openai_chat": _check_openai_chat,
    "prompt_completion": _check_prompt,
    "alpaca": _check_alpaca,
    "sharegpt": _check_sharegpt,
    "bedrock_conversation": _check_bedrock,
    "bedrock_prompt": _check_bedrock_prompt,
    "trl_conversational": _check_trl,
    "trl_preference": _check_preference,
    "text": _check_plain_text,
    "hf_folder": _check_columns,
}
