"""What one event costs, from frame text to all states written, beside the floor under it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
import gc
from itertools import chain, cycle, islice
from statistics import median
from time import process_time_ns
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.event import EventEntity
from homeassistant.components.select import SelectEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import EntityPlatform
import orjson

from .office import Office, office

_STEPS = ("Ringing", "CallConnected", "OnHold", "NoCall")
_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
_ROUNDS = 7
_EVENTS = 400


def frames(extension_ids: list[str], count: int, first: int) -> list[str]:
    """Return notifications of calls that go through their states, extension by extension."""
    made = []
    for number, key in enumerate(islice(cycle(extension_ids), count)):
        turn = first + number
        status = _STEPS[(turn // len(extension_ids)) % len(_STEPS)]
        call = {
            "id": f"c{key}",
            "direction": "Inbound",
            "queueCall": False,
            "from": "+15550100",
            "to": "101",
            "telephonyStatus": status,
            "sessionId": f"70{key}",
            "partyId": f"p-{key}-1",
            "telephonySessionId": f"s-{key}",
            "startTime": (
                _NEW_YEAR + timedelta(minutes=turn // len(extension_ids) // len(_STEPS))
            ).isoformat(),
            **({"terminationType": "final"} if status == "NoCall" else {}),
        }
        body = {
            "extensionId": int(key),
            "telephonyStatus": status,
            "activeCalls": [call],
            "totalActiveCalls": 1,
            # Counted for each extension, as the service does.
            "sequence": 10_000 + turn // len(extension_ids),
            "presenceStatus": "Busy"
            if status in ("CallConnected", "OnHold")
            else "Available",
            "userStatus": "Available",
            "dndStatus": "TakeAllCalls",
            "meetingStatus": "Disconnected",
            "allowSeeMyPresence": True,
            "ringOnMonitoredCall": False,
            "pickUpCallsOnHold": False,
        }
        envelope = {
            "uuid": str(turn),
            "event": f"/restapi/v1.0/account/1/extension/{key}/presence?detailedTelephonyState=true",
            "timestamp": "2026-11-24T09:00:00.000Z",
            "subscriptionId": "s",
            "ownerId": key,
            "body": body,
        }
        meta = {"type": "ServerNotification", "messageId": str(turn), "status": 200}
        made.append(orjson.dumps([meta, envelope]).decode())
    return made


class _TwinSensor(SensorEntity):
    """A sensor that does nothing but write a state."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    def turn(self) -> None:
        """Write the other one of two states."""
        description = self.entity_description
        if description.options:
            first, second = description.options[:2]
            self._attr_native_value = (
                second if self._attr_native_value == first else first
            )
        elif description.device_class is SensorDeviceClass.TIMESTAMP:
            self._attr_native_value = None if self._attr_native_value else _NEW_YEAR
        else:
            self._attr_native_value = 2 if self._attr_native_value == 1 else 1
        self.async_write_ha_state()


class _TwinBinarySensor(BinarySensorEntity):
    """A binary sensor that does nothing but write a state."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    def turn(self) -> None:
        """Write the other state."""
        self._attr_is_on = not self._attr_is_on
        self.async_write_ha_state()


class _TwinEvent(EventEntity):
    """An event entity that does nothing but tell."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    def turn(self) -> None:
        """Tell something."""
        self._trigger_event("answered", {"direction": "inbound", "queue_call": False})
        self.async_write_ha_state()


class _TwinSelect(SelectEntity):
    """A select that does nothing but write an option."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    def turn(self) -> None:
        """Write the other one of two options."""
        first, second = self.options[:2]
        self._attr_current_option = second if self.current_option == first else first
        self.async_write_ha_state()


_TWINS: dict[str, type[Any]] = {
    "sensor": _TwinSensor,
    "binary_sensor": _TwinBinarySensor,
    "event": _TwinEvent,
    "select": _TwinSelect,
}


async def twins_of(hass: HomeAssistant, originals: list[Any]) -> dict[str, Any]:
    """Return for every entity, by its id, one of the same kind and description that only writes."""
    twins: dict[str, Any] = {}
    by_platform: dict[str, list[Any]] = {}
    for original in originals:
        domain = original.entity_id.partition(".")[0]
        twin = _TWINS[domain]()
        twin.entity_description = original.entity_description
        twin._attr_translation_key = original.translation_key  # noqa: SLF001
        twin._attr_unique_id = f"twin_{original.unique_id}"  # noqa: SLF001
        # What is off by default may be on.
        twin._attr_entity_registry_enabled_default = True  # noqa: SLF001
        twins[original.entity_id] = twin
        by_platform.setdefault(domain, []).append(twin)
    for domain, entities in by_platform.items():
        await add_entities(hass, domain, entities)
    return twins


def entities_of(hass: HomeAssistant, entity_ids: Iterable[str]) -> list[Any]:
    """Return the entities of these ids, each once."""
    components = hass.data["entity_components"]
    return [
        components[entity_id.partition(".")[0]].get_entity(entity_id)
        for entity_id in dict.fromkeys(entity_ids)
    ]


async def add_entities(
    hass: HomeAssistant, domain: str, entities: list[Entity]
) -> None:
    """Add entities the way a platform does."""
    import logging  # noqa: PLC0415 - only the benchmark's own platform needs it

    platform = EntityPlatform(
        hass=hass,
        logger=logging.getLogger(__name__),
        domain=domain,
        platform_name="floor",
        platform=None,
        scan_interval=timedelta(minutes=1),
        entity_namespace=None,
    )
    await platform.async_add_entities(entities)


async def measure(extensions: int) -> dict[str, float]:
    """Return microseconds per event, and those of its floor, as medians over rounds.

    Of these, ``own_microseconds`` are what is left when entities do not write. The floor writes in a
    loop of its own; ``floor_in_place_microseconds`` is what the same twins cost when they write as part of
    an event instead, where other code has been running in between.
    """
    async with office(extensions) as place:
        take = _taker(place)
        followed = sorted(place.coordinator.extensions)
        round_trip = len(_STEPS) * len(followed)
        count = max(_EVENTS // round_trip, 1) * round_trip
        changed: list[str] = []
        remove = place.hass.bus.async_listen(
            "state_changed",
            callback(lambda event: changed.append(event.data["entity_id"])),
        )
        position = 0
        pattern: list[list[str]] = []
        # Once round so that every extension has had each state; what changes in the second is the rule.
        for _ in range(2):
            pattern.clear()
            for text in frames(followed, count, position):
                changed.clear()
                take(text)
                pattern.append(list(changed))
            position += count
        remove()
        await place.hass.async_block_till_done()
        originals = entities_of(place.hass, chain.from_iterable(pattern))
        twins = await twins_of(place.hass, originals)
        writes = [[twins[name] for name in names] for names in pattern]
        ours, floor, own, in_place = [], [], [], []

        async def take_all() -> float:
            nonlocal position
            texts = frames(followed, count, position)
            position += count
            gc.collect()
            began = process_time_ns()
            for text in texts:
                take(text)
            taken = (process_time_ns() - began) / count / 1_000
            await place.hass.async_block_till_done()
            return taken

        for _ in range(_ROUNDS):
            ours.append(await take_all())
            texts = frames(followed, count, position)
            gc.collect()
            began = process_time_ns()
            for text, changing in zip(texts, writes, strict=True):
                orjson.loads(text)
                for twin in changing:
                    twin.turn()
            floor.append((process_time_ns() - began) / count / 1_000)
            await place.hass.async_block_till_done()
        for _ in range(_ROUNDS):
            for original in originals:
                original.async_write_ha_state = _write_nothing
            own.append(await take_all())
            for original in originals:
                original.async_write_ha_state = twins[original.entity_id].turn
            in_place.append(await take_all() - own[-1])
        for original in originals:
            del original.async_write_ha_state
        ratios = [one / other for one, other in zip(ours, floor, strict=True)]
        return {
            "extensions": len(followed),
            "states_per_event": round(sum(map(len, writes)) / count, 2),
            "microseconds": round(median(ours), 1),
            "floor_microseconds": round(median(floor), 1),
            "own_microseconds": round(median(own), 1),
            "floor_in_place_microseconds": round(median(in_place), 1),
            "ratio": round(median(ratios), 2),
        }


def _write_nothing() -> None:
    """Stand in for a write."""


def _taker(place: Office) -> Callable[[str], None]:
    """Return what takes a frame's text: the open connection's own reader."""
    link = place.coordinator.account.stream._link  # noqa: SLF001 - there is no other way in
    if link is None:
        raise RuntimeError("The stream is not live")
    return link.connection._receive  # noqa: SLF001
