"""Sensors that each show one fact about the calls of an extension, for tables of such facts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorEntityDescription

from .aioringcentral.models import Presence
from .aioringcentral.status import Standing
from .coordinator import RingCentralCoordinator
from .entity import ExtensionEntity
from .listeners import CALLS
from .value_sensor import ValueSensor

_WATCHES = ("telephony_status", CALLS)


@dataclass(frozen=True, kw_only=True)
class CallsDescription(SensorEntityDescription):
    """A fact about the calls of an extension."""

    value_fn: Callable[[Standing], int | datetime | None]


def knows_calls(presence: Presence) -> bool:
    """Whether it is known which calls there are; what is stored of them may date from before a break."""
    return bool(presence.telephony_status) or presence.active_calls is not None


class CallsSensor(ValueSensor, ExtensionEntity):
    """A fact about the calls of an extension."""

    entity_description: CallsDescription

    def __init__(
        self,
        coordinator: RingCentralCoordinator,
        description: CallsDescription,
        extension_id: str,
    ) -> None:
        """Watch the calls."""
        super().__init__(coordinator, description, extension_id, _WATCHES)

    @override
    def _value(self) -> int | datetime | None:
        return self.entity_description.value_fn(self.standing)
