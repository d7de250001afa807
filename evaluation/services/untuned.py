"""A base that writes as a model of a project: what tuned models are held against."""

from __future__ import annotations

from annotation.models import Project
from netft_site.base.refusals import Refused
from training.models import BaseModel, ModelVersion
from training.services import runs
from training.services.runs import resolve_model


def model_of(reference: str, *, project: Project) -> ModelVersion:
    """The model of that name, or the base of that name, untuned.

    Raises Refused: those of `resolve_model`, and of `untuned`.
    """
    try:
        return resolve_model(reference)
    except Refused as refusal:
        base = BaseModel.objects.filter(name=reference).first()
        if refusal.code != "model_unknown" or base is None:
            raise
    return untuned(base=base, project=project)


def untuned(*, base: BaseModel, project: Project) -> ModelVersion:
    """A base as a model version of a project; the second time the same one.

    Raises Refused (``licence_unapproved``, ``no_template``, ``base_model_missing``,
    ``not_causal``).
    """
    if base.architecture != BaseModel.Architecture.CAUSAL:
        raise Refused(
            "not_causal",
            f"{base.name} does not write, so it cannot be asked before it is trained. "
            "Its baseline is the frozen one, embedding-lr.",
        )
    if not base.is_approved:
        raise Refused(
            "licence_unapproved", f"Nobody has approved the licence of {base.name}."
        )
    runs.writing_files(base)
    found, _ = ModelVersion.objects.get_or_create(
        project=project,
        run=None,
        base_model=base,
        defaults={
            "name": base.name[:120],
            "template_sha256": base.template_sha256,
        },
    )
    return found
