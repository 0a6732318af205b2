"""Controls: user status and do-not-disturb, if the account may change them."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioringcentral.models import DndStatus, Presence, UserStatus
from .coordinator import RingCentralConfigEntry, RingCentralCoordinator
from .entity import ExtensionEntity, add_for_each_extension, those_of
from .presence_writer import PresenceWriter
from .queues import QUEUES
from .write_rules import dnd_choices

# One at a time, since writes belong to the Medium rate group.
PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class ControlDescription(SelectEntityDescription):
    """A status that can be set."""

    watches: str
    kind: type[StrEnum]
    status_fn: Callable[[Presence], StrEnum | None]
    set_fn: Callable[[PresenceWriter, str, Any], Awaitable[None]]
    choices_fn: Callable[[RingCentralCoordinator, str], list[StrEnum]]


def _words(statuses: Iterable[StrEnum]) -> list[str]:
    return [_OPTIONS[status] for status in statuses]


# Each text exists once, because every control has a list of them.
_OPTIONS: Final[dict[StrEnum, str]] = {
    status: status.name.lower() for kind in (UserStatus, DndStatus) for status in kind
}


def _dnd_choices(
    coordinator: RingCentralCoordinator, extension_id: str
) -> list[StrEnum]:
    own = extension_id == coordinator.own.id
    return [
        *dnd_choices(
            coordinator.presence(extension_id),
            coordinator.editor.earlier_dnd(extension_id),
            queue_member=own and coordinator.editor.queue_member,
        )
    ]


CONTROLS: tuple[ControlDescription, ...] = (
    ControlDescription(
        key="set_user_status",
        options=_words(UserStatus),
        watches="user_status",
        kind=UserStatus,
        status_fn=lambda presence: presence.user_status,
        set_fn=lambda editor, extension_id, status: editor.set_presence(
            extension_id, user_status=status
        ),
        choices_fn=lambda _coordinator, _extension_id: [*UserStatus],
    ),
    ControlDescription(
        key="set_dnd_status",
        # This is for the department setting; the switch is enough for the rest.
        entity_registry_enabled_default=False,
        options=_words(DndStatus),
        watches="dnd_status",
        kind=DndStatus,
        status_fn=lambda presence: presence.dnd_status,
        set_fn=lambda editor, extension_id, status: editor.set_presence(
            extension_id, dnd_status=status
        ),
        choices_fn=_dnd_choices,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RingCentralConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the controls of every followed extension that the user may edit."""
    coordinator = entry.runtime_data
    add_for_each_extension(
        coordinator,
        async_add_entities,
        lambda extension_id: (
            # The choices change when the user joins or leaves queues.
            ControlSelect(coordinator, control, extension_id, (control.watches, QUEUES))
            for control in those_of(
                coordinator, Platform.SELECT, extension_id, CONTROLS
            )
            if coordinator.editor.may_edit(extension_id)
        ),
    )


class ControlSelect(ExtensionEntity, SelectEntity):
    """Sets one status; a choice shows at once, and is reverted if it is refused."""

    entity_description: ControlDescription
    _chosen: StrEnum | None = None

    @override
    def _value(self) -> tuple[str | None, list[str]]:
        choices = self.entity_description.choices_fn(
            self.coordinator, self.extension_id
        )
        description = self.entity_description
        status = (
            self._chosen
            or self.coordinator.editor.optimistic.get(
                self.extension_id, description.watches
            )
            or description.status_fn(self.presence)
        )
        return None if status is None else status.name.lower(), _words(choices)

    @override
    def _show(self, value: tuple[str | None, list[str]]) -> None:
        self._attr_current_option, self._attr_options = value

    @override
    async def async_select_option(self, option: str) -> None:
        """Send a choice to the service."""
        status = self.entity_description.kind[option.upper()]
        self._choose(status)
        try:
            await self.entity_description.set_fn(
                self.coordinator.editor, self.extension_id, status
            )
        finally:
            # From here on, show what the service accepted or, after a refusal, the earlier value.
            self._choose(None)

    @callback
    def _choose(self, status: StrEnum | None) -> None:
        self._chosen = status
        self._handle_coordinator_update()
