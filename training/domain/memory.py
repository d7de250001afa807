"""The memory a training needs, from a formula, before anything is loaded.

Counted is what a step holds at its peak, as PyTorch with transformers and PEFT holds
it: for every layer the tensors that its backward pass reads again (each is named
below), the gradients, AdamW's two moments, the scores over the vocabulary, and what
the program itself takes. The tests count the tensors that tiny models save, and
compare. What no formula knows (fragments, workspaces of kernels) is in `overhead` and
in the stated uncertainty; a probe of two steps measures the rest.

Sources: Korthikanti et al. 2022 for the way of counting activations; Dettmers et al.
2023 for nf4 with doubly quantized constants; Hu et al. 2021 for LoRA.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from training.domain.model_size import ModelSize

GIB = 1 << 30
NF4 = 0.5 + 0.127 / 8
"""Bytes of a number in nf4: four bits and 0.127 of constants (QLoRA, section 3)."""
TILE = 1024
"""Tokens whose scores a fused loss holds at once."""
CUDA_CONTEXT = int(0.6 * GIB)
FRAGMENTS = 0.075
"""Share of a GPU's tensors that is lost between them; 5 to 10 % are usual."""
HOST_PROGRAM = int(0.6 * GIB)
"""Python with torch, transformers and PEFT loaded, measured without a model."""
HOST_FRAGMENTS = 0.7
"""Share of a CPU's tensors that a process holds beyond them: freed memory of batches of
other lengths. Measured of the embedded encoder: 0.38 at 65 tokens, 0.92 at 235."""
_MOMENTS = 2
_FP32 = 4


class Adaptation(StrEnum):
    """Which numbers are trained: none, an adapter, one on 4-bit weights, or all."""

    NONE = "NONE"
    LORA = "LORA"
    QLORA = "QLORA"
    FULL = "FULL"


class Optimizer(StrEnum):
    """What is kept for every trained number: two moments, two in 8 bits, nothing."""

    ADAMW = "adamw"
    ADAMW_8BIT = "adamw_8bit"
    SGD = "sgd"


class Precision(StrEnum):
    """How weights and activations are held."""

    BF16 = "bf16"
    FP32 = "fp32"

    @property
    def width(self) -> int:
        """Bytes of a number."""
        return 2 if self is Precision.BF16 else _FP32


@dataclass(frozen=True)
class Plan:
    """How a step is computed.

    rows, length: of one micro-batch, padded or packed; a step holds rows x length
    tokens. dropout: whether the adapter's input passes dropout. fused: the loss is
    computed in tiles, and the scores of all tokens never stand at once. scored: whether
    a loss is taken over the vocabulary at all (not by a classifier). adapter_fp32: the
    adapter is kept in fp32 beside weights in bf16, PEFT's default. reference: the model
    that DPO starts at is kept beside the one that learns. master_fp32: full
    training keeps weights, gradients and moments in fp32 and computes in bf16.
    """

    adaptation: Adaptation
    rows: int
    length: int
    rank: int = 16
    precision: Precision = Precision.BF16
    optimizer: Optimizer = Optimizer.ADAMW
    checkpointing: bool = False
    dropout: bool = False
    fused: bool = True
    scored: bool = True
    adapter_fp32: bool = True
    master_fp32: bool = False
    reference: bool = False
    on_gpu: bool = True

    @property
    def tokens(self) -> int:
        """Tokens of a micro-batch, padding included."""
        return self.rows * self.length


@dataclass(frozen=True)
class Memory:
    """Bytes of each part at the peak of a step.

    uncertainty: the share by which the total may be off either way.
    """

    weights: int
    adapter: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    overhead: int
    uncertainty: float

    @property
    def total(self) -> int:
        """All parts."""
        return sum(self.parts().values())

    @property
    def most(self) -> int:
        """The total with the uncertainty on top: what ought to be free."""
        return int(self.total * (1 + self.uncertainty))

    def parts(self) -> dict[str, int]:
        """Bytes by the name of the part, in the order of the form above."""
        return {k: v for k, v in vars(self).items() if k != "uncertainty"}


def estimate(size: ModelSize, plan: Plan) -> Memory:
    """The memory of a step by its parts, in bytes."""
    weights = weight_bytes(size, plan) + _reference(size, plan)
    adapter = _adapter(size, plan)
    trained, width = _trained(size, plan)
    gradients = trained * width
    optimizer = trained * _moments(plan, width)
    activations = activation_bytes(size, plan)
    logits = logit_bytes(size, plan)
    tensors = weights + adapter + gradients + optimizer + activations + logits
    return Memory(
        weights=weights,
        adapter=adapter,
        gradients=gradients,
        optimizer=optimizer,
        activations=activations,
        logits=logits,
        overhead=_overhead(plan, tensors),
        uncertainty=_uncertainty(size, plan),
    )


def weight_bytes(size: ModelSize, plan: Plan) -> int:
    """Bytes of the weights as they lie in memory during the training.

    Of 4-bit weights only the matrices of the layers are 4-bit; embeddings, head and
    norms stay as they are.
    """
    if plan.adaptation is Adaptation.QLORA:
        rest = size.parameters - size.block_weights
        return int(size.block_weights * NF4) + rest * plan.precision.width
    if plan.adaptation is Adaptation.FULL and plan.master_fp32:
        # Autocast keeps the copies in bf16 until the step is over.
        return size.parameters * (_FP32 + plan.precision.width % _FP32)
    return size.parameters * plan.precision.width


def activation_bytes(size: ModelSize, plan: Plan) -> int:
    """Bytes of the tensors that the backward pass reads again, at their peak.

    With checkpointing every layer keeps its input, and one layer at a time is computed
    again. On top comes what flows back through the widest part of one layer.
    """
    if plan.adaptation is Adaptation.NONE:
        return plan.tokens * _widest(size) * plan.precision.width
    layer = plan.tokens * layer_bytes(size, plan)
    flowing = plan.tokens * _widest(size) * plan.precision.width
    if plan.checkpointing:
        kept = size.layers * plan.tokens * size.hidden * plan.precision.width
        return kept + layer + flowing
    return size.layers * layer + flowing


def layer_bytes(size: ModelSize, plan: Plan) -> int:
    """Bytes a token that one layer saves for its backward pass.

    Gated layers (Llama, Mistral, Qwen): the residual stream before each norm (in fp32,
    as RMSNorm computes), the normed vectors that the matrices read, queries, keys,
    values and the attention's result, and four vectors of the feed-forward part: gate,
    its SiLU, up and their product. Layers after BERT: eight vectors of the stream and
    two of the feed-forward part. One number a head is the attention's normalizer. A
    trained norm keeps the vector that its scale multiplies; an adapter keeps rank
    numbers a matrix, and a copy of each input where dropout or its precision makes one.
    """
    width = plan.precision.width
    if size.is_gated:
        stream = 2 * size.hidden * (_FP32 + width)
        attention = (2 * size.queries + 2 * size.keys) * width
        saved = stream + attention + 4 * size.intermediate * width
        small = (2 + size.heads) * _FP32
        if plan.adaptation is Adaptation.FULL:
            saved += 2 * size.hidden * width
    else:
        saved = (8 * size.hidden + 2 * size.intermediate) * width
        small = size.heads * _FP32 + 4 * width
    return saved + small + _adapter_inputs(size, plan)


def logit_bytes(size: ModelSize, plan: Plan) -> int:
    """Bytes of the scores over the vocabulary at the peak of the loss.

    As computed they are as wide as the activations; the loss makes a copy in fp32, its
    logarithms of probabilities, and their gradient.
    """
    if not (plan.scored and size.is_causal):
        return 0
    tokens = min(plan.tokens, TILE) if plan.fused else plan.tokens
    narrow = plan.precision.width if plan.precision is Precision.BF16 else 0
    return tokens * size.vocabulary * (narrow + 3 * _FP32)


def artifact_bytes(size: ModelSize, plan: Plan) -> int:
    """Bytes of what the training leaves: an adapter, or the weights as they are."""
    if plan.adaptation is Adaptation.NONE:
        return 0
    trained, width = _trained(size, plan)
    return trained * width


def checkpoint_bytes(size: ModelSize, plan: Plan) -> int:
    """Bytes of one checkpoint: what is trained, its moments, and the best so far."""
    trained, width = _trained(size, plan)
    return trained * (2 * width + _moments(plan, width))


def _reference(size: ModelSize, plan: Plan) -> int:
    """An adapter that is switched off is its own reference."""
    if not plan.reference or plan.adaptation is not Adaptation.FULL:
        return 0
    return size.parameters * (_FP32 if plan.master_fp32 else plan.precision.width)


def _adapter(size: ModelSize, plan: Plan) -> int:
    if plan.adaptation not in (Adaptation.LORA, Adaptation.QLORA):
        return 0
    return size.adapter(plan.rank) * _adapter_width(plan)


def _adapter_width(plan: Plan) -> int:
    return _FP32 if plan.adapter_fp32 else plan.precision.width


def _adapter_inputs(size: ModelSize, plan: Plan) -> int:
    if plan.adaptation not in (Adaptation.LORA, Adaptation.QLORA):
        return 0
    width = _adapter_width(plan)
    inputs = sum(matrix.inputs for matrix in size.matrices)
    copied = 0
    if plan.dropout or width != plan.precision.width:
        # A copy for each matrix, and the original is needed by none of them any more.
        original = 2 * size.hidden + size.intermediate
        copied = inputs * width - original * plan.precision.width
    if plan.dropout:
        # What was dropped: a byte on a GPU, a number on a CPU.
        copied += inputs * (1 if plan.on_gpu else width)
    return copied + plan.rank * len(size.matrices) * width


def _trained(size: ModelSize, plan: Plan) -> tuple[int, int]:
    """How many numbers are trained, and the bytes of each."""
    if plan.adaptation is Adaptation.NONE:
        return 0, _FP32
    if plan.adaptation is Adaptation.FULL:
        return size.parameters, _FP32 if plan.master_fp32 else plan.precision.width
    return size.adapter(plan.rank), _adapter_width(plan)


def _moments(plan: Plan, width: int) -> int:
    if plan.optimizer is Optimizer.SGD:
        return 0
    return _MOMENTS * (1 if plan.optimizer is Optimizer.ADAMW_8BIT else width)


def _widest(size: ModelSize) -> int:
    """Numbers a token that flow through the feed-forward part at once."""
    return 2 * size.hidden + (3 if size.is_gated else 2) * size.intermediate


def _uncertainty(size: ModelSize, plan: Plan) -> float:
    """The share by which the total may be off; on a CPU memory is not given back."""
    known = 0.15 if plan.on_gpu else 0.30
    return known if size.is_exact else 2 * known


def _overhead(plan: Plan, tensors: int) -> int:
    if not plan.on_gpu:
        return HOST_PROGRAM + int(tensors * HOST_FRAGMENTS)
    return CUDA_CONTEXT + int(tensors * FRAGMENTS)
