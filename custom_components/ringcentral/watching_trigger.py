"""What the triggers that watch one sensor of each extension by themselves have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol, override

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State, callback
from homeassistant.helpers.target import (
    TargetStateChangedData,
    async_track_target_selector_state_change_event,
)
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .own_entities import check_named, named_devices, own_entities

_DOMAINS: Final = (Platform.SENSOR,)


class Watch(Protocol):
    """What is seen of the sensors, and what was reported of it."""

    def changed(self, data: TargetStateChangedData, /) -> None:
        """Look at a sensor that changed."""

    def entities_changed(
        self,
        added: set[str],
        removed: set[str],
        states: Mapping[str, State | None],
        /,
    ) -> None:
        """Watch other sensors from now on."""

    def start(self) -> None:
        """Begin, even if there are no sensors (yet)."""

    def stop(self) -> None:
        """Leave nothing behind."""


class WatchingTrigger(Trigger):
    """Watches one sensor of each extension."""

    _key: ClassVar[str]
    _schema: ClassVar[vol.Schema]

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Refuse targets that are named but can never fit."""
        checked: ConfigType = cls._schema(config)
        await check_named(hass, checked, cls._key, _DOMAINS)
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the extensions."""
        super().__init__(hass, config)
        self._target = config.target or {}
        self._options: Mapping[str, Any] = config.options or {}

    @abstractmethod
    def _watch(self, run_action: TriggerActionRunner) -> Watch:
        """Return the object that watches the sensors."""

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Watch every sensor that the target means."""
        watch = self._watch(run_action)
        stop = await async_track_target_selector_state_change_event(
            self._hass,
            self._target,
            watch.changed,
            lambda entities: own_entities(
                self._hass, entities, self._key, _DOMAINS, named_devices(self._target)
            ),
            watch.entities_changed,
        )
        watch.start()

        @callback
        def remove() -> None:
            stop()
            watch.stop()

        return remove
