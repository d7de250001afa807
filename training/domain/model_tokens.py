"""How one model reads: tokenizer, chat template and the tokens that mean something.

All of it comes from the small files of the model's folder, so the page that shows
tokens and the process that trains on them ask the same source, without any library
that could run the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tokenizers import Tokenizer

from netft_site.base.refusals import Refused
from training.domain import base_folder
from training.domain.base_folder import Papers
from training.domain.model_template import Message, ModelTemplate, named_tokens
from training.domain.tasks import Turns


@dataclass(frozen=True)
class ModelTokens:
    """What turns an exchange into the tokens of one model.

    stops: tokens that end an answer, as generation takes them. special: all tokens
    that no text should be able to write. bos: the token that opens every text, None
    where the model has none. eos: ends a text by its tokenizer. pad: fills up batches.
    """

    tokenizer: Tokenizer
    template: ModelTemplate
    stops: frozenset[int]
    special: frozenset[int]
    bos: int | None = None
    eos: int | None = None
    pad: int | None = None
    _own: dict[bool, int] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, papers: Papers, tokenizer: Tokenizer) -> ModelTokens:
        """Read them off the files of a model's folder; `tokenizer` is changed: it
        neither pads nor cuts afterwards.

        Raises:
            Refused: it has no chat template (``no_template``), or as
                `base_folder.read_shape`.
        """
        source = base_folder.read_shape(papers).template
        if not source:
            raise Refused(
                "no_template",
                "The model has no chat template, so nobody can say what it reads. "
                "Choose its variant for chats or instructions.",
            )
        tokenizer.no_padding()
        tokenizer.no_truncation()
        names = named_tokens(papers.tokenizer_config)
        ids = {name: tokenizer.token_to_id(text) for name, text in names.items()}
        added = tokenizer.get_added_tokens_decoder().items()
        bos, eos = ids.get("bos_token"), ids.get("eos_token")
        return cls(
            tokenizer,
            ModelTemplate(source, names),
            stops=_stops(papers, eos),
            special=frozenset(id for id, token in added if token.special),
            bos=bos if _opens_with(bos, source, tokenizer) else None,
            eos=eos,
            pad=ids.get("pad_token"),
        )

    @cached_property
    def end(self) -> int:
        """The token that ends a text which is no exchange.

        Raises:
            Refused: the model has none (``no_end``).
        """
        ends = [self.eos] if self.eos is not None else sorted(self.stops)
        if not ends:
            raise Refused("no_end", "The model names no token that ends a text.")
        return ends[0]

    def read(self, text: str) -> Any:
        """The text's encoding by the tokenizer, with nothing added."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def count_special(self, ids: Sequence[int]) -> int:
        """How many of the tokens are special."""
        return sum(id in self.special for id in ids)

    def own_special(self, has_system: bool) -> int:
        """How many special tokens the template itself writes around an exchange.

        Raises Refused as `ModelTemplate.render`.
        """
        if has_system not in self._own:
            turns = Turns("x" if has_system else "", "x", "x")
            text = self.template.render([*asked(turns), said(turns)])
            self._own[has_system] = self.count_special(self.read(text).ids)
        return self._own[has_system]


def asked(turns: Turns) -> list[Message]:
    """What comes before the answer; an empty system turn is left out."""
    system = [{"role": "system", "content": turns.system}] if turns.system else []
    return [*system, {"role": "user", "content": turns.user}]


def said(turns: Turns) -> Message:
    """The answer."""
    return {"role": "assistant", "content": turns.assistant}


def _stops(papers: Papers, eos: int | None) -> frozenset[int]:
    """Tokens that generation stops at: of generation_config.json, where it is silent
    of config.json; and the tokenizer's own.
    """
    given = papers.generation.get("eos_token_id", papers.config.get("eos_token_id"))
    many = given if isinstance(given, list) else [given]
    return frozenset(id for id in (*many, eos) if isinstance(id, int))


def _opens_with(bos: int | None, template: str, tokenizer: Tokenizer) -> bool:
    """Whether every text is to open with it: some models name one and never use it."""
    if bos is None:
        return False
    return "bos_token" in template or list(tokenizer.encode("x").ids[:1]) == [bos]
