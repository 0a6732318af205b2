"""The Home Assistant of a history: started, stopped, acted in, and watched all the while."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from typing import Any
from unittest.mock import AsyncMock, patch

from homeassistant import loader
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    OperationNotAllowed,
)
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    frame,
    issue_registry as ir,
)
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import json_loads_object
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
    get_scheduled_timer_handles,
)

from custom_components.ringcentral import sign_in
from custom_components.ringcentral.aioringcentral.account.lifecycle import Lifecycle
from custom_components.ringcentral.aioringcentral.call_log import Outcome
from custom_components.ringcentral.aioringcentral.calls.identity import session_of
from custom_components.ringcentral.aioringcentral.calls.state import CallEvent
from custom_components.ringcentral.aioringcentral.http import Http
from custom_components.ringcentral.aioringcentral.stream import Continuity
from custom_components.ringcentral.call_log import CallLogHub
from custom_components.ringcentral.const import CONF_EXTENSIONS, DOMAIN
from custom_components.ringcentral.coordinator import RingCentralCoordinator
from emulator import Emulator

from . import open_sessions
from .comparison import Comparison
from .promises import Presences, Words
from .skipping import SkippingLoop
from .truth import Truth
from .undoing import Undoing
from .watching import Log, Penalties, is_ours, our_tasks

_OUTCOMES = {
    "Voicemail": "voicemail",
    "Rejected": "rejected",
    "Answered Elsewhere": "answered_elsewhere",
    "Abandoned": "abandoned",
}


class WatchedHome(Comparison):
    """A Home Assistant with the entry, and what there was to complain of."""

    log: Log

    def __init__(
        self, loop: SkippingLoop, emulator: Emulator, *, calls_are_listed: bool
    ) -> None:
        """Take the clock, the service, and whether readings of it list calls."""
        self.loop, self.emulator = loop, emulator
        self.truth = Truth(emulator, calls_are_listed=calls_are_listed)
        self.penalties = Penalties(loop.time)
        self.words = Words()
        self.followed_ones = Presences(loop.time)
        self.members = Presences(loop.time)
        self.undoing = Undoing(loop.time)
        self.complaints: list[str] = []
        # How many missed calls were explained.
        self.explained = 0
        # Seconds that replies, once made, are under way.
        self.replies_late = 0.0
        # Whether nothing ever kept a sign-in from being ended.
        self.was_always_gentle = True
        # Whether all that happened is of a kind that nothing may become unavailable.
        self.is_gentle = True
        # Whether no socket was lost: planned ends are no losses.
        self.is_unbroken = True
        self._extension_of: dict[str, str] = {}
        self._hass_stack = AsyncExitStack()
        # The registry of entities, as it was on disk when Home Assistant stopped.
        self._on_disk = b""
        self._tasks: set[asyncio.Task[Any]] = set()

    def in_background(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin something that goes on while other things happen."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def start_hass(self) -> None:
        """Start Home Assistant with the entry, and let set-up take its time."""
        stack = self._hass_stack
        self.hass = await stack.enter_async_context(async_test_home_assistant())
        if self._on_disk:
            # The test plugin never writes it, nor reads it.
            registry = er.async_get(self.hass)
            read = AsyncMock(return_value=json_loads_object(self._on_disk))
            with patch.object(registry._store, "async_load", read):
                await registry._async_load()
        frame.async_setup(self.hass)
        self.hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        self.hass.bus.async_listen(EVENT_STATE_CHANGED, self._on_change)
        self.hass.bus.async_listen(
            dr.EVENT_DEVICE_REGISTRY_UPDATED, self._on_device_change
        )
        self.hass.bus.async_listen(
            ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED, self._on_issue
        )
        old = self.entry
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title=old.title,
            unique_id=old.unique_id,
            entry_id=old.entry_id,
            data=dict(old.data),
            options=dict(old.options),
        )
        self.entry.add_to_hass(self.hass)
        self.in_background(self.hass.config_entries.async_setup(self.entry.entry_id))

    async def stop_hass(self) -> None:
        """Stop Home Assistant as a restart of the machine does."""
        await self._finish()
        await self.hass.async_stop(force=True)
        self._on_disk = json_bytes(er.async_get(self.hass)._data_to_save())
        await self._hass_stack.aclose()
        for handle in get_scheduled_timer_handles(self.loop):
            if is_ours(handle):
                self.complaints.append(f"a timer is left: {handle!r}")
            if handle._args and handle._args[0] is self.hass:
                # The end of the process would end it.
                handle.cancel()
        # A set-up that is cut short closes its socket after Home Assistant is gone.
        await asyncio.sleep(20)
        if left := our_tasks():
            self.complaints.append(f"tasks are left: {left}")
        self.penalties.forget()

    # What is done in it.

    @property
    def coordinator(self) -> RingCentralCoordinator | None:
        """The account, once it is set up."""
        if self.entry.state is not ConfigEntryState.LOADED:
            return None
        coordinator: RingCentralCoordinator = self.entry.runtime_data
        return coordinator

    async def reload(self) -> None:
        """Reload the entry, as the button of the user interface does."""
        with suppress(OperationNotAllowed):
            await self.hass.config_entries.async_reload(self.entry.entry_id)

    async def unload(self) -> None:
        """Unload the entry; nothing of it may be left at once."""
        entries = self.hass.config_entries
        if self.entry.state is ConfigEntryState.SETUP_IN_PROGRESS:
            await self._finish()
        if self.entry.state in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY):
            await entries.async_unload(self.entry.entry_id)
        await self.hass.async_block_till_done()
        if left := our_tasks():
            self.complaints.append(f"tasks are left after unloading: {left}")
        for handle in get_scheduled_timer_handles(self.loop):
            if is_ours(handle):
                self.complaints.append(f"a timer is left after unloading: {handle!r}")

    async def unload_for(self, seconds: float) -> None:
        """Unload the entry, and set it up again after a time."""
        await self._finish()
        if self.entry.state not in (
            ConfigEntryState.LOADED,
            ConfigEntryState.SETUP_RETRY,
        ):
            return
        await self.unload()
        await asyncio.sleep(seconds)
        self.in_background(self.hass.config_entries.async_setup(self.entry.entry_id))

    async def nothing_left(self) -> None:
        """Look whether the service still has a socket of ours; or a sign-in, once no reload comes."""
        await asyncio.sleep(5)
        counters = self.emulator.counters
        if counters.sockets_open or counters.subscriptions:
            self.complaints.append(
                f"{counters.sockets_open} sockets and {counters.subscriptions} "
                "subscriptions are left"
            )
        await asyncio.sleep(sign_in.LINGER)
        if self.was_always_gentle and (sessions := open_sessions(self.emulator)):
            self.complaints.append(f"{sessions} sign-ins are left")

    async def select(self, key: str, extension_id: str, option: str) -> None:
        """Choose in Home Assistant; a refusal is the user's news and nobody else's."""
        entity_id = self.entities(extension_id).get(key)
        state = self.hass.states.get(entity_id) if entity_id else None
        if state is None or option not in state.attributes.get("options", ()):
            return
        with suppress(HomeAssistantError):
            await self.hass.services.async_call(
                "select",
                "select_option",
                {"entity_id": entity_id, "option": option},
                blocking=True,
            )

    async def switch_queue(self, which: int, turn: str) -> None:
        """Log the user in to a queue or out; a refusal is the user's news and nobody else's."""
        switches = [
            entity_id
            for key, entity_id in self.entities(self.emulator.own_extension_id).items()
            if key.startswith("takes_queue_calls_") and key.endswith("_switch")
        ]
        if not switches:
            return
        with suppress(HomeAssistantError):
            await self.hass.services.async_call(
                "switch",
                turn,
                {"entity_id": switches[which % len(switches)]},
                blocking=True,
            )

    async def change_for_a_time(
        self, extension_id: str, values: Mapping[str, str], seconds: float
    ) -> None:
        """Change presence for so many seconds; a refusal is the user's news and nobody else's."""
        entity_id = self.entities(extension_id).get("presence_status")
        if entity_id is None:
            return
        self.undoing.begin(extension_id, seconds)
        try:
            with suppress(HomeAssistantError):
                await self.hass.services.async_call(
                    DOMAIN,
                    "set_presence",
                    {
                        "entity_id": entity_id,
                        "duration": {"seconds": seconds},
                        **values,
                    },
                    blocking=True,
                )
        finally:
            # Its time begins when it is written.
            self.undoing.begin(extension_id, seconds)

    async def _finish(self) -> None:
        """Let everything come to its end that was begun in the background."""
        if self._tasks:
            _, hanging = await asyncio.wait(self._tasks, timeout=1_000)
            for task in hanging:
                self.complaints.append(f"hangs: {task!r}")
                task.cancel()

    # What is watched.

    def look(self) -> None:
        """Remember who is there at this moment."""
        self.followed_ones.look(set(self.truth.followed(self.entry)))
        self.members.look(set(self.emulator.ids()))

    @contextmanager
    def _client_watched(self) -> Iterator[None]:
        """Let replies arrive late, and see whether the connection breaks where nothing broke it."""
        send, stream_live = Http.send, Lifecycle.stream_live

        async def send_and_wait(http: Http, *args: Any, **options: Any) -> Any:
            reply = await send(http, *args, **options)
            if self.replies_late:
                await asyncio.sleep(self.replies_late)
            return reply

        def told(life: Lifecycle, continuity: Continuity) -> None:
            is_broken = continuity is Continuity.BROKEN and life.is_ready
            if is_broken and self.is_unbroken:
                self.complaints.append("events were lost in a planned end")
            stream_live(life, continuity)

        explain = CallLogHub.missed_call_explained

        def explained(hub: CallLogHub, event: CallEvent, outcome: Outcome) -> None:
            self.explained += 1
            logged = self._logged(event)
            # The phones of a queue ring again in one call: then the log has two ends of it.
            if outcome not in logged and not self.emulator.counters.odd:
                self.complaints.append(f"a call ended by {outcome}, not {logged}")
            explain(hub, event, outcome)

        with (
            patch.object(Http, "send", send_and_wait),
            patch.object(Lifecycle, "stream_live", told),
            patch.object(CallLogHub, "missed_call_explained", explained),
        ):
            yield

    def _logged(self, event: CallEvent) -> set[str]:
        """Return what the service's log says of the end of a call of the user."""
        return {
            _OUTCOMES.get(each.result, "unknown")
            for each in self.emulator._service.call_log.of(
                int(self.emulator.own_extension_id)
            )
            if session_of(event.call)
            == (each.leg.telephony_session_id, each.leg.party_id)
        }

    @contextmanager
    def _sign_ins_watched(self) -> Iterator[None]:
        """See whether a sign-in is asked for without a word of the service."""
        start = ConfigEntry.async_start_reauth

        def start_reauth(entry: ConfigEntry, *args: Any, **options: Any) -> None:
            if not self.words.allow_sign_in():
                self.complaints.append(
                    f"a sign-in is asked for, and nobody said so: {self.words.heard}"
                )
            start(entry, *args, **options)

        with patch.object(ConfigEntry, "async_start_reauth", start_reauth):
            yield

    @callback
    def _on_change(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None:
            return
        name = new.entity_id
        if new.state == STATE_UNAVAILABLE and self.is_gentle:
            self.complaints.append(f"{name} became unavailable")
        if (
            self.is_unbroken
            and name.endswith("push_connected")
            and new.state != old.state == "on"
        ):
            self.complaints.append("the connection was lost in a planned end")

    @callback
    def _on_device_change(self, event: Event[Any]) -> None:
        device_id = event.data["device_id"]
        start = f"{self.emulator.account_id}_"
        if event.data["action"] != "remove":
            device = dr.async_get(self.hass).async_get(device_id)
            for _, identifier in device.identifiers if device else ():
                if identifier.startswith(start):
                    self._extension_of[device_id] = identifier.removeprefix(start)
            return
        key = self._extension_of.get(device_id)
        followed = set(self.truth.followed(self.entry))
        if key in followed and not self.followed_ones.may_go(key, followed):
            self.complaints.append(f"the device of {key}, who is there, was removed")

    @callback
    def _on_issue(self, event: Event[Any]) -> None:
        issue = event.data["issue_id"]
        if event.data["domain"] != DOMAIN or event.data["action"] != "create":
            return
        if issue.startswith("lost_choices"):
            there = set(self.emulator.ids())
            chosen = self.entry.options[CONF_EXTENSIONS]
            if all(not self.members.may_go(key, there) for key in chosen):
                self.complaints.append("choices are lost, and everyone is there")
        elif not self.words.allow(issue):
            self.complaints.append(
                f"{issue} is raised, and nobody said so: {self.words.heard}"
            )
