"""Words to tell stories with: an office that Home Assistant follows, what it shows, and what it showed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import PropertyMock, patch

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.ringcentral.aioringcentral.rest import Rest
from custom_components.ringcentral.const import CALLER_HIDDEN, DOMAIN
from custom_components.ringcentral.coordinator import RingCentralCoordinator
from custom_components.ringcentral.sign_in import LINGER
from emulator import Emulator

from . import entry_for, open_sessions

DEADLINE = 10.0

# Without a call these have nothing to show.
MAY_BE_UNKNOWN = ("_call", "_call_started")

LOGGER_NAME = "custom_components.ringcentral"
TOKEN = "POST /restapi/oauth/token"
TICKET = "POST /restapi/oauth/wstoken"
REVOKE = "POST /restapi/oauth/revoke"
SUBSCRIBE = "POST /restapi/v1.0/subscription"
OWN_EXTENSION = "GET /restapi/v1.0/account/{id}/extension/{id}"
PRESENCE = "GET /restapi/v1.0/account/{id}/extension/{id}/presence"
EXTENSIONS = "GET /restapi/v1.0/account/{id}/extension"
EVERYONE = "GET /restapi/v1.0/account/{id}/presence"

# The event filter on everyone's presence, as it is with the account's id.
EVERYONE_FILTER = "/restapi/v1.0/account/????????????/presence*"


class Story:
    """A config entry, and what its entities show and showed since the story began."""

    def __init__(
        self, hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
    ) -> None:
        """Take the entry; listening begins at once, so that no state is missed."""
        self.hass, self.emulator, self.entry = hass, emulator, entry
        self.own = emulator.own_extension_id
        self.changes: list[tuple[str, str | None, str | None]] = []
        self.reported: list[str] = []
        self._happened = asyncio.Event()
        self._stop_listening = [
            hass.bus.async_listen(EVENT_STATE_CHANGED, self._on_change),
            hass.bus.async_listen(
                EVENT_STATE_REPORTED,
                self._on_report,
                event_filter=callback(lambda _data: True),
            ),
        ]

    # What there is.

    @property
    def coordinator(self) -> RingCentralCoordinator:
        """The account in Home Assistant."""
        coordinator: RingCentralCoordinator = self.entry.runtime_data
        return coordinator

    def entities(self, extension_id: str | None = None) -> dict[str, str]:
        """Return enabled entities of the entry, or of one extension: entity ids by unique id."""
        start = "" if extension_id is None else self.unique_id("", extension_id)
        return {
            keyed(found): found.entity_id
            for found in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
            if found.unique_id.startswith(start) and found.disabled_by is None
        }

    def all_entities(self) -> set[str]:
        """Return the entities of all followed extensions."""
        return {
            entity_id
            for extension_id in self.followed()
            for entity_id in self.entities(extension_id).values()
        }

    def entity(self, key: str, extension_id: str | None = None) -> str:
        """Return the id of an entity of an extension, the own one where none is named."""
        return self.entities()[self.unique_id(key, extension_id or self.own)]

    def account_entity(self, key: str) -> str:
        """Return the id of an entity of the account."""
        return self.entities()[f"{self.emulator.account_id}_{key}"]

    def device(self, extension_id: str) -> dr.DeviceEntry | None:
        """Return the device of an extension."""
        return dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, f"{self.emulator.account_id}_{extension_id}"), self.entry.entry_id
        )

    def followed(self) -> set[str]:
        """Return the ids of the extensions that are devices."""
        start = f"{self.emulator.account_id}_"
        return {
            identifier.removeprefix(start)
            for device in dr.async_entries_for_config_entry(
                dr.async_get(self.hass), self.entry.entry_id
            )
            for _, identifier in device.identifiers
            if identifier.startswith(start)
        }

    def unique_id(self, key: str, extension_id: str) -> str:
        """Return the unique id of an entity of an extension."""
        return f"{self.emulator.account_id}_{extension_id}_{key}"

    # What happens.

    async def leave_queues(self) -> None:
        """Make the signed-in user a member of no queue."""
        for queue_id, queue in self.emulator.queues().items():
            others = [member for member in queue["members"] if member != self.own]
            await self.emulator.set_queue(queue_id, members=others)

    async def call(
        self,
        *script: str,
        at: str | None = None,
        name: str = "the call",
        **options: object,
    ) -> None:
        """Play a call at an extension, the own one where none is named; a call goes on under its name."""
        await self.emulator.play_call(
            at or self.own, list(script), call=name, **options
        )

    # What it shows, and showed.

    def now(self, key: str, extension_id: str | None = None) -> str | None:
        """Return what an entity shows, None where there is none."""
        unique_id = self.unique_id(key, extension_id or self.own)
        state = self.hass.states.get(self.entities().get(unique_id, ""))
        return None if state is None else state.state

    def account_now(self, key: str) -> str | None:
        """Return what an entity of the account shows, None where there is none."""
        state = self.hass.states.get(self.account_entity(key))
        return None if state is None else state.state

    def all_states(self) -> dict[str, str]:
        """Return what all entities of extensions show, by unique id."""
        return {
            unique_id: "missing" if state is None else state.state
            for extension_id in self.followed()
            for unique_id, entity_id in self.entities(extension_id).items()
            for state in (self.hass.states.get(entity_id),)
        }

    async def shows(self, extension_id: str | None = None, /, **states: str) -> None:
        """Wait until entities of an extension, the own one where none is named, show these states."""

        def shown() -> dict[str, str | None]:
            return {key: self.now(key, extension_id) for key in states}

        try:
            await self.until(lambda: shown() == states)
        except TimeoutError:
            assert shown() == states, shown()

    def seen(self, key: str, extension_id: str | None = None) -> list[str | None]:
        """Return the states that an entity took on, after its first, since the story began or was told anew."""
        entity_id = self.entity(key, extension_id)
        return [
            new
            for changed, old, new in self.changes
            if changed == entity_id and old is not None
        ]

    def seen_unavailable(self) -> list[str]:
        """Return the entities that became unavailable, or unknown where they cannot be, each time."""
        ours = set(self.entities().values())
        silent = {
            entity_id
            for unique_id, entity_id in self.entities().items()
            if unique_id.endswith(MAY_BE_UNKNOWN)
        }
        return [
            entity_id
            for entity_id, old, new in self.changes
            if entity_id in ours
            and old not in (None, STATE_UNAVAILABLE, STATE_UNKNOWN)
            and (
                new == STATE_UNAVAILABLE
                or (new == STATE_UNKNOWN and entity_id not in silent)
            )
        ]

    def forget(self) -> None:
        """Begin the story anew: what was seen so far is of no concern."""
        self.changes.clear()
        self.reported.clear()

    # Time.

    async def until(
        self, holds: Callable[[], bool], deadline: float = DEADLINE
    ) -> None:
        """Wait until something holds, looked at whenever a state is written, and now and then."""
        async with asyncio.timeout(deadline):
            while not holds():
                self._happened.clear()
                try:
                    async with asyncio.timeout(0.02):
                        await self._happened.wait()
                except TimeoutError:
                    continue

    async def all_heard(self) -> None:
        """Wait until all that the service sent so far has arrived and was taken in."""
        link = self.coordinator.account.stream._link
        assert link is not None
        # The echo comes after everything that was sent before it.
        await link.connection.heartbeat()
        await self.hass.async_block_till_done()

    async def lost(self) -> None:
        """Wait until the connection is noticed to be gone."""
        await self.until(lambda: not self.coordinator.account.stream.is_live)

    async def live(self) -> None:
        """Wait until the connection is there, and what it shows is trusted, not only kept for a while."""
        await self.until(
            lambda: (
                self.coordinator.account.is_live
                and self.coordinator.account.is_current
                and self.coordinator.available
            )
        )

    # Ends.

    async def reload(self) -> None:
        """Reload the entry."""
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done()

    async def leave(self) -> None:
        """Unload, and see that nothing is left: no task, no socket, no sign-in."""
        if self.entry.state is ConfigEntryState.LOADED:
            assert await self.hass.config_entries.async_unload(self.entry.entry_id)
            await self.hass.async_block_till_done()
        for stop in self._stop_listening:
            stop()
        self._stop_listening.clear()
        if not self.hass.config_entries.async_loaded_entries(DOMAIN):
            assert our_tasks() == []

    @callback
    def _on_change(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        self.changes.append(
            (
                event.data["entity_id"],
                None if old is None else old.state,
                None if new is None else new.state,
            )
        )
        self._happened.set()

    @callback
    def _on_report(self, event: Event[EventStateReportedData]) -> None:
        self.reported.append(event.data["entity_id"])
        self._happened.set()


class office:  # noqa: N801 - reads as a word of the story
    """An entry that is set up, or as far as it came, and unloaded at the end of the story."""

    def __init__(
        self,
        hass: HomeAssistant,
        emulator: Emulator,
        *,
        follow: Collection[str] = ("own",),
        extensions: Collection[str] = (),
        caller_identity: str = CALLER_HIDDEN,
        state: ConfigEntryState = ConfigEntryState.LOADED,
    ) -> None:
        """Take whom to follow, and the state that set-up has to end in."""
        self._entry = entry_for(
            emulator,
            follow=follow,
            extensions=extensions,
            caller_identity=caller_identity,
        )
        self._entry.add_to_hass(hass)
        self._story = Story(hass, emulator, self._entry)
        self._state = state

    async def __aenter__(self) -> Story:
        """Set up."""
        hass = self._story.hass
        await hass.config_entries.async_setup(self._entry.entry_id)
        await hass.async_block_till_done()
        state = self._entry.state
        assert state is self._state, (state, self._entry.reason)
        return self._story

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Unload."""
        if kind is None:
            await self._story.leave()


async def retried(story: Story) -> None:
    """Let Home Assistant try set-up again, as often as it takes."""
    entry, loop = story.entry, story.hass.loop
    deadline = loop.time() + DEADLINE
    while entry.state is ConfigEntryState.SETUP_RETRY and loop.time() < deadline:
        # Not while anything waits with a deadline of its own, which would be over, too.
        later = dt_util.utcnow() + timedelta(minutes=10)
        async_fire_time_changed(story.hass, later)
        await story.until(lambda: entry.state is not ConfigEntryState.SETUP_IN_PROGRESS)
    assert entry.state is ConfigEntryState.LOADED
    await story.hass.async_block_till_done()


def our_tasks() -> list[str]:
    """Return the names of the integration's tasks that run."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("ringcentral")]


async def nothing_left(emulator: Emulator) -> None:
    """Wait until the service has no socket, no subscription and no sign-in."""
    await emulator.wait_for(
        lambda: (
            emulator.counters.sockets_open == 0
            and emulator.counters.subscriptions == 0
            and open_sessions(emulator) == 0
        )
    )


async def nothing_left_later(hass: HomeAssistant, emulator: Emulator) -> None:
    """Wait until the service has no socket, and no sign-in once the time for a reload is over."""
    await emulator.wait_for(lambda: emulator.counters.sockets_open == 0)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=LINGER))
    await nothing_left(emulator)


def colleagues(emulator: Emulator, count: int) -> list[str]:
    """Return users beside the own one who are available at the start."""
    found = [
        key
        for key in emulator.ids(type="User", status="Enabled")
        if key != emulator.own_extension_id
        and emulator.truth()[key]["presenceStatus"] == "Available"
    ]
    return found[:count]


def park_location(emulator: Emulator) -> str:
    """Return a park location of the account."""
    return emulator.ids(type="ParkLocation")[0]


def sign_in_flows(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """Return the flows that ask the user to sign in again."""
    return [
        flow
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == "reauth"
    ]


def issues(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return the repair issues that are open."""
    return [
        issue
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active
    ]


def keyed(entry: er.RegistryEntry) -> str:
    """Return the unique id; a switch has the key of the binary sensor that shows the same."""
    is_switch = entry.domain == Platform.SWITCH
    return f"{entry.unique_id}_switch" if is_switch else entry.unique_id


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[str]:
    """Return what the integration logged from a level on."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(LOGGER_NAME) and record.levelno >= level
    ]


@contextmanager
def hasty(
    *, grace: float | None = None, try_again: float | None = None
) -> Iterator[None]:
    """Let waits between tries, and for late events, be short; and the grace, or the time until a missing permission is looked at, be this long."""
    home = "custom_components.ringcentral"
    steps = ((0.0, 0.0), *((0.02, 0.04),) * 6)
    with (
        patch(f"{home}.aioringcentral.backoff._STEPS", steps),
        patch(f"{home}.aioringcentral.stream.schedule._LATE_WITHIN", 0.1),
        patch(f"{home}.availability.GRACE", 30.0 if grace is None else grace),
        patch(
            f"{home}.aioringcentral.account.run_retries.TRY_AGAIN_AFTER",
            300.0 if try_again is None else try_again,
        ),
    ):
        yield


def talking(extension_id: str, **changes: Any) -> dict[str, Any]:
    """Return an event body: a call that is connected, with times and ids that are always the same."""
    call = {
        "id": "c4f1",
        "direction": "Inbound",
        "from": "+14155550177",
        "fromName": "Zacharias Caller",
        "telephonyStatus": "CallConnected",
        "sessionId": "70001",
        "startTime": "2026-11-24T09:00:00.000Z",
    }
    return {
        "extensionId": extension_id,
        "sequence": 10**6,
        "telephonyStatus": "CallConnected",
        "presenceStatus": "Busy",
        "activeCalls": [call],
        "totalActiveCalls": 1,
        **changes,
    }


class Late:
    """Replies that were made, and have not arrived yet."""

    def __init__(self) -> None:
        """Hold none."""
        self.made = 0
        self.let_arrive = asyncio.Event()


@contextmanager
def late_replies(call: str) -> Iterator[Late]:
    """Hold back what a call of the client returns: the world may change before it arrives."""
    late = Late()
    original = getattr(Rest, call)

    async def hold(rest: Rest, *args: object) -> object:
        reply = await original(rest, *args)
        late.made += 1
        await late.let_arrive.wait()
        return reply

    with patch.object(Rest, call, hold):
        yield late


@contextmanager
def settling_at_once() -> Iterator[None]:
    """Let changes of membership be taken without the time in which others are awaited."""
    with patch(
        "custom_components.ringcentral.aioringcentral.account.members._SETTLE", 0.05
    ):
        yield


@contextmanager
def confirming(after: float) -> Iterator[None]:
    """Let two readings that lack somebody be this many seconds apart."""
    account = "custom_components.ringcentral.aioringcentral.account"
    with (
        patch(f"{account}.removal.CONFIRM_AFTER", after),
        patch(f"{account}.members.CONFIRM_AFTER", after),
    ):
        yield


@contextmanager
def only(*platforms: Platform) -> Iterator[None]:
    """Set up these platforms alone, with all their entities enabled."""
    with (
        patch("custom_components.ringcentral.PLATFORMS", platforms),
        patch(
            "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
            PropertyMock(return_value=True),
        ),
    ):
        yield


@contextmanager
def resyncing(every: float) -> Iterator[None]:
    """Let everything be read again this often, in seconds."""
    with patch(
        "custom_components.ringcentral.aioringcentral.account.full_rereads.RESYNC_EVERY",
        every,
    ):
        yield


@asynccontextmanager
async def emulated(**options: object) -> AsyncIterator[Emulator]:
    """Run another emulator, for a story that needs one of its own kind."""
    async with Emulator(**options) as emulator:  # type: ignore[arg-type]
        yield emulator
