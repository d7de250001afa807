"""What is looked at before a training starts: rows, place, memory and time."""

from training.services.preflight.examining import AT_LAUNCH, AT_ONCE, examine
from training.services.preflight.report import Preflight, refuse_blocked, refused

__all__ = [
    "AT_LAUNCH",
    "AT_ONCE",
    "Preflight",
    "examine",
    "refuse_blocked",
    "refused",
]
