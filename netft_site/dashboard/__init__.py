"""The dashboard: each project's stations and the one next thing to do.

It turns counts into words: how far the river has come, what waits, and the first
step that this person may take. It changes nothing and shows only projects the person
may see.
"""

from netft_site.dashboard.board import Dashboard, ProjectBoard, build_dashboard
from netft_site.dashboard.stations import Station
from netft_site.dashboard.steps import Step

__all__ = ["Dashboard", "ProjectBoard", "Station", "Step", "build_dashboard"]
