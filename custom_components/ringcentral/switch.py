"""Switches for do not disturb and for the user's queues, if the account may change them."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioringcentral.models import DndStatus
from .coordinator import RingCentralConfigEntry
from .entity import ExtensionEntity, add_for_each_extension, those_of
from .own_queues import async_add_own_switches

# One at a time, since writes belong to the Medium rate group.
PARALLEL_UPDATES = 1

DO_NOT_DISTURB = SwitchEntityDescription(key="do_not_disturb")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RingCentralConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switch of every followed extension that the user may edit."""
    coordinator = entry.runtime_data
    add_for_each_extension(
        coordinator,
        async_add_entities,
        lambda extension_id: (
            DoNotDisturbSwitch(coordinator, description, extension_id, ("dnd_status",))
            for description in those_of(
                coordinator, Platform.SWITCH, extension_id, (DO_NOT_DISTURB,)
            )
            if coordinator.editor.may_edit(extension_id)
        ),
    )
    async_add_own_switches(coordinator, async_add_entities)


class DoNotDisturbSwitch(ExtensionEntity, SwitchEntity):
    """Do not disturb; a change shows at once, and is reverted if it is refused."""

    _switched: bool | None = None

    @override
    def _value(self) -> bool | None:
        if self._switched is not None:
            return self._switched
        status = self._dnd_status
        return None if status is None else status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value

    @property
    def _dnd_status(self) -> DndStatus | None:
        """The value that was set, until an event confirms it; then the presence's own."""
        optimistic: DndStatus | None = self.coordinator.editor.optimistic.get(
            self.extension_id, "dnd_status"
        )
        return optimistic or self.presence.dnd_status

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Take no calls."""
        await self._set(DndStatus.DO_NOT_ACCEPT_ANY_CALLS)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Take calls again, including queue calls if that was so before."""
        if self._dnd_status in _DISTURBED:
            # That would also take queue calls, which the user had turned off.
            return
        await self._set(DndStatus.TAKE_ALL_CALLS)

    async def _set(self, status: DndStatus) -> None:
        self._switch(status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS)
        try:
            await self.coordinator.editor.set_presence(
                self.extension_id, dnd_status=status
            )
        finally:
            self._switch(None)

    @callback
    def _switch(self, is_on: bool | None) -> None:
        self._switched = is_on
        self._handle_coordinator_update()


_DISTURBED = frozenset(
    {
        DndStatus.TAKE_ALL_CALLS,
        DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS,
        DndStatus.TAKE_DEPARTMENT_CALLS_ONLY,
    }
)
