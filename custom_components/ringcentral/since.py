"""Since when a status is shown: the time survives a lost connection, a reload and a restart."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, override

from homeassistant.helpers.restore_state import ExtraStoredData

from .stored import moment


@dataclass(frozen=True, slots=True)
class Since(ExtraStoredData):
    """The last known status, and since when it applies."""

    status: str | None = None
    at: datetime | None = None

    def then(self, status: str | None, now: datetime) -> Self:
        """Return what to keep after a status; an unknown status does not end the last one."""
        if status is None or status == self.status:
            return self
        return type(self)(status, now)

    @override
    def as_dict(self) -> dict[str, Any]:
        """Return what to keep over a restart."""
        return {"status": self.status, "since": self.at and self.at.isoformat()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], now: datetime) -> Self:
        """Return what was kept, or nothing if it cannot be read or lies in the future."""
        status, at = stored.get("status"), moment(stored.get("since"))
        if not isinstance(status, str) or at is None or at > now:
            return cls()
        return cls(status, at)
