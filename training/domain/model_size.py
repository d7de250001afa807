"""How large a transformer is, by its configuration: matrices, parameters, adapter.

Counted without opening the weights, so that a page can say what a run will need before
anything is loaded. The families whose layers are known here are counted exactly; of
another one the usual layout is assumed, and `is_exact` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netft_site.base.refusals import Refused
from training.domain.base_folder import CONFIG

_GATED = frozenset(("llama", "mistral", "qwen2", "qwen3"))
"""Causal families with three matrices in the feed-forward part (SwiGLU)."""
_PLAIN = frozenset(
    ("bert", "camembert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta")
)
"""Encoders after BERT: four square matrices, then two of the feed-forward part."""
_OTHER_WORDS = {
    "hidden_size": ("dim", "n_embd"),
    "intermediate_size": ("hidden_dim", "n_inner"),
    "num_hidden_layers": ("n_layers", "n_layer"),
    "num_attention_heads": ("n_heads", "n_head"),
}
"""What some families call the same thing (DistilBERT, GPT-2)."""


@dataclass(frozen=True)
class Matrix:
    """A linear layer from `inputs` to `outputs` features, with a bias or without."""

    inputs: int
    outputs: int
    has_bias: bool = False

    @property
    def weights(self) -> int:
        """Numbers in the matrix, without the bias."""
        return self.inputs * self.outputs


@dataclass(frozen=True)
class ModelSize:
    """The dimensions of a model.

    hidden, intermediate: features of the residual stream and of the feed-forward part.
    queries, keys: features of all query heads, and of all key (or value) heads.
    vocabulary: tokens it knows. matrices: of one layer. parameters: of the whole model.
    is_causal: each token reads those before it alone, and a head over the vocabulary
    follows. is_tied: that head has no numbers of its own. is_exact: the layout is known
    here, not assumed.
    """

    layers: int
    hidden: int
    intermediate: int
    heads: int
    queries: int
    keys: int
    vocabulary: int
    matrices: tuple[Matrix, ...]
    parameters: int
    is_causal: bool
    is_gated: bool
    is_tied: bool
    is_exact: bool

    @property
    def block_weights(self) -> int:
        """Numbers in the matrices of all layers, without biases."""
        return self.layers * sum(matrix.weights for matrix in self.matrices)

    @property
    def head_weights(self) -> int:
        """Numbers that the head over the vocabulary multiplies, tied or not."""
        return self.hidden * self.vocabulary if self.is_causal else 0

    def adapter(self, rank: int) -> int:
        """Numbers of a LoRA adapter of a rank on every matrix of every layer.

        Each gets A (rank x inputs) and B (outputs x rank), Hu et al. 2021; the head
        over the vocabulary gets none (`all-linear` of PEFT).
        """
        one = sum(matrix.inputs + matrix.outputs for matrix in self.matrices)
        return self.layers * rank * one


def size_of(config: Mapping[str, Any], parameters: int = 0) -> ModelSize:
    """Read the dimensions from a parsed config.json.

    ``parameters`` is the number counted in the weights; without it that of a known
    causal family is computed, and of any other it is the sum of what is known here.

    Raises:
        Refused: a dimension is not named (``config_invalid``).
    """
    family = str(config.get("model_type", ""))
    names = config.get("architectures") or ()
    is_causal = any(str(name).endswith("ForCausalLM") for name in names)
    is_gated = family in _GATED or is_causal
    sizes = _sizes(config)
    matrices = _gated(config, family, sizes) if is_gated else _plain(sizes)
    layers, vocabulary = (
        _number(config, name) for name in ("num_hidden_layers", "vocab_size")
    )
    is_tied = bool(config.get("tie_word_embeddings", False))
    tables = 2 if is_causal and not is_tied else 1
    counted = _count(family, sizes, matrices, layers)
    return ModelSize(
        layers=layers,
        hidden=sizes.hidden,
        intermediate=sizes.intermediate,
        heads=sizes.heads,
        queries=sizes.queries,
        keys=sizes.keys,
        vocabulary=vocabulary,
        matrices=matrices,
        parameters=parameters or counted + tables * vocabulary * sizes.hidden,
        is_causal=is_causal,
        is_gated=is_gated,
        is_tied=is_tied,
        is_exact=family in _GATED or family in _PLAIN,
    )


@dataclass(frozen=True)
class _Sizes:
    hidden: int
    intermediate: int
    heads: int
    width: int
    queries: int
    keys: int


def _sizes(config: Mapping[str, Any]) -> _Sizes:
    hidden, heads = (
        _number(config, name) for name in ("hidden_size", "num_attention_heads")
    )
    width = config.get("head_dim") or hidden // heads
    return _Sizes(
        hidden=hidden,
        intermediate=_number(config, "intermediate_size"),
        heads=heads,
        width=width,
        queries=heads * width,
        keys=(config.get("num_key_value_heads") or heads) * width,
    )


def _gated(config: Mapping[str, Any], family: str, sizes: _Sizes) -> tuple[Matrix, ...]:
    # Qwen2 has biases on queries, keys and values whatever its configuration says.
    asked = bool(config.get("attention_bias", False))
    bias = asked or family == "qwen2"
    wide = bool(config.get("mlp_bias", False))
    up = Matrix(sizes.hidden, sizes.intermediate, wide)
    return (
        Matrix(sizes.hidden, sizes.queries, bias),
        Matrix(sizes.hidden, sizes.keys, bias),
        Matrix(sizes.hidden, sizes.keys, bias),
        Matrix(sizes.queries, sizes.hidden, asked),
        up,
        up,
        Matrix(sizes.intermediate, sizes.hidden, wide),
    )


def _plain(sizes: _Sizes) -> tuple[Matrix, ...]:
    square = Matrix(sizes.hidden, sizes.hidden, has_bias=True)
    return (
        *(square,) * 4,
        Matrix(sizes.hidden, sizes.intermediate, has_bias=True),
        Matrix(sizes.intermediate, sizes.hidden, has_bias=True),
    )


def _count(
    family: str, sizes: _Sizes, matrices: tuple[Matrix, ...], layers: int
) -> int:
    """Parameters of all layers and the last norm, without embeddings."""
    one = sum(m.weights + (m.outputs if m.has_bias else 0) for m in matrices)
    # Two norms a layer: RMSNorm has a scale, LayerNorm a shift too.
    norms = 2 * sizes.hidden if len(matrices) > 6 else 4 * sizes.hidden
    if family == "qwen3":
        norms += 2 * sizes.width
    last = sizes.hidden if len(matrices) > 6 else 0
    return layers * (one + norms) + last


def _number(config: Mapping[str, Any], name: str) -> int:
    for word in (name, *_OTHER_WORDS.get(name, ())):
        found = config.get(word)
        if isinstance(found, int) and found > 0:
            return found
    raise Refused("config_invalid", f"{CONFIG} does not say {name}.")
