"""What would become of a run, before anybody asks for it.

The report that a launch rests on, for the page, the command and the API; nothing is
queued. What cannot even be asked for is a report with one failed check.
"""

from __future__ import annotations

from collections.abc import Mapping

from netft_site.base.refusals import Refused
from training.domain.job_spec import TrainSpec
from training.models import BaseModel, Dataset
from training.services import preflight, runs
from training.services.preflight import Preflight


def look_ahead(
    *,
    dataset: Dataset,
    base_model: BaseModel,
    objective: str = "",
    tuning: str = "",
    hyperparameters: Mapping[str, object] | None = None,
    seconds: float | None = preflight.AT_ONCE,
) -> tuple[Preflight, TrainSpec | None]:
    """The report on a run, and what it would compute; None where that is refused.

    `seconds` are for reading rows, None for no end; asked again it goes on.
    """
    try:
        spec = runs.plan(
            dataset=dataset,
            base_model=base_model,
            objective=objective,
            tuning=tuning,
            hyperparameters=hyperparameters,
        )
    except Refused as refusal:
        report = preflight.refused(
            dataset=dataset,
            base=base_model,
            refusal=refusal,
            objective=objective.upper(),
            tuning=tuning.upper(),
        )
        return report, None
    return (
        preflight.examine(dataset=dataset, base=base_model, spec=spec, seconds=seconds),
        spec,
    )
