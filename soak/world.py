"""The processes of a soak, and what it can do to the service and to Home Assistant."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
import random
from typing import Any, Final

import aiohttp

from demo.api import Json
from demo.entities import Entities

from . import queues
from .processes import Service, SoakOffice
from .switchboard import CALLER, Switchboard

# How much faster than real people the simulated ones are: 60 extensions make about 20 events
# a second.
PACE: Final = 10.0

# The names of newcomers and renamed people. They count as the user's own people.
NEWCOMER, RENAMED = "Newcomer", "Renamed"

_WITNESS_KEY: Final = "ring_on_monitored_call"


class World:
    """A service, a Home Assistant that follows everyone, and the people who come and go."""

    emulator: Service
    entities: Entities
    entry_id: str

    def __init__(self, office: SoakOffice, service: Service) -> None:
        """Take a running office; `begin` adds the integration."""
        self.office, self.emulator = office, service
        self._newcomers: list[str] = []
        # Counters of earlier emulators.
        self._counted: dict[str, int] = {}
        self._disabled: list[str] = []
        self._kind: Mapping[str, Any] = {}
        self._clean: Json = {}
        self._people: list[str] = []
        self._silent_members: set[str] = set()
        self.voicemails_left = 0
        self.switchboard = Switchboard(service)
        self._connection = AsyncExitStack()
        self.hass_is_there = False
        """Whether Home Assistant is running, and we follow its states."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        *,
        time_factor: float,
        extensions: int,
        seed: int,
        say: Callable[[str], None],
    ) -> AsyncGenerator[World]:
        """Start both processes; stop both on leaving."""
        async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
            service = Service(
                session,
                folder,
                time_factor=time_factor,
                extensions=extensions,
                seed=seed,
            )
            for old in (service.issued, service.log):
                old.unlink(missing_ok=True)
            office = SoakOffice(session, folder, service, say)
            stack.push_async_callback(service.stop)
            stack.push_async_callback(office.hass.stop)
            await office.start()
            world = cls(office, service)
            stack.push_async_callback(world._disconnect)
            await world._connect()
            yield world

    async def begin(self) -> None:
        """Add the integration as a user does, and enable the witnesses' entities."""
        self._clean = await self.emulator.ask("faults")
        self._people = [
            key
            for key, presence in (await self.emulator.truth()).items()
            if key in self.emulator.info["extension_ids"] and "userStatus" in presence
        ]
        self.entry_id = await self.office.add_integration(
            ["account", "chosen"], list(await self.emulator.queues())
        )
        await self.read_entities()
        # They are followed although we know nothing but their existence.
        self._silent_members = set(self.entities.devices) - set(
            self.emulator.info["extension_ids"]
        )
        for witness in self.witnesses:
            await self.office.socket.call(
                "config/entity_registry/update",
                entity_id=self.entities[witness, _WITNESS_KEY],
                disabled_by=None,
            )
        # Otherwise, Home Assistant would reload the entry by itself half a minute later.
        await self.restart_hass()

    async def read_entities(self) -> None:
        """Read the current entities."""
        self.entities = await self.office.entities()

    async def members(self) -> set[str]:
        """Return the ids of everyone who should be followed now."""
        info = await self.emulator.ask("info")
        return {str(key) for key in info["extension_ids"]} | self._silent_members

    # People.

    @property
    def own(self) -> str:
        """The signed-in user's extension."""
        return str(self.emulator.info["own_extension_id"])

    @property
    def witnesses(self) -> list[str]:
        """Two extensions whose events are counted."""
        return [key for key in self._people if key != self.own][:2]

    def witness_entity(self, extension_id: str) -> str:
        """Return the entity that shows the setting that only the soak changes."""
        return self.entities[extension_id, _WITNESS_KEY]

    def somebody(self, chance: random.Random) -> str:
        """Return one of the staff, but no witness."""
        left = {*self.witnesses, *self._disabled}
        return chance.choice([key for key in self._people if key not in left])

    def _colleague(self, chance: random.Random) -> str:
        """Return somebody who may leave, which the signed-in user may not."""
        while (who := self.somebody(chance)) == self.own:
            pass
        return who

    # The service.

    async def become(self, kind: Mapping[str, Any]) -> None:
        """Make the service one of this kind, without faults."""
        self._kind = kind
        await self.heal()

    async def heal(self) -> None:
        """End all faults; the kind of service stays."""
        await self.emulator.post("faults", **{**self._clean, **self._kind})

    @asynccontextmanager
    async def switched(self, **switches: Any) -> AsyncGenerator[None]:
        """Turn on some of the emulator's switches for a while."""
        await self.emulator.post("faults", **switches)
        yield
        before = {**self._clean, **self._kind}
        await self.emulator.post("faults", **{name: before[name] for name in switches})

    async def disconnect(self, code: int | None, *, recoverable: bool = True) -> None:
        """Close every socket with a code, or cut it."""
        await self.emulator.post("disconnect", code=code, recoverable=recoverable)

    async def reconnect_under(
        self,
        code: int | None,
        *,
        seconds: float,
        recoverable: bool = True,
        **switches: Any,
    ) -> None:
        """Disconnect with some of the emulator's switches on; leave them on for so many seconds."""
        async with self.switched(**switches):
            await self.disconnect(code, recoverable=recoverable)
            await asyncio.sleep(seconds)

    async def unread(self) -> list[str]:
        """Return the ids of the voicemails that the signed-in user has not heard."""
        left = (await self.emulator.ask("voicemails")).get(self.own, [])
        return [str(each["id"]) for each in left if each["readStatus"] == "Unread"]

    async def voicemail(self, chance: random.Random) -> None:
        """Leave the signed-in user a voicemail, or have one heard on a phone or deleted."""
        unread = await self.unread()
        if not unread or chance.random() < 0.6:
            await self.emulator.post("voicemails", **CALLER)
            self.voicemails_left += 1
        else:
            act = chance.choice(("read", "read", "delete"))
            await self.emulator.post("voicemails", **{act: chance.choice(unread)})

    async def wanted_of_queues(self, truth: Mapping[str, Json]) -> queues.Wanted:
        """Return the states that call queues should have now."""
        now = await self.emulator.queues()
        followed = (await self.members()) & set(self.entities.devices)
        return queues.wanted(now, truth, followed, self.own)

    async def let_live(self, *, is_alive: bool) -> None:
        """Let people act by themselves, or stop them and end all calls."""
        await self.emulator.post("simulate", on=is_alive, pace=PACE)

    async def speak(self, extension_id: str) -> None:
        """Have somebody change something, so that the service sends a complete event."""
        truth = (await self.emulator.truth())[extension_id]
        is_on = truth["pickUpCallsOnHold"]
        await self.emulator.set_presence(extension_id, pickUpCallsOnHold=not is_on)

    async def service_gone(self, seconds: float) -> None:
        """Kill the service and start it again in its original state."""
        await self._count()
        await self.emulator.kill()
        await asyncio.sleep(seconds)
        await self.emulator.start()
        self._newcomers.clear()
        self._disabled.clear()
        self.switchboard.forget()
        await self.heal()
        await self.let_live(is_alive=True)

    async def _count(self) -> None:
        for name, count in (await self.emulator.counters()).items():
            if isinstance(count, int):
                self._counted[name] = self._counted.get(name, 0) + count

    async def counters(self) -> dict[str, int]:
        """Return the sums of the emulator's counters, across restarts."""
        now = await self.emulator.counters()
        return {
            name: count + self._counted.get(name, 0)
            for name, count in now.items()
            if isinstance(count, int)
        }

    # Members.

    async def add(self) -> None:
        """Let somebody join."""
        name = f"{NEWCOMER} Number{len(self._newcomers)}"
        added = await self.emulator.post("membership", add={"name": name})
        self._newcomers.append(added["added"])

    async def remove(self, chance: random.Random) -> None:
        """Let a newcomer leave, or else one of the staff."""
        if self._newcomers:
            who = self._newcomers.pop()
        else:
            who = self._colleague(chance)
            self._people.remove(who)
        await self.emulator.post("membership", remove=who)

    async def disable_or_enable(self, chance: random.Random) -> None:
        """Disable somebody, or enable somebody who is disabled."""
        if self._disabled:
            who, status = self._disabled.pop(), "Enabled"
        else:
            who, status = self._colleague(chance), "Disabled"
            self._disabled.append(who)
        await self.emulator.post("membership", status={"id": who, "status": status})

    async def rename(self, extension_id: str) -> None:
        """Give somebody another name."""
        name = f"{RENAMED} Number{extension_id[-4:]}"
        await self.emulator.post(
            "membership", rename={"id": extension_id, "name": name}
        )

    # Home Assistant.

    async def reload(self) -> None:
        """Reload the entry, as the menu in the user interface does."""
        await self.office.rest.post(
            f"/api/config/config_entries/entry/{self.entry_id}/reload"
        )

    async def restart_hass(self) -> None:
        """Restart Home Assistant as rebooting the machine does."""
        await self._disconnect()
        await self.office.hass.stop()
        await self.office.hass.start()
        await self._connect()

    async def connection(self) -> Json:
        """Return the connection's history from the diagnostics."""
        told = await self.diagnostics()
        found: Json = told["data"]["connection"]
        return found

    async def diagnostics(self) -> Json:
        """Return the diagnostics of the entry."""
        found: Json = await self.office.rest.get(
            f"/api/diagnostics/config_entry/{self.entry_id}"
        )
        return found

    async def diagnostics_of_devices(self) -> list[Json]:
        """Return the diagnostics of every device."""
        return [
            await self.office.rest.get(
                f"/api/diagnostics/config_entry/{self.entry_id}/device/{device_id}"
            )
            for device_id in self.entities.devices.values()
        ]

    async def names(self) -> list[str]:
        """Return the names of extensions, except the signed-in user's, which is the entry's title."""
        devices = await self.office.socket.call("config/device_registry/list")
        ours = set(self.entities.devices.values())
        ours.discard(self.entities.devices[self.own])
        return [device["name"] for device in devices if device["id"] in ours]

    def memory_kib(self) -> int:
        """Return the resident memory of Home Assistant's process."""
        status = Path(f"/proc/{self.office.hass.pid}/status").read_text()
        line = next(row for row in status.splitlines() if row.startswith("VmRSS:"))
        return int(line.split()[1])

    async def _connect(self) -> None:
        await self._connection.enter_async_context(self.office.connected())
        self.hass_is_there = True

    async def _disconnect(self) -> None:
        self.hass_is_there = False
        await self._connection.aclose()
