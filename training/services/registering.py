"""Put a base model into the registry, and approve its licence before its first use.

A registered base is pinned: its weights are hashed now and compared by every training
process. Who approves a licence says what it permits; the approval is a fact with a name
and a day, and falls with a change of the licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from netft_site.base.refusals import Refused
from training.models import BaseModel
from training.services import base_folders, hub
from training.services.base_folders import Progress

AT_ONCE = 2 << 30
"""Bytes of weights that a request can wait for: some five seconds of hashing."""


@dataclass(frozen=True)
class Place:
    """Where a model comes from."""

    source: str
    location: str
    revision: str


def register_local(
    *,
    name: str,
    folder: Path,
    licence: str,
    revision: str = "",
    told: Progress = lambda done, total, label: None,
) -> BaseModel:
    """Register the model in a local folder; the same one again changes nothing.

    Raises:
        Refused: another model has that name (``name_taken``), it is no name
            (``bad_name``), the licence is not named (``no_licence``), or as
            `base_folders.read_facts`.
    """
    place = Place(BaseModel.Source.LOCAL, str(folder.resolve()), revision)
    return _register(name, folder, place, licence, told)


def register_from_hub(
    *,
    name: str,
    repo: str,
    revision: str,
    licence: str,
    told: Progress = lambda done, total, label: None,
) -> BaseModel:
    """As `register_local`, for a model of a hub at a commit; see `hub.fetched`.

    Raises:
        Refused: also ``bad_hub_id``, ``bad_revision``, ``not_cached``.
    """
    folder = hub.fetched(repo, revision)
    place = Place(BaseModel.Source.HUB, repo, revision)
    return _register(name, folder, place, licence, told)


def register_offered(
    *, name: str, folder: str, licence: str, revision: str = ""
) -> BaseModel:
    """As `register_local`, for a folder on offer and while a request waits.

    Raises:
        Refused: also ``folder_unknown``, and ``too_large`` for a request.
    """
    found = base_folders.offered(folder)
    if base_folders.weight_bytes(found) > AT_ONCE:
        raise Refused(
            "too_large",
            "The weights are larger than a page can wait for. Register the folder "
            "with the command register_base_model.",
        )
    return register_local(name=name, folder=found, licence=licence, revision=revision)


@transaction.atomic
def approve_licence(
    *, base: BaseModel, by: User, note: str, now: datetime
) -> BaseModel:
    """Say that a person has read a base's licence, and what it permits.

    Raises:
        Refused: approved already (``approved``), or nothing is said of what the licence
            permits (``no_note``).
    """
    base = BaseModel.objects.select_for_update().get(pk=base.pk)
    if base.is_approved:
        raise Refused(
            "approved", f"{base.licence_approved_by} has approved the licence already."
        )
    if not note.strip():
        raise Refused("no_note", "Say in a sentence what the licence permits.")
    base.licence_approved_by = by.get_full_name() or by.username
    base.licence_approved_at = now
    base.licence_note = note.strip()[:500]
    base.save(
        update_fields=["licence_approved_by", "licence_approved_at", "licence_note"]
    )
    return base


def _same(known: BaseModel, asked: BaseModel) -> BaseModel:
    pinned = ("source", "location", "revision", "weights_sha256", "licence")
    if any(getattr(known, name) != getattr(asked, name) for name in pinned):
        raise Refused(
            "name_taken",
            f"{known.name} is registered with other weights, another folder or another "
            "licence. Choose another name: runs rest on the one there is.",
        )
    return known


def _register(
    name: str, folder: Path, place: Place, licence: str, told: Progress
) -> BaseModel:
    if not licence.strip():
        raise Refused("no_licence", "Name the licence of the weights.")
    facts = base_folders.read_facts(folder, told)
    base = BaseModel(
        name=name,
        architecture=facts.shape.architecture,
        weights_sha256=facts.weights_sha256,
        licence=licence.strip(),
        parameters=facts.parameters,
        context_length=facts.shape.context_length,
        template_sha256=facts.shape.template_sha256,
        **vars(place),
    )
    with transaction.atomic():
        known = BaseModel.objects.select_for_update().filter(name=name).first()
        if known is not None:
            return _same(known, base)
        try:
            base.full_clean()
        except ValidationError as error:
            raise Refused("bad_name", " ".join(error.messages)) from error
        base.save()
    return base
