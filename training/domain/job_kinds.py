"""Kinds of jobs, of training and of devices: words that specs and settings share."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    TRAIN = "TRAIN"
    PREDICT = "PREDICT"
    QUALITY = "QUALITY"


class Objective(StrEnum):
    """What a training is for: a baseline, a label, an answer, or the better answer."""

    BASELINE = "BASELINE"
    CLASSIFY = "CLASSIFY"
    SFT = "SFT"
    DPO = "DPO"


GENERATIVE = (Objective.SFT, Objective.DPO)


class Tuning(StrEnum):
    """Which weights learn; QLORA is LoRA over weights of four bits."""

    NONE = "NONE"
    LORA = "LORA"
    QLORA = "QLORA"
    FULL = "FULL"


class BaselineMethod(StrEnum):
    MAJORITY = "majority"
    TFIDF_LR = "tfidf_lr"
    EMBEDDING_LR = "embedding_lr"


class Architecture(StrEnum):
    """How a model reads: both ways, or each token after those before it."""

    ENCODER = "ENCODER"
    CAUSAL = "CAUSAL"


class Device(StrEnum):
    CPU = "cpu"
    CUDA = "cuda"
