"""The refusal of a build, for every step of it."""

from __future__ import annotations

from netft_site.base.refusals import Refused


class BuildRefused(Refused):
    """The dataset cannot be built; the code says why."""


class ExportRefused(Refused):
    """The lines cannot be given; the code says why."""
