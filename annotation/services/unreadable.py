"""Records that could not be sanitized again: their raw text does not open.

They are passed over, stay outdated, and make the task fail, so that somebody looks.
"""

from __future__ import annotations

from dataclasses import dataclass

from netft_site.base.refusals import Refused


class RawUnreadable(Refused):
    """Raw text that should be there and cannot be opened."""


@dataclass
class Unreadable:
    """Records whose raw text is kept but cannot be opened: they stay outdated.

    `last` is the key of the last of them, behind which work goes on.
    """

    last: int = 0
    count: int = 0

    def add(self, pk: int) -> None:
        """Count one more."""
        self.last, self.count = pk, self.count + 1

    def raise_if_any(self, project_id: int) -> None:
        """Say so, so that the task fails where people look.

        Raises:
            RawUnreadable: there is one.
        """
        if self.count:
            many = "1 record" if self.count == 1 else f"{self.count} records"
            raise RawUnreadable(
                "raw_unreadable",
                f"The raw text of {many} of project {project_id} cannot be opened, up "
                f"to sanitization {self.last}. They are not up to date.",
            )
