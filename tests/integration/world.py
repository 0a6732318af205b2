"""A world for the state machine: a service, a Home Assistant that follows it, and time that does not have to be waited for.

Both live in one event loop whose clock stands while anything happens, and jumps to the next timer when
nothing does. So everything keeps its real waits (a back-off of two minutes, a grace of thirty seconds, a
token of an hour, a penalty of a minute), an hour of quiet passes in milliseconds, and how busy the machine
is makes no difference.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    contextmanager,
    nullcontext,
    suppress,
)
from itertools import count
import logging
import traceback
from typing import Any, Final
from unittest.mock import patch

from aiohttp import web
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
    aiohttp_client,
    device_registry as dr,
    frame,
    issue_registry as ir,
    translation,
)
from homeassistant.helpers.entity import Entity
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
    get_scheduled_timer_handles,
    mock_storage,
)

from custom_components.ringcentral import signin
from custom_components.ringcentral.aioringcentral.account import lifecycle
from custom_components.ringcentral.aioringcentral.account.lifecycle import Lifecycle
from custom_components.ringcentral.aioringcentral.http import Http
from custom_components.ringcentral.aioringcentral.stream import Continuity
from custom_components.ringcentral.const import CONF_EXTENSIONS, DOMAIN
from custom_components.ringcentral.coordinator import RingCentralCoordinator
from demo.hass import free_port
from emulator import Emulator

from . import entry_for, open_sessions
from .comparison import Comparison
from .promises import Presences, Words
from .skipping import SkippingLoop
from .truth import Json, Truth
from .undoing import FIELDS, UNDONE_WITHIN, Undoing
from .watching import Log, Penalties, is_ours, our_tasks

# Seconds until the slow re-read of everything: six hours without the waiting.
RESYNC: Final = 900.0
# Seconds after which everything is right again: where all events came, where a reading had failed, and
# where the service had lost something without a trace.
SOON: Final = 8.0
LATER: Final = 150.0
# Who left without a word is removed by the second of two readings; and lists are read once a minute while they
# change all the time.
MEMBERS: Final = 210.0
AT_LAST: Final = RESYNC + 60.0
# Seconds in which the connection is back once all faults are over: ten minutes between Home Assistant's own
# tries to set up. Where it was set up it is two minutes, or five after a missing permission.
BACK: Final = 700.0
# The same where the service has refused in its own words: an hour between tries.
BACK_AFTER_REFUSALS: Final = 3_700.0
# Repairs that vanish by themselves once the service grants what it had refused.
_PASSING_ISSUES: Final = (
    "permission_missing",
    "role_permission_missing",
    "subscription_limit",
)
# Seconds in which the sentinel shows: only an event is so quick.
LIVE: Final = 1.0


class World(Comparison):
    """One history: a service, a Home Assistant that follows it, and what there was to complain of."""

    def __init__(
        self,
        loop: SkippingLoop,
        *,
        extensions: int,
        kind: Json,
        follow: list[str],
        caller_identity: str,
        rate_limits: bool = True,
        door: Callable[[str], AbstractAsyncContextManager[str]] = nullcontext,
    ) -> None:
        """Take how large the company is, what kind of account it has, and whom to follow.

        With a door the service is reached through another address.
        """
        self.loop = loop
        # A history is the same whenever it is played.
        loop.ticks = count()
        self._port = free_port()
        self._door = door
        self.emulator = Emulator(
            extensions=extensions, seed=1, port=self._port, rate_limits=rate_limits
        )
        # Made before the clock was ours.
        self.emulator.clock._start = loop.time() - 1.0
        self.kind = kind
        self.truth = Truth(
            self.emulator, calls_are_listed=kind.get("account_detailed_calls", True)
        )
        self.penalties = Penalties(loop.time)
        self.words = Words()
        self.followed_ones = Presences(loop.time)
        self.members = Presences(loop.time)
        self.undoing = Undoing(loop.time)
        self._extension_of: dict[str, str] = {}
        self.is_in_reach = False
        self.complaints: list[str] = []
        self.calls = 0
        # Seconds that replies, once made, are under way.
        self.replies_late = 0.0
        self.last_drop = -60.0
        self.has_begun = False
        # Whether nothing ever kept a sign-in from being ended.
        self.was_always_gentle = True
        # Seconds until what happened so far has to be right again.
        self.right_in = SOON
        # Whether all that happened is of a kind that nothing may become unavailable.
        self.is_gentle = True
        # Whether no socket was lost: planned ends are no losses.
        self.is_unbroken = True
        # How many lists were read as they are not.
        self.lies = 0
        self._follow, self._caller_identity = follow, caller_identity
        self._hass_stack = AsyncExitStack()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stack = AsyncExitStack()

    def run[ResultT](self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Do something to its end."""
        return self.loop.run_until_complete(work)

    def in_background(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin something that goes on while other things happen."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Beginning and end.

    async def begin(self) -> None:
        """Start the service and Home Assistant, and add the integration."""
        stack, emulator = self._stack, self.emulator
        self.loop.set_exception_handler(self._on_exception)
        stack.enter_context(mock_storage())
        stack.enter_context(self.penalties.watched())
        stack.enter_context(self.words.listening())
        stack.enter_context(self.undoing.watched())
        stack.enter_context(self._sign_ins_watched())
        stack.enter_context(self._client_watched())
        stack.enter_context(patch.object(lifecycle, "RESYNC_EVERY", RESYNC))
        stack.enter_context(
            patch.object(Entity, "entity_registry_enabled_default", True)
        )
        await emulator.start()
        self.is_in_reach = True
        emulator.url = await stack.enter_async_context(self._door(emulator.url))
        emulator.faults.set(**self.kind)
        self.entry = entry_for(
            emulator,
            follow=self._follow,
            extensions=emulator.extension_ids[1:4] if "chosen" in self._follow else (),
            caller_identity=self._caller_identity,
        )
        self.log = Log(
            [
                emulator.client_secret,
                emulator.jwt,
                *(
                    emulator.extension(key).name
                    for key in emulator.ids(type="User", status="Enabled")
                    # Home Assistant itself logs the entry's title, which is the user's own name.
                    if key != emulator.own_extension_id
                ),
            ]
        )
        root, ours = logging.getLogger(), logging.getLogger("custom_components")
        root.addHandler(self.log)
        stack.callback(root.removeHandler, self.log)
        ours.addHandler(self.log)
        stack.callback(ours.removeHandler, self.log)
        await self.start_hass()
        self.has_begun = True

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

        with (
            patch.object(Http, "send", send_and_wait),
            patch.object(Lifecycle, "stream_live", told),
        ):
            yield

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

    async def start_hass(self) -> None:
        """Start Home Assistant with the entry, and let set-up take its time."""
        stack = self._hass_stack
        self.hass = await stack.enter_async_context(async_test_home_assistant())
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

    async def end(self) -> None:
        """Unload, and look whether anything is left."""
        await self._finish()
        await self.unload()
        await self.nothing_left()

    async def close(self) -> None:
        """Stop everything, whatever state it is in."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.has_begun:
            await self.hass.async_stop(force=True)
        await self._hass_stack.aclose()
        await self.emulator.stop()
        await self._stack.aclose()
        # The test plugin's stand-ins remember every call, and each Home Assistant with it.
        for stand_in in (
            aiohttp_client._async_make_resolver,
            translation._async_get_component_strings,
        ):
            stand_in.reset_mock()  # type: ignore[union-attr]

    def note_members(self) -> None:
        """Note that somebody joined, left or is called otherwise."""
        self.right_in = max(self.right_in, MEMBERS)
        if self.entry.state is not ConfigEntryState.LOADED:
            # A start reads its lists once, before it subscribes: what changes between is told to nobody.
            self.right_in = AT_LAST

    def note_drop(self) -> None:
        """Note that sockets are dropped: often, and the budget for tickets leaves us without one for a while."""
        self.is_unbroken = False
        if self.loop.time() - self.last_drop < 60:
            self.is_gentle = False
        self.last_drop = self.loop.time()

    # What Home Assistant does.

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
        await asyncio.sleep(signin.LINGER)
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

    # Rest.

    def heal(self) -> None:
        """End every fault; the kind of account stays."""
        self.replies_late = 0.0
        self.emulator.faults.clear()
        self.emulator.faults.set(**self.kind)

    async def go_out_of_reach(self, *, forgets: bool) -> None:
        """Cut every connection and let nobody connect."""
        self.is_in_reach = False
        runner = self.emulator._runner
        assert runner is not None
        assert runner.server is not None
        for site in tuple(runner.sites):
            await site.stop()
        if forgets:
            await self.emulator.disconnect(None, recoverable=False)
            for extension in self.emulator._service.account.extensions.values():
                # It goes on from what it had saved.
                extension.sequence = max(0, extension.sequence - 20)
            contexts = self.emulator._gateway.contexts
            for context in {
                id(each): each for each in contexts._by_token.values()
            }.values():
                contexts.drop(context)
        for connection in tuple(runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def come_in_reach(self) -> None:
        """Let the service be reachable again."""
        runner = self.emulator._runner
        if not self.is_in_reach and runner is not None:
            self.is_in_reach = True
            await web.TCPSite(runner, "127.0.0.1", self._port).start()

    async def rest(self) -> None:
        """End every fault, wait as long as is promised, and compare."""
        await self._finish()
        self.heal()
        await self.come_in_reach()
        # What was done last has to be noticed first.
        await asyncio.sleep(1)
        if not await self._live():
            return
        await asyncio.sleep(self._until_right())
        if not await self._live():
            return
        await asyncio.sleep(SOON)
        await self._sentinel()
        self.complaints += self.differences()
        self.complaints += self.undoing.wrong(self._written)
        self.complaints += self._asked_for()
        self.undoing.forget()
        self.words.forget()
        if not self.is_gentle:
            self.was_always_gentle = False
            # What is left of the budgets was spent on trouble.
            await asyncio.sleep(61)
        self.penalties.delay = 0.0
        self.right_in = SOON
        self.lies = 0
        self.is_gentle = self.is_unbroken = True

    def _until_right(self) -> float:
        """Return the seconds until everything has to be right and undone."""
        if not self.undoing.is_waiting:
            return self.right_in
        return max(
            self.right_in,
            UNDONE_WITHIN,
            self.undoing.over_at - self.loop.time(),
        )

    def _written(self, extension_id: str) -> dict[str, str] | None:
        """Return what a change for a time may have changed, unless it may not be undone."""
        ext = self.emulator._service.account.extensions.get(int(extension_id))
        issue = f"not_restored_{self.entry.entry_id}_{extension_id}"
        if (
            ext is None
            or ext.status != "Enabled"
            or (DOMAIN, issue) in ir.async_get(self.hass).issues
        ):
            return None
        return {name: getattr(ext, name) for name in FIELDS}

    def _asked_for(self) -> list[str]:
        """Return what the user is still asked for, although all is well."""
        flows = self.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        issues = [
            name
            for domain, name in ir.async_get(self.hass).issues
            if domain == DOMAIN and name.startswith(_PASSING_ISSUES)
        ]
        return [
            f"the user is still asked for {each}"
            for each in (*(flow["context"]["source"] for flow in flows), *issues)
        ]

    async def _live(self) -> bool:
        """Wait until events flow and what is shown is trusted, without anybody's help."""
        is_refused = self.words.allow_sign_in() or self.words.allow(
            "permission_missing"
        )
        until = self.loop.time() + (BACK_AFTER_REFUSALS if is_refused else BACK)
        while True:
            coordinator = self.coordinator
            if coordinator and coordinator.account.is_live and coordinator.available:
                return True
            if self.loop.time() > until:
                self.complaints.append(
                    f"not live {BACK:.0f} s after the last fault ({self.entry.state})"
                )
                return False
            await asyncio.sleep(1)

    async def _sentinel(self) -> None:
        """Change something and see it shown: events flow, and what came before it has come."""
        emulator = self.emulator
        followed = self.truth.followed(self.entry)
        who = next(
            (
                key
                for key in (emulator.own_extension_id, *followed)
                if key in followed and "userStatus" in emulator.truth_of(key)
            ),
            None,
        )
        if who is None:
            return
        is_on = emulator.truth_of(who)["ringOnMonitoredCall"]
        await emulator.set_presence(who, {"ringOnMonitoredCall": not is_on})
        entity_id = self.entities(who)["ring_on_monitored_call"]
        until = self.loop.time() + LIVE
        while self.hass.states.get(entity_id).state != ("off" if is_on else "on"):  # type: ignore[union-attr]
            if self.loop.time() > until:
                self.complaints.append(f"the sentinel at {who} does not show")
                return
            await asyncio.sleep(0.05)

    def verdict(self) -> list[str]:
        """Return everything there is to complain of."""
        found = [*self.complaints]
        found += [f"penalty: {each}" for each in self.penalties.broken]
        found += [f"logged: {each}" for each in self.log.errors]
        found += [f"secret in the log: {each}" for each in self.log.leaks]
        return found

    async def _finish(self) -> None:
        """Let everything come to its end that was begun in the background."""
        if self._tasks:
            _, hanging = await asyncio.wait(self._tasks, timeout=1_000)
            for task in hanging:
                self.complaints.append(f"hangs: {task!r}")
                task.cancel()

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

    def look(self) -> None:
        """Remember who is there at this moment."""
        self.followed_ones.look(set(self.truth.followed(self.entry)))
        self.members.look(set(self.emulator.ids()))

    def _on_exception(
        self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        error = context.get("exception")
        trace = "" if error is None else "".join(traceback.format_exception(error))
        self.complaints.append(f"{context['message']}: {error!r} {trace}")
