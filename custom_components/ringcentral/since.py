"""Since when a status is shown: the time goes on over a lost connection, a reload and a restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, override

from homeassistant.helpers.restore_state import ExtraStoredData

from .stored import moment


@dataclass(frozen=True, slots=True)
class Since(ExtraStoredData):
    """The status last known, and since when."""

    status: str | None = None
    at: datetime | None = None

    def then(self, status: str | None, now: datetime) -> Self:
        """Return what is to be kept with a status; one that is unknown ends nothing."""
        if status is None or status == self.status:
            return self
        return type(self)(status, now)

    @override
    def as_dict(self) -> dict[str, Any]:
        """Return what is kept over a restart."""
        return {"status": self.status, "since": self.at and self.at.isoformat()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], now: datetime) -> Self:
        """Return what was kept; nothing where it cannot be read or lies ahead."""
        status, at = stored.get("status"), moment(stored.get("since"))
        if not isinstance(status, str) or at is None or at > now:
            return cls()
        return cls(status, at)
