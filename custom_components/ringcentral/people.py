"""Whom an assistant may see: people whose status is exposed to it, by name, area and label."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self
import unicodedata

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)

from .aioringcentral.status import Status
from .const import ATTR_ALSO, DOMAIN
from .coordinator import RingCentralConfigEntry, RingCentralCoordinator
from .devices import extension_identifier


@dataclass(frozen=True, slots=True)
class Person:
    """Someone whose status is exposed; ``groups`` are the names of areas and labels."""

    name: str
    names: frozenset[str]
    groups: frozenset[str]
    state: State
    is_own: bool
    entities: dict[tuple[str, str], str] = field(repr=False)
    coordinator: RingCentralCoordinator = field(repr=False)

    @classmethod
    def of(
        cls,
        hass: HomeAssistant,
        entry: RingCentralConfigEntry,
        status: er.RegistryEntry,
        state: State,
    ) -> Self:
        """Return the person to whom a status belongs."""
        device = dr.async_get(hass).async_get(status.device_id or "")
        own = entry.runtime_data.own.id
        own_device = extension_identifier(entry.runtime_data.account_id, own)
        names = er.async_get_entity_aliases(hass, status) or [state.name]
        return cls(
            name=names[0],
            names=frozenset(map(_folded, names)),
            groups=frozenset(_groups(hass, status, device)),
            state=state,
            is_own=device is not None and own_device in device.identifiers,
            entities={
                (each.domain, each.translation_key or ""): each.entity_id
                for each in er.async_entries_for_device(
                    er.async_get(hass), status.device_id or ""
                )
                if each.platform == DOMAIN
            },
            coordinator=entry.runtime_data,
        )

    def entity(
        self, hass: HomeAssistant, assistant: str, platform: Platform, key: str
    ) -> str | None:
        """Return the id of another entity of the person, if that is exposed, too."""
        entity_id = self.entities.get((platform, key))
        if entity_id is None or not async_should_expose(hass, assistant, entity_id):
            return None
        return entity_id

    @property
    def is_known(self) -> bool:
        """Whether the person's status is known."""
        return self.state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)

    @property
    def status(self) -> str:
        """The status, or unknown."""
        return self.state.state if self.is_known else STATE_UNKNOWN

    def is_in_state(self, words: Iterable[str]) -> bool:
        """Whether one of these statuses is true; somebody is only available if nothing else is true."""
        true = {self.state.state, *self.state.attributes.get(ATTR_ALSO, ())}
        if self.state.state != Status.AVAILABLE:
            true.discard(Status.AVAILABLE)
        return not true.isdisjoint(words)


def exposed_people(hass: HomeAssistant, assistant: str) -> list[Person]:
    """Return everybody whose status an assistant may see, by name."""
    registry = er.async_get(hass)
    found = [
        Person.of(hass, entry, status, state)
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        for status in er.async_entries_for_config_entry(registry, entry.entry_id)
        if status.translation_key == "status"
        and (state := hass.states.get(status.entity_id)) is not None
        and async_should_expose(hass, assistant, status.entity_id)
    ]
    return sorted(found, key=lambda person: person.name.casefold())


def named(people: Iterable[Person], name: str) -> list[Person]:
    """Return the people for whom a name stands: by full name or alias, or else by words of it, or else without accents."""
    wanted, everybody = _folded(name), list(people)
    if exact := [person for person in everybody if wanted in person.names]:
        return exact
    return _by_words(wanted, everybody) or _by_words(wanted, everybody, _plain)


def _by_words(
    wanted: str, people: Iterable[Person], spell: Callable[[str], str] = str
) -> list[Person]:
    words = set(spell(wanted).split())
    return [
        person
        for person in people
        if words and any(words <= set(spell(each).split()) for each in person.names)
    ]


def _plain(name: str) -> str:
    """Return a name without accents, which speech recognition often leaves out."""
    parts = unicodedata.normalize("NFD", name)
    return "".join(each for each in parts if not unicodedata.combining(each))


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _groups(
    hass: HomeAssistant, status: er.RegistryEntry, device: dr.AnyDeviceEntry | None
) -> Iterator[str]:
    labels = status.labels | (device.labels if device else frozenset())
    area_id = er.async_get_effective_area_id(hass, status)
    if area_id and (area := ar.async_get(hass).async_get_area(area_id)) is not None:
        yield area.name
        yield from area.aliases
        labels |= area.labels
    for label_id in labels:
        if (label := lr.async_get(hass).async_get_label(label_id)) is not None:
            yield label.name
