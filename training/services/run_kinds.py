"""What a base model can be trained for, on what, and whether this machine can.

A causal model reads a text for its level under a head (classify), learns to write the
answers of a dataset (sft), or which of two answers is better (dpo). Everything that can
be refused before anything is queued is refused here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from django.conf import settings

from netft_site.base.refusals import Refused
from training.domain.job_kinds import GENERATIVE, Device, Objective, Tuning
from training.domain.rows import SEVERITY
from training.domain.tasks import DOMAIN_TEXT, PREFERENCE
from training.models import BaseModel, Dataset

Kind = tuple[Objective, Tuning]

_WRITING = (Tuning.LORA, Tuning.QLORA, Tuning.FULL)
_KINDS: Mapping[str, tuple[Kind, ...]] = {
    BaseModel.Architecture.CLASSICAL: ((Objective.BASELINE, Tuning.NONE),),
    BaseModel.Architecture.ENCODER: ((Objective.CLASSIFY, Tuning.LORA),),
    BaseModel.Architecture.CAUSAL: (
        (Objective.CLASSIFY, Tuning.LORA),
        *((objective, tuning) for objective in GENERATIVE for tuning in _WRITING),
    ),
}


def resolve_kind(base: BaseModel, objective: str, tuning: str) -> Kind:
    """Objective and tuning of a base model; the first that fits what is not given.

    Raises:
        Refused: the base cannot be trained so (``objective_unknown``), it has no chat
            template to write by (``no_template``), or this machine cannot
            (``quantization_unavailable``).
    """
    wanted = (objective.upper(), tuning.upper())
    known = _KINDS[base.architecture]
    fits = (
        kind
        for kind in known
        if wanted[0] in ("", kind[0]) and wanted[1] in ("", kind[1])
    )
    kind = next(fits, None)
    if kind is None:
        ways = ", ".join(f"{o.lower()} with {t.lower()}" for o, t in known)
        asked = " with tuning ".join(word for word in wanted if word).lower()
        raise Refused(
            "objective_unknown",
            f"{base.name} cannot be trained as {asked}, only as {ways}.",
        )
    if kind[0] in GENERATIVE:
        _refuse_without_template(base)
    if kind[1] is Tuning.QLORA:
        _refuse_without_quantization()
    return kind


def _refuse_without_template(base: BaseModel) -> None:
    if not base.template_sha256:
        raise Refused(
            "no_template",
            f"{base.name} has no chat template, so nobody can say what it reads. "
            "Register its variant for chats or instructions.",
        )


def _refuse_without_quantization() -> None:
    devices = {device.partition(":")[0] for device in settings.JOB_DEVICES}
    # Found, never imported: it would load torch.
    missing = importlib.util.find_spec("bitsandbytes") is None
    if missing or Device.CUDA not in devices:
        why = "bitsandbytes is not installed" if missing else "there is no GPU"
        raise Refused(
            "quantization_unavailable",
            f"Weights of four bits cannot be used here: {why}. Choose tuning lora, or "
            "install bitsandbytes on a machine with a GPU in NETFT_DEVICES.",
        )


def refuse_tasks(dataset: Dataset, objective: Objective) -> None:
    """Refuse a dataset whose tasks the objective cannot learn from.

    Raises:
        Refused: ``other_tasks`` for a classifier, ``tasks_missing`` for a model that
            writes.
    """
    tasks = set(dataset.manifest.get("tasks", ())) or {SEVERITY}
    if objective not in GENERATIVE:
        refuse_other_tasks(dataset)
    elif objective is Objective.DPO and PREFERENCE not in tasks:
        raise Refused(
            "tasks_missing",
            f"Dataset {dataset} has no preferred answers; DPO learns from the task "
            "preference.",
        )
    elif objective is Objective.SFT and not tasks - {PREFERENCE, DOMAIN_TEXT}:
        raise Refused(
            "tasks_missing",
            f"Dataset {dataset} has no exchanges; SFT learns from a task with answers, "
            "such as severity or triage.",
        )


def refuse_other_tasks(dataset: Dataset) -> None:
    """Refuse a dataset that a classifier of severity cannot read.

    Raises Refused (``other_tasks``).
    """
    others = sorted(set(dataset.manifest.get("tasks", ())) - {SEVERITY})
    if others:
        raise Refused(
            "other_tasks",
            f"Dataset {dataset} also teaches {', '.join(others)}; a classifier learns "
            "severity alone. Build one with that task and no general rows.",
        )
