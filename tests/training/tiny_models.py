"""Folders with tiny models of random weights, as `transformers` saves them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)

from annotation.domain.scale import Scale
from training.domain.tasks import severity_prompt

WORDS = [
    "core router down and all sites without service fibre cut",
    "link flapping packet loss on the uplink BGP session resets",
    "please rename port typo in description monthly report asked zebrafinch device",
]
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_SIZE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
# What the instructions of the tasks are made of, so that they are few tokens.
_INSTRUCTIONS = [
    severity_prompt(Scale.from_keys(["critical", "high", "low"])),
    "Severity: critical Severity: high Severity: low",
]
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endfor %}"
)

QWEN = """{%- if messages[0]['role'] != 'system' %}
    {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
LLAMA = (
    "{% set loop_messages = messages %}{% for message in loop_messages %}"
    "{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
    "{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"
)
MISTRAL = """{{- bos_token }}
{%- for message in messages %}
    {%- if message['role'] == 'system' %}
        {{- '[SYSTEM_PROMPT]' + message['content'] + '[/SYSTEM_PROMPT]' }}
    {%- elif message['role'] == 'user' %}
        {{- '[INST]' + message['content'] + '[/INST]' }}
    {%- elif message['role'] == 'assistant' %}
        {{- message['content'] + eos_token }}
    {%- else %}
        {{- raise_exception('Only system, user and assistant roles are supported!') }}
    {%- endif %}
{%- endfor %}
"""


@dataclass(frozen=True)
class Chat:
    """How a family writes a chat: its template and its special tokens."""

    template: str
    special: tuple[str, ...]
    bos: str | None
    eos: str
    pad: str
    begins: bool = False
    """Whether the tokenizer opens every text by itself."""


CHATS = {
    "qwen2": Chat(
        QWEN,
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        bos=None,
        eos="<|im_end|>",
        pad="<|endoftext|>",
    ),
    "llama": Chat(
        LLAMA,
        ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
         "<|finetune_right_pad_id|>"),
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
        pad="<|finetune_right_pad_id|>",
        begins=True,
    ),
    "mistral": Chat(
        MISTRAL,
        ("<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[SYSTEM_PROMPT]",
         "[/SYSTEM_PROMPT]"),
        bos="<s>",
        eos="</s>",
        pad="<unk>",
        begins=True,
    ),
}  # fmt: skip


def chat_model(folder: Path, family: str, *, positions: int = 512, **more: Any) -> Path:
    """Save a causal model of a family with template and tokens in the family's style.

    `more` overrides the files: template, tokenizer_config or generation.
    """
    chat = CHATS[family]
    tokenizer = _byte_level(chat.special, 1_000, [*WORDS, *_INSTRUCTIONS])
    if chat.begins:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{chat.bos} $A",
            special_tokens=[(chat.bos, tokenizer.token_to_id(chat.bos))],
        )
    torch.manual_seed(1)
    config = transformers.AutoConfig.for_model(
        family,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=positions,
        num_key_value_heads=2,
        bos_token_id=tokenizer.token_to_id(chat.bos) if chat.bos else None,
        eos_token_id=tokenizer.token_to_id(chat.eos),
        pad_token_id=tokenizer.token_to_id(chat.pad),
        # Ten times the usual: weights so few would else say nothing of any token.
        initializer_range=0.2,
        **_SIZE,
    )
    model = transformers.AutoModelForCausalLM.from_config(config)
    place = _save(folder, model, tokenizer, shards=False)
    words = {"bos_token": chat.bos, "eos_token": chat.eos, "pad_token": chat.pad}
    words |= more.get("tokenizer_config", {})
    (place / "tokenizer_config.json").write_text(json.dumps(words))
    ends = more.get("generation", {"eos_token_id": [config.eos_token_id]})
    (place / "generation_config.json").write_text(json.dumps(ends))
    (place / "chat_template.jinja").write_text(more.get("template", chat.template))
    return place


def _byte_level(
    special: tuple[str, ...], size: int = 400, words: list[str] = WORDS
) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(words, trainer)
    return tokenizer


def encoder(folder: Path, family: str, *, shards: bool = False, **more: Any) -> Path:
    """Save an encoder of a family, with a word-piece tokenizer of its own."""
    torch.manual_seed(1)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=_SPECIAL)
    tokenizer.train_from_iterator(WORDS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = transformers.AutoConfig.for_model(
        family,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=130,
        pad_token_id=0,
        **_SIZE,
        **more,
    )
    return _save(folder, transformers.AutoModel.from_config(config), tokenizer, shards)


def causal(folder: Path, family: str, *, shards: bool = False) -> Path:
    """Save a causal language model of a family with the ChatML template."""
    torch.manual_seed(1)
    tokenizer = _byte_level(("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    config = transformers.AutoConfig.for_model(
        family,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=256,
        num_key_value_heads=2,
        **_SIZE,
    )
    model = transformers.AutoModelForCausalLM.from_config(config)
    place = _save(folder, model, tokenizer, shards)
    (place / "chat_template.jinja").write_text(CHATML)
    return place


def _save(folder: Path, model: Any, tokenizer: Tokenizer, shards: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder, max_shard_size="40KB" if shards else "1GB")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder
