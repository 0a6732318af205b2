"""A sensor that shows one value unchanged."""

from typing import Any

from homeassistant.components.sensor import SensorEntity


class ValueSensor(SensorEntity):
    """A sensor that shows a value as it is."""

    def _show(self, value: Any) -> None:
        self._attr_native_value = value
