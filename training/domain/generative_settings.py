"""Settings of fine-tuning a language model to write: SFT and DPO.

Defaults and ranges are those of `docs/training.md`; `auto` values are settled by the
training process once it has seen model, data and device. A method ignores the settings
that do not concern it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from training.domain.hyperparameters import AUTO, SCHEDULES, Rule, Settings, setting
from training.domain.job_kinds import Objective, Tuning

YES, NO = "yes", "no"
FIRST, NONE = "first", "none"
LONGEST = 131_072
"""Tokens; no model that is trained here reads more."""

_RATES = {
    (Objective.SFT, False): 2e-4,
    (Objective.SFT, True): 1e-5,
    (Objective.DPO, False): 5e-6,
    (Objective.DPO, True): 1e-6,
}


@dataclass(frozen=True)
class GenerativeHyperparameters(Settings):
    """Settings of SFT and DPO with LoRA, QLoRA or all weights."""

    r: int = setting(
        16, Rule(int, "Rank of the LoRA matrices.", "Unsloth, Axolotl: 8 to 64", 1, 256)
    )
    alpha: int = setting(
        32,
        Rule(
            int,
            "LoRA scale; updates are multiplied by alpha / r, with rslora by alpha / "
            "root of r.",
            "2 r",
            1,
            512,
        ),
    )
    dropout: float | str = setting(
        AUTO,
        Rule(
            float,
            "Dropout on the LoRA input. auto: 0.05 for SFT under 1,000 rows, else 0.",
            "Axolotl against overfitting, PEFT",
            0.0,
            0.5,
            auto=True,
        ),
    )
    rslora: str = setting(
        NO,
        Rule(
            str,
            "Rank-stabilised scale, for ranks of 64 and more.",
            "Kalajdzievski 2023",
            choices=(YES, NO),
        ),
    )
    lr: float | str = setting(
        AUTO,
        Rule(
            float,
            "Peak learning rate. auto: SFT 2e-4 with LoRA and QLoRA, 1e-5 with all "
            "weights; DPO 5e-6 and 1e-6.",
            "Unsloth; TRL for DPO",
            1e-7,
            1e-2,
            auto=True,
        ),
    )
    epochs: int = setting(
        3, Rule(int, "Passes over the training rows.", "PEFT, TRL", 1, 30)
    )
    batch: int = setting(
        16,
        Rule(int, "Rows of one optimizer step.", "Unsloth; LoRA dislikes more", 1, 512),
    )
    max_length: int | str = setting(
        AUTO,
        Rule(
            int,
            "Longest sequence, in tokens; longer rows are left out and counted, since "
            "cutting would take the answer. auto: 99th percentile of TRAIN rounded up "
            "to 64, at most what the model reads.",
            "axolotl, TRL's default of 1,024 cuts answers off",
            16,
            LONGEST,
            auto=True,
        ),
    )
    token_budget: int = setting(
        8192,
        Rule(
            int,
            "Tokens computed at once; a step is done in as many parts as it takes.",
            "own choice: 8,192 to 16,384 fill a large GPU",
            64,
            LONGEST,
        ),
    )
    packing: str = setting(
        YES,
        Rule(
            str,
            "Rows end to end without padding; none sees another. SFT only.",
            "arXiv 2407.09105",
            choices=(YES, NO),
        ),
    )
    gradient_checkpointing: str = setting(
        AUTO,
        Rule(
            str,
            "Compute activations twice instead of keeping them, for a third less "
            "speed. auto: on a GPU where they would not fit.",
            "Korthikanti et al. 2022",
            choices=(AUTO, YES, NO),
        ),
    )
    domain_text: str = setting(
        FIRST,
        Rule(
            str,
            "Rows of the task domain_text: trained once before the exchanges, or not "
            "at all. SFT only.",
            "continued pretraining before instruction tuning",
            choices=(FIRST, NONE),
        ),
    )
    beta: float = setting(
        0.1,
        Rule(
            float,
            "How far DPO may move from the model it starts at; more is nearer.",
            "Rafailov et al. 2023, TRL",
            0.01,
            1.0,
        ),
    )
    weight_decay: float = setting(
        0.01, Rule(float, "Decoupled weight decay of AdamW.", "Unsloth", 0.0, 0.3)
    )
    clip: float = setting(
        1.0, Rule(float, "Largest norm of the gradient.", "TRL, PEFT", 0.01, 100.0)
    )
    schedule: str = setting(
        "cosine",
        Rule(str, "Shape of the learning rate.", "LLaMA-Factory", choices=SCHEDULES),
    )
    warmup: float = setting(
        0.05,
        Rule(
            float,
            "Share of the steps in which the learning rate rises.",
            "Axolotl: 5 to 10 %",
            0.0,
            0.5,
        ),
    )
    evaluations: int = setting(
        2, Rule(int, "Looks at DEV in each epoch.", "own choice", 1, 20)
    )
    patience: int = setting(
        3,
        Rule(
            int,
            "Looks at DEV without a loss lower by 0.5 % before stopping.",
            "fewer than AutoTrain's 5",
            1,
            100,
        ),
    )


def settle(
    given: GenerativeHyperparameters,
    *,
    objective: Objective,
    tuning: Tuning,
    rows: int,
    max_length: int,
) -> GenerativeHyperparameters:
    """The settings with dropout, lr and max_length settled; `rows` of TRAIN.

    Activation checkpointing is settled by the process, which knows the device.
    """
    full = tuning is Tuning.FULL
    dropout, lr = given.dropout, given.lr
    if dropout == AUTO:
        # TRL takes all dropout out of DPO: the reference has none either.
        few = rows < 1_000 and objective is Objective.SFT
        dropout = 0.05 if few and not full else 0.0
    if lr == AUTO:
        lr = _RATES[objective, full]
    return replace(given, dropout=dropout, lr=lr, max_length=max_length)
