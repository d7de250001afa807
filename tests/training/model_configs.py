"""The dimensions of published models, as their config.json gives them."""

from __future__ import annotations

from typing import Any


def _config(family: str, *numbers: int, tied: bool = False) -> dict[str, Any]:
    layers, hidden, intermediate, heads, kv_heads, vocabulary = numbers
    return {
        "model_type": family,
        "architectures": [f"{family.capitalize()}ForCausalLM"],
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocabulary,
        "tie_word_embeddings": tied,
    }


PUBLISHED = {
    "Llama-2-7B": _config("llama", 32, 4096, 11008, 32, 32, 32000),
    "Qwen2.5-7B": _config("qwen2", 28, 3584, 18944, 28, 4, 152064),
    "Mistral-7B": _config("mistral", 32, 4096, 14336, 32, 8, 32000),
    "Llama-3.1-8B": _config("llama", 32, 4096, 14336, 32, 8, 128256),
    "Qwen2.5-3B": _config("qwen2", 36, 2048, 11008, 16, 2, 151936, tied=True),
    "Qwen2.5-1.5B": _config("qwen2", 28, 1536, 8960, 12, 2, 151936, tied=True),
    "Qwen2.5-0.5B": _config("qwen2", 24, 896, 4864, 14, 2, 151936, tied=True),
}
