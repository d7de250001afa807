"""What a model that writes would answer: how likely each level is, in one reading.

The question is read once; the ends of the answers, a token or a few, are read together
on top of what was kept of it. Nothing is generated, so every answer is a level.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from netft_site.base.refusals import Refused
from training.domain.job_spec import PredictSpec, Tuning
from training.domain.level_questions import Question, ask, levels_from
from training.ml.artifacts import Card, Language, check_language
from training.ml.base_model import text_limits, verify_base_model
from training.ml.callbacks import Run
from training.ml.causal import load_causal
from training.ml.data import Integers, Items
from training.ml.embedding import set_up_torch
from training.ml.heads import Doubles
from training.ml.lora import merge_adapter
from training.ml.outcomes import BadInput
from training.ml.sequences import read_model


class Writer:
    """A model that writes, asked for levels."""

    def __init__(self, model: Any, device: str) -> None:
        self.model, self.device = model.to(device).eval(), device

    def scores(self, question: Question) -> Doubles:
        """Log-probability of each level's answer, shape (k,)."""
        with torch.inference_mode():
            read = self.model(self._ids([question.prefix]), use_cache=True)
            first = functional.log_softmax(read.logits[0, -1].float(), dim=-1)
            own = [float(first[end[0]]) for end in question.ends]
            if any(len(end) > 1 for end in question.ends):
                rest = self._rest(read.past_key_values, question.ends)
                own = [a + b for a, b in zip(own, rest, strict=True)]
        return levels_from(np.array(own, dtype=np.float64), question.ends)

    def _rest(self, cache: Any, ends: Sequence[tuple[int, ...]]) -> list[float]:
        """Log-probability of each end after its first token."""
        width = max(len(end) for end in ends)
        known = cache.get_seq_length()
        cache.batch_repeat_interleave(len(ends))
        # What fills an end up comes after it and is never looked at.
        padded = [(*end, *(end[-1:] * (width - len(end)))) for end in ends]
        ids = self._ids(padded)
        seen = torch.ones(len(ends), known + width, dtype=torch.long, device=ids.device)
        logits = self.model(ids, attention_mask=seen, past_key_values=cache).logits
        scores = functional.log_softmax(logits[:, :-1].float(), dim=-1)
        said = scores.gather(2, ids[:, 1:, None])[..., 0].cpu()
        return [
            float(row[: len(end) - 1].sum())
            for row, end in zip(said, ends, strict=True)
        ]

    def _ids(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor([list(row) for row in rows], device=self.device)


def writer_scores(
    card: Card | None, spec: PredictSpec, items: Items, run: Run
) -> tuple[Any, Integers, int]:
    """How to score rows of items, their lengths in tokens, and how many are cut.

    card: of the trained model, None where the base is asked as it is. Raises BadInput
    where the base model or its template is not the one of the training, or the spec
    does not say in which words to ask.
    """
    base = spec.base_model
    if base is None:
        raise BadInput("base_model_missing", "The model needs its base model.")
    if spec.wording is None:
        raise BadInput("wording_missing", "The words to ask a model with are missing.")
    language = check_language(card, base) if card else None
    source = verify_base_model(base)
    template = language.template_sha256 if language else base.template_sha256
    limit = language.max_length if language else text_limits(source)[1]
    questions = _questions(source, template, limit, spec, items)
    set_up_torch(spec.threads, spec.device)
    writer = Writer(_load(source, language, spec, run), spec.device.value)

    def by_writing(rows: Integers) -> Doubles:
        return np.stack([writer.scores(questions[row]) for row in rows])

    lengths = [len(one.prefix) for one in questions]
    cut = sum(one.is_cut for one in questions)
    return by_writing, np.array(lengths, dtype=np.int64), cut


def _questions(
    source: Path, template: str, limit: int, spec: PredictSpec, items: Items
) -> list[Question]:
    assert spec.wording is not None  # noqa: S101  (checked by the caller)
    try:
        model = read_model(source, template)
        return [
            ask(model, spec.wording, text, max_length=limit) for text in items.texts
        ]
    except Refused as refusal:
        raise BadInput(refusal.code, refusal.message) from refusal


def _load(source: Path, language: Language | None, spec: PredictSpec, run: Run) -> Any:
    """The base as it is, the artifact's own weights, or the base with its adapter."""
    if language is None or spec.artifact is None:
        return load_causal(source, Tuning.NONE, spec.device)
    folder = run.path(spec.artifact.path)
    if language.tuning is Tuning.FULL:
        return load_causal(folder, Tuning.NONE, spec.device)
    # Into weights of four bits an adapter cannot be merged without changing answers.
    return merge_adapter(load_causal(source, Tuning.NONE, spec.device), folder)
