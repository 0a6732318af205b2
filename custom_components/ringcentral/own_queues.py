"""Whether the user takes the calls of each of the user's own queues: a switch, or a binary sensor if others decide."""

from collections.abc import Callable
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)

from .aioringcentral.queues import OwnQueue
from .coordinator import RingCentralCoordinator
from .entity import ExtensionEntity, is_added
from .queues import QUEUES

_KEY: Final = "takes_queue_calls"

TAKES_CALLS = SwitchEntityDescription(key=_KEY)
TAKES_CALLS_SHOWN = BinarySensorEntityDescription(key=_KEY)


@callback
def async_add_own_switches(
    coordinator: RingCentralCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a switch for each queue that the user may log in to and out of."""
    _follow(
        coordinator,
        async_add_entities,
        Platform.SWITCH,
        lambda queue: OwnQueueSwitch(coordinator, TAKES_CALLS, queue),
        lambda queue: _may_edit(coordinator, queue),
    )


@callback
def async_add_own_sensors(
    coordinator: RingCentralCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a binary sensor for each queue for which others decide."""
    _follow(
        coordinator,
        async_add_entities,
        Platform.BINARY_SENSOR,
        lambda queue: OwnQueueSensor(coordinator, TAKES_CALLS_SHOWN, queue),
        lambda queue: not _may_edit(coordinator, queue),
    )


@callback
def earlier_queues(hass: HomeAssistant, entry_id: str) -> set[str]:
    """Return the ids of the user's queues in an earlier run, which left entities behind."""
    return {
        each.unique_id.rpartition("_")[2]
        for each in er.async_entries_for_config_entry(er.async_get(hass), entry_id)
        if each.translation_key == _KEY
    }


def _may_edit(coordinator: RingCentralCoordinator, queue: OwnQueue) -> bool:
    return queue.is_editable and coordinator.editor.may_edit(coordinator.own.id)


def _follow(
    coordinator: RingCentralCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    entity: Callable[[OwnQueue], OwnQueueEntity],
    is_meant: Callable[[OwnQueue], bool],
) -> None:
    """Make entities come and go with the queues; while the queues are not known, all entities stay."""
    there: set[str] = set()
    added_by = async_get_current_platform()

    @callback
    def changed() -> None:
        queues, own = coordinator.queues.own, coordinator.own.id
        if queues is None or own not in coordinator.extensions:
            return
        # Entities are added once all platforms are set up.
        if not coordinator.members.may_add_more(joined, own):
            return
        wanted = {key for key, queue in queues.items() if is_meant(queue)}
        _remove_others(coordinator, platform, wanted)
        new = wanted - there
        there.intersection_update(wanted)
        there.update(new)
        made = (entity(queues[key]) for key in queues if key in new)
        async_add_entities(each for each in made if not is_added(added_by, each))

    @callback
    def joined(extension_ids: tuple[str, ...]) -> None:
        if coordinator.own.id in extension_ids:
            there.clear()
            changed()

    coordinator.members.async_on_joined(joined)
    coordinator.queues.async_on_own(changed)


@callback
def _remove_others(
    coordinator: RingCentralCoordinator, platform: Platform, wanted: set[str]
) -> None:
    """Remove what is left of queues that the user has left, or that another platform shows now."""
    registry = er.async_get(coordinator.hass)
    start = f"{coordinator.account_id}_{coordinator.own.id}_{_KEY}_"
    for known in er.async_entries_for_config_entry(
        registry, coordinator.config_entry.entry_id
    ):
        queue_id = known.unique_id.removeprefix(start)
        if (
            known.domain == platform
            and known.unique_id.startswith(start)
            and queue_id not in wanted
        ):
            registry.async_remove(known.entity_id)


class OwnQueueEntity(ExtensionEntity):
    """Whether the user takes the calls of a queue, under the name that the queue has now."""

    def __init__(
        self,
        coordinator: RingCentralCoordinator,
        description: EntityDescription,
        queue: OwnQueue,
    ) -> None:
        """Belong to the user's own device, and be named after the queue."""
        self._queue_id = self._queue_name = queue.id
        super().__init__(coordinator, description, coordinator.own.id, (QUEUES,))
        self._attr_unique_id = f"{self._attr_unique_id}_{queue.id}"
        self._name_after(self._name_now())

    @property
    def _queue(self) -> OwnQueue | None:
        return (self.coordinator.queues.own or {}).get(self._queue_id)

    @override
    def _is_available(self) -> bool:
        return super()._is_available() and self._queue is not None

    @override
    def _value(self) -> tuple[bool | None, str]:
        queue = self._queue
        return None if queue is None else queue.takes_calls, self._name_now()

    @override
    def _show(self, value: tuple[bool | None, str]) -> None:
        self._attr_is_on, name = value
        if name != self._queue_name:
            self._name_after(name)

    def _name_now(self) -> str:
        """Return the queue's name, or the earlier one if it cannot be read."""
        queue = self._queue
        known = self.coordinator.extensions.get(self._queue_id)
        return (queue and queue.name) or (known and known.name) or self._queue_name

    def _name_after(self, name: str) -> None:
        self._queue_name = name
        self._attr_translation_placeholders = {"queue": name}
        # Drop what Home Assistant has cached for the earlier name.
        vars(self).pop("name", None)


class OwnQueueSensor(OwnQueueEntity, BinarySensorEntity):
    """Shows whether the user takes the calls of a queue whose members cannot log in or out themselves."""


class OwnQueueSwitch(OwnQueueEntity, SwitchEntity):
    """Logs the user in to a queue and out of it; a change shows at once, and is reverted if it is refused."""

    _switched: bool | None = None

    @override
    def _value(self) -> tuple[bool | None, str]:
        takes, name = super()._value()
        return takes if self._switched is None else self._switched, name

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Take calls of the queue."""
        await self._set(takes=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Take no calls of the queue."""
        await self._set(takes=False)

    async def _set(self, *, takes: bool) -> None:
        self._switch(takes)
        try:
            await self.coordinator.queues.take_calls(self._queue_id, takes=takes)
        finally:
            self._switch(None)

    @callback
    def _switch(self, is_on: bool | None) -> None:
        self._switched = is_on
        if self.hass is not None:
            self._handle_coordinator_update()
