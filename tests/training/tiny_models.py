"""Folders with tiny models of random weights, as `transformers` saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

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
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endfor %}"
)


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
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(WORDS, trainer)
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
