"""How an exchange is laid out as JSON, and read back.

A shape knows keys and roles and nothing of tickets. `write` takes texts whose markers
are broken already; `read` raises FormatError for anything that `write` does not make.
Sources: OpenAI's fine-tuning guide, the dataset pages of TRL and LLaMA-Factory, and
Amazon Bedrock's page on preparing text-to-text data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.domain.rows import FormatError
from training.domain.tasks import Turns

BEDROCK_SCHEMA = "bedrock-conversation-2024"
_GAP = "\n\n"

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """Both directions of a layout.

    has_system: whether the system turn keeps a place of its own; without one it opens
    the prompt, and reading gives a prompt alone. has_rejected: whether it carries a
    rejected answer; only rows that have one can be written.
    """

    write: Callable[[Turns], dict[str, Any]]
    read: Callable[[Data], Turns]
    has_system: bool = True
    has_rejected: bool = False


def prompt_of(turns: Turns) -> str:
    """System turn and question as one text, for shapes that know no system turn."""
    return f"{turns.system}{_GAP}{turns.user}" if turns.system else turns.user


def _said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _asked(turns: Turns) -> list[dict[str, str]]:
    return [_said("system", turns.system), _said("user", turns.user)]


def _write_openai(turns: Turns) -> dict[str, Any]:
    # Nothing but `messages`: providers refuse keys they do not know.
    return {"messages": [*_asked(turns), _said("assistant", turns.assistant)]}


def _read_openai(data: Data) -> Turns:
    messages = _exactly(data, "messages")[0]
    return Turns(*_contents(messages, ("system", "user", "assistant")))


def _write_prompt(turns: Turns) -> dict[str, Any]:
    return {"prompt": prompt_of(turns), "completion": turns.assistant}


def _read_prompt(data: Data) -> Turns:
    prompt, completion = _exactly(data, "prompt", "completion")
    return Turns("", _text(prompt), _text(completion))


def _write_alpaca(turns: Turns) -> dict[str, Any]:
    return {
        "instruction": turns.system,
        "input": turns.user,
        "output": turns.assistant,
    }


def _read_alpaca(data: Data) -> Turns:
    return Turns(*map(_text, _exactly(data, "instruction", "input", "output")))


def _write_sharegpt(turns: Turns) -> dict[str, Any]:
    said = [
        {"from": "human", "value": turns.user},
        {"from": "gpt", "value": turns.assistant},
    ]
    return {"system": turns.system, "conversations": said}


def _read_sharegpt(data: Data) -> Turns:
    system, said = _exactly(data, "system", "conversations")
    user, assistant = _contents(said, ("human", "gpt"), "from", "value")
    return Turns(_text(system), user, assistant)


def _write_bedrock(turns: Turns) -> dict[str, Any]:
    def said(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "content": [{"text": text}]}

    return {
        "schemaVersion": BEDROCK_SCHEMA,
        "system": [{"text": turns.system}],
        "messages": [said("user", turns.user), said("assistant", turns.assistant)],
    }


def _read_bedrock(data: Data) -> Turns:
    version, system, messages = _exactly(data, "schemaVersion", "system", "messages")
    if version != BEDROCK_SCHEMA:
        raise FormatError("the schema version is unknown")
    blocks = _contents(messages, ("user", "assistant"), check=_one_block)
    return Turns(_one_block(system), *blocks)


def _write_trl(turns: Turns) -> dict[str, Any]:
    return {
        "prompt": _asked(turns),
        "completion": [_said("assistant", turns.assistant)],
    }


def _read_trl(data: Data) -> Turns:
    prompt, completion = _exactly(data, "prompt", "completion")
    return Turns(
        *_contents(prompt, ("system", "user")),
        *_contents(completion, ("assistant",)),
    )


def _write_preference(turns: Turns) -> dict[str, Any]:
    return {
        "prompt": _asked(turns),
        "chosen": [_said("assistant", turns.assistant)],
        "rejected": [_said("assistant", turns.rejected)],
    }


def _read_preference(data: Data) -> Turns:
    prompt, chosen, rejected = _exactly(data, "prompt", "chosen", "rejected")
    return Turns(
        *_contents(prompt, ("system", "user")),
        *_contents(chosen, ("assistant",)),
        *_contents(rejected, ("assistant",)),
    )


def _exactly(data: Data, *keys: str) -> list[Any]:
    if set(data) != set(keys):
        raise FormatError(f"expected the keys {', '.join(keys)}")
    return [data[key] for key in keys]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FormatError("expected a text")
    return value


def _one_block(value: Any) -> str:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise FormatError("expected a list of one block")
    return _text(_exactly(value[0], "text")[0])


def _contents(
    messages: Any,
    roles: Sequence[str],
    role_key: str = "role",
    content_key: str = "content",
    check: Callable[[Any], str] = _text,
) -> list[str]:
    """The contents of messages with exactly these roles in this order."""
    if not isinstance(messages, list) or len(messages) != len(roles):
        raise FormatError(f"expected the turns {', '.join(roles)}")
    contents = []
    for message, wanted in zip(messages, roles, strict=True):
        if not isinstance(message, dict):
            raise FormatError("a turn is no object")
        role, content = _exactly(message, role_key, content_key)
        if role != wanted:
            raise FormatError(f"expected the turns {', '.join(roles)}")
        contents.append(check(content))
    return contents


OPENAI_CHAT = Shape(_write_openai, _read_openai)
PROMPT_COMPLETION = Shape(_write_prompt, _read_prompt, has_system=False)
ALPACA = Shape(_write_alpaca, _read_alpaca)
SHAREGPT = Shape(_write_sharegpt, _read_sharegpt)
BEDROCK_CONVERSATION = Shape(_write_bedrock, _read_bedrock)
TRL_CONVERSATIONAL = Shape(_write_trl, _read_trl)
TRL_PREFERENCE = Shape(_write_preference, _read_preference, has_rejected=True)
