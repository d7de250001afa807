"""How long a training computes, from its floating-point operations.

A token costs 2N forward, N the numbers in the matrices that read it; backward 2N for
the gradients that flow on and 2N for those of trained weights (Kaplan et al. 2020,
section 2.1). A frozen matrix needs no gradient of its own: LoRA costs 4N, full training
6N. Checkpointing computes every layer again, 2N of the layers alone. Attention adds 4sd
forward for each layer and token, s the tokens read and d the features of the queries,
half of it where a token reads those before it alone; backward costs twice that.
"""

from __future__ import annotations

from dataclasses import dataclass

from training.domain.memory import Adaptation, Plan
from training.domain.model_size import ModelSize

USUAL_SHARE = 0.5
"""Share of the matrix rate that a training reaches; 0.4 to 0.6 are published for well
packed training of 7B models on one GPU (MosaicML llm-foundry, NVIDIA NeMo)."""


@dataclass(frozen=True)
class Rate:
    """Operations a second of a matrix product on a device, and whose figure it is.

    source: words for people. is_measured: on this machine, not assumed.
    """

    flops: float
    source: str
    is_measured: bool


@dataclass(frozen=True)
class TrainingTime:
    """Seconds of the computation.

    least: at the whole rate, which no training reaches. likely: at the usual share.
    """

    flops: float
    least: float
    likely: float
    rate: Rate


def flops_a_token(
    size: ModelSize, plan: Plan, *, with_head: bool = True, with_adapter: bool = True
) -> float:
    """Operations that one token costs in training, at texts of `plan.length` tokens."""
    blocks = float(size.block_weights)
    head = float(size.head_weights) if with_head and plan.scored else 0.0
    causal = 0.5 if size.is_causal else 1.0
    attention = 4 * plan.length * size.queries * size.layers * causal
    if plan.adaptation is Adaptation.NONE:
        return 2 * (blocks + head) + attention
    passes = 6 if plan.adaptation is Adaptation.FULL else 4
    again = 1 if plan.checkpointing else 0
    adapter = 0
    if with_adapter and plan.adaptation is not Adaptation.FULL:
        adapter = 6 * size.adapter(plan.rank)
    return (
        passes * (blocks + head)
        + 2 * blocks * again
        + (3 + again) * attention
        + adapter
    )


def training_time(
    size: ModelSize, plan: Plan, tokens: float, rate: Rate
) -> TrainingTime:
    """Seconds that so many tokens take at a rate; `tokens` over all epochs."""
    flops = flops_a_token(size, plan) * tokens
    least = flops / rate.flops
    return TrainingTime(flops, least, least / USUAL_SHARE, rate)
