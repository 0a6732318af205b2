"""The account: everyone's presence from a sign-in and choices, without Home Assistant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
import logging
from typing import Any, override
from unittest.mock import patch

import aiohttp
import pytest

from aioringcentral.account import (
    Account,
    AccountListener,
    Change,
    Choices,
    PresenceChange,
    full_rereads,
    lifecycle,
    members,
    run_retries,
)
from aioringcentral.account.listener import Listeners
from aioringcentral.account.members import carried_over
from aioringcentral.calls.state import CallEventType, Calls
from aioringcentral.causes import Cause
from aioringcentral.errors import (
    AppRefused,
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    passes,
)
from aioringcentral.filters import OWN, FilterPlan, extension_filter
from aioringcentral.membership import Follow, Following
from aioringcentral.models import Extension, Presence, PresenceUpdate, UserStatus
from aioringcentral.presence import update_from_rest
from aioringcentral.sign_in import JwtSignIn
from aioringcentral.status import Status
from aioringcentral.stream import Continuity, Subscription
from emulator import Emulator

DEADLINE = 10.0
PRESENCE = Presence(extension_id="1")
NO_CALLS = Calls()


def sign_in(emulator: Emulator, jwt: str | None = None) -> JwtSignIn:
    """Return a sign-in to the emulator that makes its own session."""
    return JwtSignIn(
        emulator.client_id,
        emulator.client_secret,
        jwt or emulator.jwt,
        server=emulator.url,
    )


class Heard(AccountListener):
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.said: list[str] = []
        self.members: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self.events: list[CallEventType] = []
        self._again = asyncio.Event()

    async def until(self, word: str) -> None:
        """Wait until a word is said."""
        async with asyncio.timeout(DEADLINE):
            while word not in self.said:
                self._again.clear()
                await self._again.wait()

    def _say(self, word: str) -> None:
        self.said.append(word)
        self._again.set()

    @override
    def presence_changed(self, change: PresenceChange) -> None:
        self.events += [event.type for event in change.events]
        self._say("presence")

    @override
    def members_changed(self, joined: tuple[str, ...], left: tuple[str, ...]) -> None:
        self.members.append((joined, left))
        self._say("members")

    @override
    def account_live(self) -> None:
        self._say("live")

    @override
    def account_lost(self, error: RingCentralError) -> None:
        self._say("lost")

    @override
    def account_failed(self, error: RingCentralError) -> None:
        self._say("failed")

    @override
    def account_stopped(self) -> None:
        self._say("stopped")


@asynccontextmanager
async def listening(
    emulator: Emulator, choices: Choices
) -> AsyncIterator[tuple[Account, Heard]]:
    """Start an account with a listener."""
    account, heard = Account(sign_in(emulator), choices), Heard()
    account.add_listener(heard)
    async with account:
        yield account, heard


async def next_change(changes: AsyncIterator[Change]) -> Change:
    """Return the next change within the deadline."""
    async with asyncio.timeout(DEADLINE):
        return await anext(changes)


async def test_the_example_of_the_readme(emulator: Emulator) -> None:
    async with Account(sign_in(emulator), Choices(own=True, lines=True)) as account:
        assert account.id == emulator.account_id
        assert account.own.id == emulator.own_extension_id
        assert account.is_current
        changes = account.changes()
        waiting = asyncio.create_task(next_change(changes))
        await asyncio.sleep(0)
        await emulator.play_call(account.own.id, ["ring"])
        change = await waiting
        assert change.extension == account.own
        assert change.presence == account.presences[account.own.id]
        assert change.status is Status.RINGING
        assert [event.type for event in change.events] == ["ringing"]
        await changes.aclose()
    assert emulator.counters.sockets_open == 0
    assert not emulator._service.tokens.sessions


async def test_changes_end_when_the_account_is_stopped(emulator: Emulator) -> None:
    found: list[Change] = []

    async def collect(account: Account) -> None:
        async for change in account.changes():
            found.append(change)  # noqa: PERF401 - until it ends

    async with Account(sign_in(emulator), Choices(own=True)) as account:
        task = asyncio.create_task(collect(account))
        await asyncio.sleep(0)
    async with asyncio.timeout(DEADLINE):
        await task
    assert found == []


async def test_changes_raise_what_ringcentral_refuses(emulator: Emulator) -> None:
    with patch.object(run_retries, "LOOK_AGAIN_AFTER", 0.01):
        async with Account(sign_in(emulator), Choices(own=True)) as account:
            waiting = asyncio.create_task(next_change(account.changes()))
            await asyncio.sleep(0)
            emulator.faults.set(token_error={"code": "OAU-213"})
            emulator.expire_access_tokens()
            await emulator.disconnect(code=1001, recoverable=False)
            with pytest.raises(SignInRequired):
                await waiting


async def test_what_it_says(emulator: Emulator) -> None:
    """Live, calls, lost, live again, stopped."""
    async with listening(emulator, Choices(own=True)) as (_, heard):
        assert heard.said[-1] == "live"
        await emulator.play_call(
            emulator.own_extension_id, ["ring", "answer"], call="1"
        )
        await heard.until("presence")
        heard.said.clear()
        await emulator.disconnect(code=1001, recoverable=True)
        await heard.until("lost")
        await heard.until("live")
        await emulator.play_call(emulator.own_extension_id, ["hangup"], call="1")
        await heard.until("presence")
    assert heard.said[-1] == "stopped"
    assert heard.events[0] == CallEventType.RINGING


async def test_members_come_and_go(emulator: Emulator) -> None:
    with patch.object(members, "_SETTLE", 0.01):
        async with listening(emulator, Choices(account=True)) as (account, heard):
            person = await emulator.add_extension("Nora New")
            await heard.until("members")
            assert heard.members == [((person,), ())]
            assert account.presences[person].user_status is UserStatus.AVAILABLE
            heard.said.clear()
            await emulator.remove_extension(person)
            await heard.until("members")
            assert heard.members[1:] == [((), (person,))]
            assert person not in account.presences


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "binary", "on": "event"},
        {"kind": "set", "at": "body.extensionId", "value": [], "on": "event"},
        {"kind": "set", "at": "body", "value": "text", "on": "event"},
        {"kind": "giant", "on": "event"},
    ],
)
async def test_what_cannot_be_read_may_have_been_about_anybody(
    emulator: Emulator, odd: dict[str, Any]
) -> None:
    """Everything is read again; it could be an event, whatever it is."""
    with patch.object(full_rereads, "UNREADABLE_AFTER", 0.01):
        async with listening(emulator, Choices(account=True)) as (account, heard):
            key = emulator.extension_ids[1]
            emulator.faults.set(odd=[{**odd, "next": 1}])
            heard.said.clear()
            await emulator.set_presence(key, {"userStatus": "Busy"})
            while account.presences[key].user_status is not UserStatus.BUSY:
                await heard.until("presence")
                heard.said.clear()
            assert emulator.counters.odd


async def test_a_presence_is_read_and_changed(emulator: Emulator) -> None:
    async with listening(emulator, Choices(own=True)) as (account, heard):
        own = account.own.id
        emulator.faults.set(drop_next=1)
        await emulator.set_presence(own, {"userStatus": "Offline"})
        assert (await account.read_presence(own)).user_status is UserStatus.OFFLINE
        assert heard.said.count("presence") == 2
        await account.update_presence(own, user_status=UserStatus.BUSY)
        assert account.presences[own].user_status is UserStatus.BUSY


@pytest.mark.parametrize("odd", [5, [], {}, True, 0])
async def test_a_message_that_cannot_be_read_is_not_none(
    emulator: Emulator, odd: object
) -> None:
    """A change for a time would take an unknown message for one that was empty, and leave it so."""
    async with listening(emulator, Choices(own=True)) as (account, _):
        own = account.own.id
        assert (await account.read_presence(own)).message == ""
        await account.update_presence(own, message="Back at ten")
        assert (await account.read_presence(own)).message == "Back at ten"

        def oddly(body: Any, **more: Any) -> PresenceUpdate | None:
            return update_from_rest({**body, "message": odd}, **more)

        with patch("aioringcentral.rest.update_from_rest", oddly):
            assert (await account.read_presence(own)).message is None


async def test_how_everyone_is_comes_first_if_asked_for(emulator: Emulator) -> None:
    async with listening(emulator, Choices(own=True, account=True)) as (account, _):
        changes = account.changes(initial=True)
        first = [await next_change(changes) for _ in account.extensions]
        assert {each.extension.id for each in first} == set(account.extensions)
        for each in first:
            assert each.status is account.status(each.extension.id)
            assert each.events == ()
        await emulator.play_call(account.own.id, ["ring"])
        change = await next_change(changes)
        assert change.status is account.status(account.own.id) is Status.RINGING
        await changes.aclose()


async def test_members_of_a_reading_that_was_cut_short_are_reported_later(
    emulator: Emulator,
) -> None:
    leaver = await emulator.add_extension("Nora New")
    with (
        patch.object(members, "_SETTLE", 0.01),
        patch.object(run_retries, "LOOK_AGAIN_AFTER", 0.01),
        patch.object(run_retries, "TRY_AGAIN_AFTER", 0.01),
    ):
        async with listening(emulator, Choices(account=True)) as (account, heard):
            reading = asyncio.Event()

            async def hang(_wanted: object) -> None:
                reading.set()
                await asyncio.Event().wait()

            with patch.object(account._lifecycle._rereads, "try_to_read", hang):
                joiner = await emulator.add_extension("Omar Other")
                await emulator.remove_extension(leaver)
                async with asyncio.timeout(DEADLINE):
                    await reading.wait()
                emulator.faults.set(permissions_removed=["WebSocket"])
                await emulator.disconnect(recoverable=False)
                await heard.until("failed")
            emulator.faults.set(permissions_removed=[])
            while not (
                any(joiner in joined for joined, _ in heard.members)
                and any(leaver in left for _, left in heard.members)
            ):
                heard.said.clear()
                await heard.until("members")
            assert account.presences[joiner].user_status is UserStatus.AVAILABLE


async def test_lists_that_could_not_be_read_are_read_once_the_service_is_back(
    emulator: Emulator,
) -> None:
    """However long it was to be waited, and before that is over."""
    leaver = await emulator.add_extension("Nora New")
    with (
        patch.object(members, "_SETTLE", 0.01),
        patch.object(members, "Backoff") as backoff,
    ):
        backoff.return_value.next.return_value = 3600.0
        async with listening(emulator, Choices(account=True)) as (account, heard):
            waits = asyncio.Event()
            pause = account._lifecycle._members._pause

            async def pausing(seconds: float) -> None:
                waits.set()
                await pause(seconds)

            with patch.object(account._lifecycle._members, "_pause", pausing):
                emulator.faults.set(
                    http_5xx=[{"path": "*/extension", "status": 503, "next": None}]
                )
                await emulator.remove_extension(leaver)
                async with asyncio.timeout(DEADLINE):
                    await waits.wait()
            assert leaver in account.extensions
            emulator.faults.set(http_5xx=[])
            await emulator.disconnect(recoverable=False)
            await heard.until("members")
            assert heard.members[-1] == ((), (leaver,))


async def test_a_filter_that_was_in_doubt_has_presence_read_once_it_is_live(
    emulator: Emulator,
) -> None:
    """It reported nothing meanwhile."""
    another = extension_filter("2")
    async with listening(emulator, Choices(own=True)) as (account, _):
        life = account._lifecycle
        with patch.object(life._rereads, "read_again") as read:
            in_doubt = Subscription(live=(OWN,), refused={}, unsure=(another,))
            life._filters_live(in_doubt, is_read=False)
            read.assert_not_called()
            life._filters_live(
                Subscription(live=(OWN, another), refused={}), is_read=False
            )
            read.assert_called_once_with(account.presences, Cause.NEW_FILTER)


async def test_a_break_is_caught_up_with_although_something_else_fails(
    emulator: Emulator,
) -> None:
    async with listening(emulator, Choices(own=True)) as (account, heard):
        own, life = account.own.id, account._lifecycle
        emulator.faults.set(drop_next=1)
        await emulator.set_presence(own, {"userStatus": "Offline"})
        heard.said.clear()
        with (
            patch.object(
                life._tracker.presences,
                "forget_sequences",
                side_effect=RuntimeError("broken"),
            ),
            pytest.raises(RuntimeError, match="broken"),
        ):
            life.stream_live(Continuity.BROKEN)
        await heard.until("presence")
        assert account.presences[own].user_status is UserStatus.OFFLINE


async def test_what_was_learned_about_filters_outlives_a_verdict(
    emulator: Emulator,
) -> None:
    async with listening(emulator, Choices(own=True)) as (account, heard):
        memory = account.stream.memory
        memory.refused |= {"one": "CMN-401", "two": "SUB-403"}
        memory.granted.add("three")
        with (
            patch.object(run_retries, "LOOK_AGAIN_AFTER", 0.01),
            patch.object(run_retries, "TRY_AGAIN_AFTER", 0.01),
        ):
            heard.said.clear()
            emulator.faults.set(permissions_removed=["WebSocket"])
            await emulator.disconnect(recoverable=False)
            await heard.until("failed")
            kept = account.stream.memory
            assert kept is memory
            emulator.faults.set(permissions_removed=[])
            heard.said.clear()
            await heard.until("live")
        assert account.stream.memory is memory
        # A new session may have the right that the first one lacked; nobody's settings changed by it.
        assert "one" not in memory.refused


async def test_a_start_that_fails_leaves_nothing(emulator: Emulator) -> None:
    emulator.faults.set(permissions_removed=["WebSocket"])
    with pytest.raises(PermissionMissing):
        async with Account(sign_in(emulator), Choices(own=True)):
            raise AssertionError
    assert emulator.counters.sockets_open == 0
    assert not emulator._service.tokens.sessions
    assert [
        task.get_name()
        for task in asyncio.all_tasks()
        if task.get_name().startswith("ringcentral")
    ] == []


async def test_a_start_gives_up_in_time(emulator: Emulator) -> None:
    emulator.faults.set(silent_sockets=True)
    with patch.object(lifecycle, "START_TIMEOUT", 0.1), pytest.raises(RetryLater):
        async with Account(sign_in(emulator), Choices(own=True)):
            raise AssertionError


async def test_a_session_that_was_given_stays_open(emulator: Emulator) -> None:
    async with aiohttp.ClientSession() as session:
        given = JwtSignIn(
            emulator.client_id,
            emulator.client_secret,
            emulator.jwt,
            server=emulator.url,
            session=session,
        )
        async with Account(given, Choices(own=True)):
            pass
        assert not session.closed


def test_a_server_without_encryption_is_refused() -> None:
    with pytest.raises(Misconfigured):
        JwtSignIn("id", "secret", "jwt", server="http://platform.example.com")


# What is decided without any I/O.


@pytest.mark.parametrize(
    ("choices", "follow"),
    [
        (Choices(), set()),
        (Choices(own=True, lines=True), {Follow.OWN, Follow.LINES}),
        (Choices(chosen=("1",)), {Follow.CHOSEN}),
        (Choices(favorites=True, account=True), {Follow.FAVORITES, Follow.ACCOUNT}),
    ],
)
def test_choices(choices: Choices, follow: set[Follow]) -> None:
    assert choices.follow == follow


ANNA = Extension(id="1", name="Anna")
BEN = Extension(id="2", name="Ben")
NO_PLAN = FilterPlan(wanted=())


def found(*extensions: Extension) -> Following:
    """Return what a reading of the lists found."""
    return Following(
        extensions={each.id: each for each in extensions}, plan=NO_PLAN, origins={}
    )


def test_a_reading_replaces_who_is_followed() -> None:
    assert carried_over(found(BEN), {"1": ANNA}, {}) == {"2": BEN}


def test_who_is_kept_stays() -> None:
    before = {"1": ANNA}
    after = carried_over(found(BEN), before, before)
    assert after == {"1": ANNA, "2": BEN}


def test_a_name_is_kept_until_there_is_another() -> None:
    nameless, renamed = replace(ANNA, name=None), replace(ANNA, name="Anna B")
    assert carried_over(found(nameless), {"1": ANNA}, {}) == {"1": ANNA}
    assert carried_over(found(renamed), {"1": ANNA}, {}) == {"1": renamed}
    assert carried_over(found(nameless), {}, {}) == {"1": nameless}


@pytest.mark.parametrize(
    ("error", "does_it"),
    [
        (SignInRequired(Reason.INVALID_AUTH), True),
        (AppRefused(Reason.INVALID_CLIENT), True),
        (AppRefused(Reason.WRONG_SERVER), True),
        (Misconfigured(Reason.INVALID_REQUEST), False),
        (PermissionMissing(), False),
        (RetryLater(Reason.CANNOT_CONNECT), True),
    ],
)
def test_what_passes(error: RingCentralError, does_it: bool) -> None:
    """A request that was not even sent, for want of a sign-in, is made again once there is one."""
    assert passes(error) is does_it


class Broken(AccountListener):
    """A listener that always raises."""

    @override
    def presence_changed(self, *_: object) -> None:
        raise ValueError("broken")

    @override
    def account_live(self) -> None:
        raise ValueError("broken")

    @override
    def event_received(self, *_: object) -> None:
        raise KeyError("broken")


def test_a_listener_that_fails_costs_itself_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listeners, heard = Listeners(), Heard()
    remove = listeners.add(Broken())
    listeners.add(heard)
    for _ in range(3):
        listeners.presence_changed(
            PresenceChange(PRESENCE, PRESENCE, NO_CALLS, NO_CALLS, ())
        )
        listeners.call(lambda listener: listener.account_live())
    assert heard.said == ["presence", "live"] * 3
    assert listeners.failures == 6
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    remove()
    listeners.presence_changed(
        PresenceChange(PRESENCE, PRESENCE, NO_CALLS, NO_CALLS, ())
    )
    assert listeners.failures == 6


@pytest.mark.parametrize(
    ("path", "choices"),
    [
        ("*/presence/line", Choices(own=True, lines=True)),
        ("*/favorite", Choices(own=True, favorites=True)),
        ("*/account/~/extension", Choices(own=True, favorites=True)),
        ("*/account/~/extension", Choices(own=True, chosen=("place",))),
        ("*/account/~/extension", Choices(own=True, account=True)),
    ],
)
async def test_a_list_that_fails_at_the_start_is_read_later(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
    choices: Choices,
) -> None:
    """The other choices are followed at once, and all that it means once it can be read."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(members, "_READ_LATER", 0.01)
    monkeypatch.setattr(members, "_SETTLE", 0.01)
    place = emulator.ids(type="ParkLocation")[0]
    await emulator.set_lines([place])
    await emulator.set_favorites([place])
    choices = replace(choices, chosen=choices.chosen and (place,))
    emulator.faults.set(odd=[{"kind": "empty", "path": path, "status": 500}])
    async with listening(emulator, choices) as (account, heard):
        assert place not in account.extensions
        assert account.own.id in account.extensions
        assert not account.members_complete
        assert caplog.text.count("A list of extensions is left out") == 1
        emulator.faults.set(odd=[])
        while place not in account.extensions:
            await heard.until("members")
            heard.said.clear()
        assert account.members_complete


async def test_a_list_that_always_counts_more_than_it_has(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everyone on it is followed, and whoever is new, too, at once; nobody leaves by it."""
    monkeypatch.setattr(members, "_SETTLE", 0.01)
    monkeypatch.setattr(members, "_READ_LATER", 3_600.0)
    emulator.faults.set(
        odd=[
            {
                "kind": "set",
                "at": "paging.totalElements",
                "value": 999,
                "path": "*/account/~/extension",
            }
        ]
    )
    async with listening(emulator, Choices(account=True)) as (account, heard):
        before = set(account.extensions)
        assert emulator.own_extension_id in before
        assert not account.members_complete
        new = await emulator.add_extension("New")
        await heard.until("members")
        assert set(account.extensions) == before | {new}


async def test_half_a_list_is_read_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "_READ_LATER", 0.01)
    monkeypatch.setattr(members, "_SETTLE", 0.01)
    half = {"kind": "short_page", "path": "*/account/~/extension"}
    emulator.faults.set(odd=[{**half, "next": 2}])
    async with listening(emulator, Choices(account=True)) as (account, heard):
        some = set(account.extensions)
        assert some
        await heard.until("members")
        assert set(account.extensions) > some
        assert account.members_complete
