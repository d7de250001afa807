"""Why something of a project's economics is declined."""

from __future__ import annotations

from netft_site.base.refusals import Refused


class EconomicsRefused(Refused):
    """Prices, scenarios or thresholds that cannot be used; `key` names the field."""

    def __init__(self, code: str, message: str, key: str = "") -> None:
        super().__init__(code, message)
        self.key = key
