"""A world for the state machine: a service, a Home Assistant that follows it, and time that does not have to be waited for.

Both live in one event loop whose clock stands while anything happens, and jumps to the next timer when
nothing does. So everything keeps its real waits (a back-off of two minutes, a grace of thirty seconds, a
token of an hour, a penalty of a minute), an hour of quiet passes in milliseconds, and how busy the machine
is makes no difference.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
import logging
import re
import selectors
import time
import traceback
from typing import Any, Final, override
from unittest.mock import patch

from aiohttp import web
from homeassistant import loader
from homeassistant.config_entries import ConfigEntryState, OperationNotAllowed
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HassJob,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    aiohttp_client,
    device_registry as dr,
    entity_registry as er,
    event as event_helper,
    frame,
    translation,
)
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
    get_scheduled_timer_handles,
    mock_storage,
)

from custom_components.ringcentral import signin, upkeep
from custom_components.ringcentral.aioringcentral.auth import JwtTokens
from custom_components.ringcentral.aioringcentral.http import Http
from custom_components.ringcentral.aioringcentral.limits import RateGroup
from custom_components.ringcentral.aioringcentral.stream import Continuity
from custom_components.ringcentral.const import (
    AUTH_JWT,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    DOMAIN,
)
from custom_components.ringcentral.coordinator import RingCentralCoordinator
from demo.entities import expected
from demo.hass import free_port
from emulator import Emulator, clock
from emulator.clock import Clock
from emulator.ratelimit import RateLimiter, Verdict

from . import entry_for, jwt_input, open_sessions

type Json = dict[str, Any]

# Seconds until the slow re-read of everything: six hours without the waiting.
RESYNC: Final = 900.0
# Seconds after which everything is right again: where all events came, where a reading had failed, and
# where the service had lost something without a trace.
SOON: Final = 8.0
LATER: Final = 150.0
AT_LAST: Final = RESYNC + 60.0
# Seconds in which the connection is back once all faults are over: ten minutes between Home Assistant's own
# tries to set up. Where it was set up it is two minutes, or five after a missing permission.
BACK: Final = 700.0
# Seconds in which the sentinel shows: only an event is so quick.
LIVE: Final = 1.0
# Seconds between a refusal and a request that had crossed it on the wire, beside those the service takes for each.
_CROSSED: Final = 0.3

# Any time will do, as long as it is always the same.
_BEGINNING: Final = 1_800_000_000.0

_SECRET = re.compile(
    r"\+1(?:415|650)555\d{4}|[Bb]earer [\w-]+|access_token=\w+|(?<!\w)[sp]-[0-9a-f]{32}"
)


class _Selector(selectors.DefaultSelector):
    """Finds out that nothing happens, and lets time pass then."""

    loop: SkippingLoop | None = None

    @override
    def select(self, timeout: float | None = None) -> Any:
        loop = self.loop
        if loop is None or timeout is None or timeout <= 0:
            return super().select(timeout)
        if ready := super().select(0):
            return ready
        if loop.jobs:
            # A thread works for the loop, and time stands still meanwhile.
            return super().select(None)
        # What one end of a socket has sent, the other end in this loop has by now.
        time.sleep(0.0001)
        if ready := super().select(0):
            return ready
        # A microsecond more: what is a rounding error too early would be due again and again.
        loop.skip(timeout + 1e-6)
        return []


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands while anything happens, and jumps over every wait for nothing."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.jobs = 0
        self.ticks = count()
        self._now = 0.0
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self

    @override
    def time(self) -> float:
        return self._now

    def skip(self, seconds: float) -> None:
        """Let seconds pass at once."""
        self._now += seconds

    @override
    def run_in_executor[*Ts, ResultT](
        self, executor: Executor | None, func: Callable[[*Ts], ResultT], *args: *Ts
    ) -> asyncio.Future[ResultT]:
        future = super().run_in_executor(executor, func, *args)
        self.jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _future: object) -> None:
        self.jobs -= 1


@contextmanager
def skipping_time() -> Iterator[SkippingLoop]:
    """Run in a loop that skips waits; the clocks of Home Assistant, the client and the service go with it."""
    loop = SkippingLoop()

    def now() -> float:
        return _BEGINNING + loop.time()

    def utcnow() -> datetime:
        return datetime.fromtimestamp(now(), UTC)

    def service_utc(_clock: Clock) -> datetime:
        # Two calls never begin in the very same millisecond.
        return utcnow() + timedelta(milliseconds=next(loop.ticks) % 1_000)

    try:
        asyncio.set_event_loop(loop)
        with (
            patch("time.time", now),
            patch.object(dt_util, "utcnow", utcnow),
            patch.object(event_helper, "time_tracker_timestamp", now),
            patch.object(event_helper, "time_tracker_utcnow", utcnow),
            patch.object(signin, "JwtTokens", partial(JwtTokens, clock=now)),
            patch.object(clock, "_raw", loop.time),
            patch.object(Clock, "utc", service_utc),
        ):
            yield loop
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
        asyncio.set_event_loop(None)


class Truth:
    """What Home Assistant has to show, from what the service knows."""

    def __init__(self, emulator: Emulator, *, calls_are_listed: bool = True) -> None:
        """Take the service; without a list of calls, only the status tells of them."""
        self._emulator = emulator
        self.calls_are_listed = calls_are_listed

    def followed(self, entry: MockConfigEntry) -> dict[str, str]:
        """Return the names of whom the user's choices mean, by id."""
        emulator = self._emulator
        account = emulator._service.account
        own = int(emulator.own_extension_id)
        chosen = {
            "own": {own},
            "lines": {line.extension_id for line in account.lines_of(own)},
            "favorites": account.favored_by(own),
            "chosen": {int(key) for key in entry.options[CONF_EXTENSIONS]},
            "account": account.extensions.keys(),
        }
        ids = {key for choice in entry.options[CONF_FOLLOW] for key in chosen[choice]}
        return {
            str(key): extension.name or "Extension"
            for key in ids
            if (extension := account.extensions.get(key)) is not None
            and extension.watchable
            and extension.status in ("Enabled", "NotActivated")
        }

    def of(self, extension_id: str, presence: Json) -> dict[str, set[str]]:
        """Return the states that are right, by key; a key that is missing may show anything."""
        if (
            self._emulator.faults.hidden_presence == "forbidden"
            and presence.get("allowSeeMyPresence") is False
            and extension_id != self._emulator.own_extension_id
        ):
            # Not even that they are hidden may be known.
            return {}
        states = expected(presence)
        if "telephonyStatus" in presence:
            calls = presence.get("activeCalls", [])
            total = presence.get("totalActiveCalls", 0)
            states["active_calls"] = str(total)
            if total == len(calls):
                states["call_started"] = _started(calls)
            if not self.calls_are_listed:
                for key in ("active_calls", "call_started", "ringing"):
                    states.pop(key, None)
        for key in ("user_status", "dnd_status"):
            if key in states:
                states[f"set_{key}"] = states[key]
        right = {key: {state} for key, state in states.items()}
        if "userStatus" not in presence and "telephonyStatus" in presence:
            # A park location is nobody, and only holds calls.
            of_calls = ("telephony_status", "active_calls")
            right = {key: right[key] for key in of_calls if key in right}
        if "userStatus" not in presence:
            # Nothing is told of a park location until a call is parked there, and nothing of somebody who
            # hides: unknown is right, and so is that there is no call.
            nothing = {
                "telephony_status": "no_call",
                "on_call": "off",
                "ringing": "off",
                "active_calls": "0",
                "call_started": STATE_UNKNOWN,
            }
            for key, state in nothing.items():
                if "telephonyStatus" not in presence or key in right:
                    right.setdefault(key, {state}).add(STATE_UNKNOWN)
        return right


def _started(calls: list[Json]) -> str:
    if not calls:
        return STATE_UNKNOWN
    first = min(datetime.fromisoformat(call["startTime"]) for call in calls)
    return first.astimezone(UTC).isoformat(timespec="seconds")


class Penalties:
    """Sees every request that the service counts, and which came although they had been told to wait."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock of the loop."""
        self.broken: list[str] = []
        # Seconds that the service takes to look at a request.
        self.delay = 0.0
        self._clock = clock
        # By group: when the last refusal was given, until when it holds, and whether it was heard.
        self._refusals: dict[str, tuple[float, float]] = {}
        self._heard: set[str] = set()

    def forget(self) -> None:
        """Know of no refusal: nor does a Home Assistant that was restarted."""
        self._heard.clear()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at what the service's limiter says, and at what the client hears of it."""
        ask, note_reply = RateLimiter.ask, Http.note_reply

        def asked(limiter: RateLimiter, client: str, owner: int, group: str) -> Verdict:
            now = self._clock()
            since, until = self._refusals.get(group, (0.0, 0.0))
            crossed = since + _CROSSED + self.delay
            if crossed < now < until and group in self._heard:
                self.broken.append(
                    f"{group} request {now - since:.1f} s after a refusal for "
                    f"{until - since:.0f} s"
                )
            verdict = ask(limiter, client, owner, group)
            if verdict.refused:
                # Protocol: "if missing wait >= 30 s". Rounding belongs to the service.
                wait = 30.0 if verdict.retry_after is None else verdict.retry_after
                self._refusals[group] = (now, now + wait - 0.5)
                self._heard.discard(group)
            return verdict

        def heard(http: Http, group: RateGroup, *reply: Any) -> None:
            if reply[1] == 429:
                self._heard.add(group.capitalize())
            note_reply(http, group, *reply)

        with (
            patch.object(RateLimiter, "ask", asked),
            patch.object(Http, "note_reply", heard),
        ):
            yield


class Log(logging.Handler):
    """Sees everything that the integration logs, and errors of all others."""

    def __init__(self, secrets: list[str]) -> None:
        """Take what must never be logged."""
        super().__init__(logging.DEBUG)
        self.leaks: list[str] = []
        self.errors: list[str] = []
        self._secrets = [secret for secret in secrets if secret]

    @override
    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.startswith(f"custom_components.{DOMAIN}")
        # A set-up that Home Assistant itself cuts short when it stops is its own affair.
        is_cut = "cancelled" in record.getMessage()
        if record.levelno >= logging.ERROR and not is_cut:
            trace = self.formatException(record) if record.exc_info else ""
            self.errors.append(f"{record.name}: {record.getMessage()} {trace}")
        if ours:
            text = record.getMessage() + self.formatException(record)
            if _SECRET.search(text) or any(each in text for each in self._secrets):
                self.leaks.append(text)

    @staticmethod
    def formatException(record: logging.LogRecord) -> str:  # noqa: N802
        """Return the traceback of a record."""
        if not record.exc_info:
            return ""
        return logging.Formatter().formatException(record.exc_info)


class World:
    """One history: a service, a Home Assistant that follows it, and what there was to complain of."""

    hass: HomeAssistant

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
        # Whether an event that nothing can bring back was lost.
        self.is_lossy = False
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
        stack.enter_context(self._client_watched())
        stack.enter_context(patch.object(upkeep, "RESYNC_EVERY", RESYNC))
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
        send, stream_live = Http.send, RingCentralCoordinator.stream_live

        async def send_and_wait(http: Http, *args: Any, **options: Any) -> Any:
            reply = await send(http, *args, **options)
            if self.replies_late:
                await asyncio.sleep(self.replies_late)
            return reply

        def told(account: RingCentralCoordinator, continuity: Continuity) -> None:
            is_broken = (
                continuity is Continuity.BROKEN and account.availability.ready.is_set()
            )
            if is_broken and self.is_unbroken:
                self.complaints.append("events were lost in a planned end")
            stream_live(account, continuity)

        with (
            patch.object(Http, "send", send_and_wait),
            patch.object(RingCentralCoordinator, "stream_live", told),
        ):
            yield

    async def start_hass(self) -> None:
        """Start Home Assistant with the entry, and let set-up take its time."""
        stack = self._hass_stack
        self.hass = await stack.enter_async_context(async_test_home_assistant())
        frame.async_setup(self.hass)
        self.hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
        self.hass.bus.async_listen(EVENT_STATE_CHANGED, self._on_change)
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
            if _is_ours(handle):
                self.complaints.append(f"a timer is left: {handle!r}")
            if handle._args and handle._args[0] is self.hass:
                # The end of the process would end it.
                handle.cancel()
        # A set-up that is cut short closes its socket after Home Assistant is gone.
        await asyncio.sleep(20)
        if left := _our_tasks():
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
        if left := _our_tasks():
            self.complaints.append(f"tasks are left after unloading: {left}")
        for handle in get_scheduled_timer_handles(self.loop):
            if _is_ours(handle):
                self.complaints.append(f"a timer is left after unloading: {handle!r}")

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

    async def sign_in_again(self) -> None:
        """Do what the user is asked for: enter the credentials again."""
        flows = self.hass.config_entries.flow
        for flow in flows.async_progress_by_handler(DOMAIN):
            if flow["context"]["source"] != "reauth":
                continue
            if flow["step_id"] == "reauth_confirm":
                await flows.async_configure(flow["flow_id"], {"next_step_id": AUTH_JWT})
            await flows.async_configure(flow["flow_id"], jwt_input(self.emulator))

    # What is true, and what is shown.

    def entities(self, extension_id: str | None = None) -> dict[str, str]:
        """Return entity ids by key, of an extension or the account."""
        start = f"{self.emulator.account_id}_"
        found = {
            entry.unique_id.removeprefix(start): entry.entity_id
            for entry in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
        }
        if extension_id is None:
            return {key: each for key, each in found.items() if not key[0].isdigit()}
        start = f"{extension_id}_"
        return {
            key.removeprefix(start): each
            for key, each in found.items()
            if key.startswith(start)
        }

    def shown(self, entities: Mapping[str, str]) -> dict[str, str]:
        """Return states by key."""
        states = self.hass.states
        return {
            key: state.state if (state := states.get(each)) is not None else "missing"
            for key, each in entities.items()
        }

    def devices(self) -> dict[str, str]:
        """Return the names of extensions' devices by extension id."""
        start = f"{self.emulator.account_id}_"
        return {
            identifier.removeprefix(start): device.name or ""
            for device in dr.async_entries_for_config_entry(
                dr.async_get(self.hass), self.entry.entry_id
            )
            for _, identifier in device.identifiers
            if identifier.startswith(start)
        }

    def differences(self) -> list[str]:
        """Return everything that Home Assistant shows otherwise than the service has it."""
        wrong = []
        truth, followed = self.emulator.truth(), self.truth.followed(self.entry)
        if (devices := self.devices()) != followed:
            wrong += [f"{key} has no device" for key in followed.keys() - devices]
            wrong += [f"{key} is still there" for key in devices.keys() - followed]
            wrong += [
                f"{key} is called {devices[key]}, not {followed[key]}"
                for key in followed.keys() & devices
                if devices[key] != followed[key]
            ]
        everyone = {}
        for extension_id in followed:
            shown = everyone[extension_id] = self.shown(self.entities(extension_id))
            presence = truth[extension_id]
            # What nobody can ask the service about is right only as long as every event came.
            is_told_of = "userStatus" in presence
            right = self.truth.of(extension_id, presence)
            if is_told_of or not self.is_lossy:
                wrong += [
                    f"{extension_id} {key} is {shown.get(key)}, not {states}"
                    for key, states in right.items()
                    if shown.get(key) not in states and not key.startswith("set_")
                ]
            wrong += [
                f"{extension_id} {key} is {shown[key]}, not {states}"
                for key, states in right.items()
                if key.startswith("set_") and key in shown and shown[key] not in states
            ]
            wrong += [
                f"{extension_id} {key} is {state}"
                for key, state in shown.items()
                if state in (STATE_UNAVAILABLE, "missing")
            ]
        account = self.shown(self.entities())
        counts = {
            "extensions_on_call": ("on_call", "on"),
            "extensions_ringing": ("ringing", "on"),
            "extensions_available": ("presence_status", "available"),
        }
        for total, (key, state) in counts.items():
            count = sum(shown.get(key) == state for shown in everyone.values())
            if account.get(total) != str(count):
                wrong.append(f"{total} is {account.get(total)}, not {count}")
        if account.get("push_connected") != "on":
            wrong.append("push_connected is not on")
        return wrong

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
        await asyncio.sleep(self.right_in)
        if not await self._live():
            return
        await asyncio.sleep(SOON)
        await self._sentinel()
        self.complaints += self.differences()
        if not self.is_gentle:
            self.was_always_gentle = False
            # What is left of the budgets was spent on trouble.
            await asyncio.sleep(61)
        self.penalties.delay = 0.0
        self.right_in = SOON
        self.is_gentle = self.is_unbroken = True

    async def _live(self) -> bool:
        """Wait until events flow and what is shown is trusted."""
        until = self.loop.time() + BACK
        while True:
            account = self.coordinator
            if account and account.stream.is_live and account.available:
                return True
            await self.sign_in_again()
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

    def _on_exception(
        self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        error = context.get("exception")
        trace = "" if error is None else "".join(traceback.format_exception(error))
        self.complaints.append(f"{context['message']}: {error!r} {trace}")


def _our_tasks() -> list[str]:
    """Return the names of the integration's tasks that run."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("ringcentral")]


def _is_ours(handle: asyncio.TimerHandle) -> bool:
    """Whether a timer will call the integration."""
    if handle.cancelled():
        return False
    parts: list[Any] = [handle._callback, *(handle._args or ())]  # type: ignore[attr-defined]
    jobs = [part for part in parts if isinstance(part, HassJob)]
    if any(job.cancel_on_shutdown for job in jobs):
        # Meant to outlive an unload.
        return False
    parts += [job.target for job in jobs]
    parts += [part.job.target for part in parts if hasattr(part, "job")]
    return any(f"custom_components.{DOMAIN}" in _home(part) for part in parts)


def _home(part: Any) -> str:
    return str(getattr(getattr(part, "__func__", part), "__module__", ""))
