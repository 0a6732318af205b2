"""What one event costs, from the frame's text until all states are written, next to its floor."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
import gc
from itertools import chain, cycle, islice
from time import process_time_ns
from typing import Any

from homeassistant.core import callback
import orjson

from .alternatives import plain_coordinator, poller
from .office import Office, office
from .twins import entities_of, twins_of

_STEPS = ("Ringing", "CallConnected", "OnHold", "NoCall")
_ANSWERED = ("Ringing", "CallConnected", "NoCall")
_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
# The quickest of this many rounds counts: other work on the machine can only make a round slower.
_MOST_ROUNDS, _LEAST_ROUNDS, _EVENTS_OF_ROUNDS = 15, 5, 12_000
_EVENTS = 400
# Events for the plain coordinator, of which each writes up to thousands of states.
_PLAIN_EVENTS = 24


def frames(
    extension_ids: list[str],
    count: int,
    first: int,
    steps: tuple[str, ...] = _STEPS,
) -> list[str]:
    """Return notifications of calls that go through their states, one extension after the other."""
    made = []
    for number, key in enumerate(islice(cycle(extension_ids), count)):
        turn = first + number
        status = steps[(turn // len(extension_ids)) % len(steps)]
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
                _NEW_YEAR + timedelta(minutes=turn // len(extension_ids) // len(steps))
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


async def measure(extensions: int) -> dict[str, float]:
    """Return microseconds per event and for its floor, each from its quickest round.

    ``own_microseconds`` is what an event takes if entities do not write, and ``floor_microseconds`` what the
    writes of twins take instead, in the same place, with other code running in between. In a separate loop,
    the same writes and decoding take ``loop_microseconds``. The kinds of rounds alternate, so that a
    disturbance affects all of them.
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
        # The first pass takes every extension through each state; the second shows what usually changes.
        for _ in range(2):
            pattern.clear()
            for text in frames(followed, count, position):
                changed.clear()
                take(text)
                pattern.append(list(changed))
            position += count
        remove()
        await place.hass.async_block_till_done()
        everybody = [
            entity
            for entity in entities_of(place.hass, place.hass.states.async_entity_ids())
            if entity is not None
        ]
        originals = entities_of(place.hass, chain.from_iterable(pattern))
        twins = await twins_of(place.hass, originals)
        writes = [[twins[name] for name in names] for names in pattern]
        whole, own, in_place, loop = [], [], [], []

        def next_frames() -> list[str]:
            nonlocal position
            position += count
            return frames(followed, count, position - count)

        async def time(texts: list[str], take: Callable[[str], None]) -> float:
            gc.collect()
            began = process_time_ns()
            for text in texts:
                take(text)
            taken = (process_time_ns() - began) / count / 1_000
            await place.hass.async_block_till_done()
            return taken

        # Keep each way of writing in the same place, because a lookup elsewhere takes a different time.
        writers = {original: original.async_write_ha_state for original in originals}
        rounds = max(_LEAST_ROUNDS, min(_MOST_ROUNDS, _EVENTS_OF_ROUNDS // count))
        for _ in range(rounds):
            for original, write in writers.items():
                original.async_write_ha_state = write
            whole.append(await time(next_frames(), take))
            for original in originals:
                original.async_write_ha_state = _write_nothing
            own.append(await time(next_frames(), take))
            for original in originals:
                original.async_write_ha_state = twins[original.entity_id].turn
            in_place.append(await time(next_frames(), take))
            changing = iter(writes)

            def only_write(text: str, changing: Iterator[list[Any]] = changing) -> None:
                orjson.loads(text)
                for twin in next(changing):
                    twin.turn()

            loop.append(await time(frames(followed, count, 0), only_write))
        for original in originals:
            del original.async_write_ha_state
        rows = _rows_of_a_call(place, take, position)
        few = list(zip(frames(followed, _PLAIN_EVENTS, 0), writes, strict=False))
        plain = await plain_coordinator(place.hass, everybody, twins, few)
        floor = min(in_place) - min(own)
        return {
            "extensions": len(followed),
            "states_per_event": round(sum(map(len, writes)) / count, 2),
            "microseconds": round(min(whole), 1),
            "own_microseconds": round(min(own), 1),
            "floor_microseconds": round(floor, 1),
            "ratio": round(min(whole) / floor, 2),
            "loop_microseconds": round(min(loop), 1),
            "recorder_rows_of_an_answered_call": rows,
            "entities": len(everybody),
            "plain_coordinator_microseconds": round(plain, 1),
            **poller(len(followed)),
        }


def _rows_of_a_call(place: Office, take: Callable[[str], None], position: int) -> int:
    """Return how many states a colleague's call writes if it rings, is answered and ends.

    Each of them is a row in the recorder.
    """
    coordinator = place.coordinator
    colleague = next(
        key
        for key, each in coordinator.extensions.items()
        if each.has_person and key != coordinator.own.id
    )
    rows = 0

    @callback
    def written(_event: Any) -> None:
        nonlocal rows
        rows += 1

    remove = place.hass.bus.async_listen("state_changed", written)
    # The sequence numbers are far beyond all earlier ones.
    first = position * len(_ANSWERED)
    for text in frames([colleague], len(_ANSWERED), first, _ANSWERED):
        take(text)
    remove()
    return rows


def _write_nothing() -> None:
    """Stand in for a write."""


def _taker(place: Office) -> Callable[[str], None]:
    """Return the function that takes a frame's text: the open connection's own reader."""
    link = place.coordinator.account.stream._link  # noqa: SLF001 - there is no other way in
    if link is None:
        raise RuntimeError("The stream is not live")
    return link.connection._receive  # noqa: SLF001
