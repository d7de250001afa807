"""Whether everything that a run stands on is there and as it was.

Cheap looks only: weights are known by their header and their size here, and hashed
anew by the training process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from netft_site.base.refusals import Refused
from training.domain import base_folder
from training.domain.base_folder import Shape
from training.domain.preflight import Check, State
from training.launchers import processes
from training.models import BaseModel, Dataset, Job
from training.services import base_folders, base_models
from training.services.datasets import withheld

CHANGED = "base_model_changed"
TEMPLATE = "template_changed"
_BASE = "Base model"


def check_place(dataset: Dataset, base: BaseModel) -> list[Check]:
    """Every check of the place, in the order of the page."""
    return [
        *_check_records(dataset),
        *_check_base(base),
        _check_device(),
    ]


def _check_records(dataset: Dataset) -> Iterator[Check]:
    title = "Records of the dataset"
    counted = withheld.count(dataset=dataset)
    if counted.waiting:
        yield Check(
            withheld.CODE,
            title,
            State.FAILS,
            f"Not trained on: {withheld.waiting_words(dataset=dataset)}",
        )
        return
    if counted.excluded:
        many = "1 record was" if counted.excluded == 1 else f"{counted.excluded:,} were"
        yield Check(
            "record_excluded",
            title,
            State.WARNS,
            f"{many} excluded since the dataset was frozen, and would be learned.",
            "Build a new version to leave them out.",
        )
        return
    yield Check(withheld.CODE, title, State.HOLDS, "None was taken out of use since.")


def _check_base(base: BaseModel) -> Iterator[Check]:
    try:
        files = base_models.files_of(base)
        if files is None:
            return
        if base.architecture == BaseModel.Architecture.CLASSICAL:
            base = BaseModel.objects.get(name=base.location)
        folder = Path(files.path)
        shape = base_folder.read_shape(base_folders.read_papers(folder))
        parameters = base_folders.count_parameters(folder)
    except Refused as refusal:
        yield Check(refusal.code, _BASE, State.FAILS, refusal.message)
        return
    yield _compare(base, shape, parameters)


def _compare(base: BaseModel, shape: Shape, parameters: int) -> Check:
    """Whether a folder still holds what was registered, by its header and papers."""
    if parameters != base.parameters or shape.architecture != base.architecture:
        return Check(
            CHANGED,
            _BASE,
            State.FAILS,
            f"The weights of {base.name} are not those that were registered.",
            "Put them back, or register the folder under another name.",
        )
    if shape.template_sha256 != base.template_sha256:
        return Check(
            TEMPLATE,
            "Chat template",
            State.FAILS,
            f"The chat template of {base.name}, or a token that it rests on, is not "
            "the one that was registered.",
            "Put it back, or register the folder under another name.",
        )
    return Check(
        CHANGED,
        _BASE,
        State.HOLDS,
        "It is there, of the registered size, with the registered template.",
    )


def _check_device() -> Check:
    """Whether a device is free: a run waits for one, so this only warns."""
    title = "Device"
    devices = list(settings.JOB_DEVICES)
    active = Job.objects.active().at(processes.host())
    busy = set(active.values_list("device", flat=True))
    free = [device for device in devices if device not in busy]
    waiting = Job.objects.queued().count()
    if free and not waiting:
        return Check("device_busy", title, State.HOLDS, f"{free[0]} is free.")
    before = f"{waiting} job{'s' * (waiting != 1)} before it"
    return Check(
        "device_busy",
        title,
        State.WARNS,
        f"{'No device is free' if not free else f'{free[0]} is free'}, and the queue "
        f"has {before if waiting else 'nothing before it'}.",
        "The run waits its turn and starts by itself.",
    )
