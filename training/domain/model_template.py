"""A model's own chat template, rendered as `transformers` renders it.

What a model reads in training has to be what it will read when it is asked, so the
template is the one in its folder. It comes from whoever made the model and is run in
jinja's sandbox with the settings, filters and globals of
`transformers.utils.chat_template_utils` (5.23). Two things are settled here: there is
no clock, since equal rows must give equal tokens on every day, and models that can
think aloud are asked not to. Nothing is folded or dropped in silence: a template that
refuses a system turn refuses the row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from netft_site.base.refusals import Refused

Message = Mapping[str, str]

NAMED_TOKENS = (
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token",
    "mask_token",
)  # fmt: skip
"""Tokens of tokenizer_config.json that a template knows by name."""
# The day that Meta's templates write where a renderer has no clock.
_DAY = datetime(2024, 7, 26)
# A variable of Qwen 3 and others; templates that do not know it never look at it.
_VARIABLES = {"enable_thinking": False, "tools": None, "documents": None}


@dataclass(frozen=True)
class ModelTemplate:
    """A template and the special tokens it may write; both as the folder has them."""

    source: str
    tokens: Mapping[str, str]

    def render(self, messages: Sequence[Message], *, ask: bool = False) -> str:
        """The text of some turns; with `ask` it ends where the answer begins.

        Raises:
            Refused: the template cannot be read (``template_invalid``), refuses a
                system turn (``system_refused``) or these turns (``template_failed``).
        """
        template = _compile(self.source)
        try:
            return _run(template, messages, ask, self.tokens)
        except jinja2.TemplateError as error:
            raise self._refusal(messages, ask) from error

    def _refusal(self, messages: Sequence[Message], ask: bool) -> Refused:
        """Whether it is the system turn alone that the template refuses."""
        without = [one for one in messages if one["role"] != "system"]
        if len(without) < len(messages):
            try:
                _run(_compile(self.source), without, ask, self.tokens)
            except jinja2.TemplateError:
                pass
            else:
                return Refused(
                    "system_refused",
                    "The model's chat template refuses a system turn, and every task "
                    "has one. Choose a model whose template takes it.",
                )
        return Refused(
            "template_failed", "The model's chat template refuses these turns."
        )


def named_tokens(tokenizer_config: Mapping[str, Any]) -> dict[str, str]:
    """The special tokens by name; they are written as text or as {"content": text}."""
    found = {}
    for name in NAMED_TOKENS:
        value = tokenizer_config.get(name)
        if isinstance(value, Mapping):
            value = value.get("content")
        if isinstance(value, str):
            found[name] = value
    return found


def _run(
    template: jinja2.Template,
    messages: Sequence[Message],
    ask: bool,
    tokens: Mapping[str, str],
) -> str:
    return template.render(
        messages=[dict(message) for message in messages],
        add_generation_prompt=ask,
        **_VARIABLES,
        **tokens,
    )


class _Generation(Extension):
    """The `generation` block that some templates mark answers with: text as it is."""

    tags = {"generation"}

    def parse(self, parser: Any) -> Any:
        """Read the block and leave its body in place."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _tojson(value: Any, **how: Any) -> str:
    # Jinja's own escapes characters of HTML, which a model would learn to write.
    return json.dumps(value, **{"ensure_ascii": False, **how})


def _today(form: str) -> str:
    return _DAY.strftime(form)


@lru_cache(maxsize=8)
def _compile(source: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = _today
    try:
        return environment.from_string(source)
    except jinja2.TemplateError as error:
        raise Refused(
            "template_invalid", "The model's chat template cannot be read."
        ) from error
