"""Stories of calls: what happens in an office, and the events that Home Assistant has to tell of it, no others.

The table is `STORIES`, below the few words that it is written in. Direction and queue of
an event are those that its attributes have; None stands for an attribute that is missing,
which is so where the account gives no details of calls.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed_exact

from custom_components.ringcentral.aioringcentral import durations, service_clock
from custom_components.ringcentral.const import (
    CALLER_HIDDEN,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    CONF_JWT,
)
from emulator import Emulator

from . import entry_for
from .stories import Story as Followed

# Who is in the stories.


class Who(StrEnum):
    """The cast: three members of a queue, a place where calls are parked, and one without calls."""

    OWN = "own"
    ANNA = "anna"
    BEN = "ben"
    PARK = "park"
    QUEUE = "queue"
    BELL = "bell"
    """Changes the user status now and then, so that all before it is known to be heard."""


OWN, ANNA, BEN, PARK, QUEUE, BELL = Who
FOLLOWED = (OWN, ANNA, BEN, PARK, BELL)


def cast(emulator: Emulator) -> dict[Who, str]:
    """Return the extension ids of all."""
    own, queue = emulator.own_extension_id, emulator.ids(type="Department")[0]
    members = [str(key) for key in emulator._service.account.members(int(queue))]
    users = [
        key
        for key in emulator.ids(type="User", status="Enabled")
        if emulator.truth()[key]["presenceStatus"] == "Available"
    ]
    anna, ben, *_ = (key for key in members if key != own and key in users)
    bell, *_ = (key for key in users if key not in members)
    park = emulator.ids(type="ParkLocation")[0]
    return dict(zip(Who, (own, anna, ben, park, queue, bell), strict=True))


@asynccontextmanager
async def following(
    hass: HomeAssistant,
    emulator: Emulator,
    extensions: Iterable[str] = (),
    *,
    follow: str = "chosen",
    caller_identity: str = CALLER_HIDDEN,
    jwt: str | None = None,
) -> AsyncIterator[Followed]:
    """Set up an entry that follows these extensions, the own one where none is named, and unload it."""
    chosen = list(extensions)
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, CONF_JWT: jwt or emulator.jwt},
        options={
            CONF_FOLLOW: follow.split() if chosen or follow != "chosen" else ["own"],
            CONF_EXTENSIONS: chosen,
            CONF_CALLER_IDENTITY: caller_identity,
        },
    )
    story = Followed(hass, emulator, entry)
    assert await hass.config_entries.async_setup(entry.entry_id), entry.reason
    await hass.async_block_till_done()
    yield story
    await story.leave()


class Clock:
    """Home Assistant's time, which a test moves on; the service keeps its own."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin now."""
        self._hass = hass
        self._ahead = timedelta()
        self._wrong_by = timedelta()
        self._patched = (
            patch.object(dt_util, "utcnow", self.now),
            patch.object(durations, "steady_clock", self.steady),
            patch.object(service_clock, "date_of", self.date_of),
        )

    def __enter__(self) -> Self:
        """Show this time."""
        for each in self._patched:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show the real time again."""
        for each in self._patched:
            each.stop()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self._ahead + self._wrong_by

    def date_of(self, _headers: object) -> datetime:
        """Return the time at the service, which is right."""
        return datetime.now(UTC) + self._ahead

    def steady(self) -> float:
        """Return what measures durations."""
        return self._hass.loop.time() + self._ahead.total_seconds()

    def step(self, seconds: float) -> None:
        """Put the clock right, or wrong; no time passes."""
        self._wrong_by += timedelta(seconds=seconds)

    async def move_on(self, seconds: float) -> None:
        """Let seconds pass; what is due by then happens."""
        self._ahead += timedelta(seconds=seconds)
        async_fire_time_changed_exact(self._hass, self.now() - self._wrong_by)
        await self._hass.async_block_till_done(wait_background_tasks=False)


# What happens.


@dataclass(frozen=True, slots=True)
class Plays:
    """The emulator plays words of a call script."""

    who: Who
    script: str
    name: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Says:
    """The service sends an event with exactly these fields, whatever is true."""

    who: Who
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """A user changes the own presence."""

    who: Who
    presence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reads:
    """Someone in Home Assistant asks for the presence."""

    who: Who


@dataclass(frozen=True, slots=True)
class Sets:
    """Someone in Home Assistant sets the presence."""

    who: Who
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Faults:
    """From now on the service is as these switches of the emulator say, and else as usual."""

    switches: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lost:
    """The socket is lost; these steps happen before there is another one."""

    steps: tuple[Step, ...]
    recoverable: bool
    code: int | None


@dataclass(frozen=True, slots=True)
class Behind:
    """The session is lost; these steps happen in a new one, before presence can be read again."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Away:
    """Home Assistant is away while these steps happen, and back after them."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The session ends, as when the user signs in too often elsewhere; these steps happen before the next."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Logs:
    """A member logs in to the queue or out of it."""

    who: Who
    takes_calls: bool


@dataclass(frozen=True, slots=True)
class Shows:
    """By now these entities of someone are so."""

    who: Who
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Later:
    """Time passes for Home Assistant."""

    seconds: float


type Step = (
    Plays
    | Says
    | Changes
    | Reads
    | Sets
    | Faults
    | Lost
    | Behind
    | Away
    | SignedOut
    | Logs
    | Shows
    | Later
)


def call(who: Who, script: str, name: str = "a", **options: Any) -> Plays:
    """Play a script; a call goes on under its name."""
    return Plays(who, script, name, options)


def say(who: Who, status: str, *calls: Mapping[str, Any], **fields: Any) -> Says:
    """Send a detailed event with this telephony status and these calls."""
    body = {"telephonyStatus": status, **fields}
    return Says(who, body | ({"activeCalls": list(calls)} if calls else {}))


def leg(
    status: str,
    number: str = "+14155550123",
    *,
    session: str = "500000000001",
    direction: str = "Inbound",
    over: bool = False,
    **fields: Any,
) -> dict[str, Any]:
    """Return an item of ``activeCalls``; a field of None is left out."""
    here = "+16505550102"
    inbound = direction == "Inbound"
    made = {
        "id": f"id{session}",
        "direction": direction,
        "queueCall": False,
        "from": number if inbound else here,
        "to": here if inbound else number,
        "telephonyStatus": status,
        "sessionId": session,
        "startTime": f"2026-11-24T10:00:{int(session) % 60:02}.000Z",
        "partyId": f"p-{session}-1",
        "telephonySessionId": f"s-{session}",
        **({"terminationType": "final"} if over else {}),
        **fields,
    }
    return {key: value for key, value in made.items() if value is not None}


def lost(*steps: Step, recoverable: bool = True, code: int | None = 1001) -> Lost:
    """Lose the socket; a recoverable session brings what happened meanwhile."""
    return Lost(steps, recoverable, code)


def behind(*steps: Step) -> Behind:
    """Lose the session, and let things happen in the next one before there is a snapshot."""
    return Behind(steps)


def away(*steps: Step) -> Away:
    """Unload, let things happen, and set up again."""
    return Away(steps)


def signed_out(*steps: Step) -> SignedOut:
    """End the session."""
    return SignedOut(steps)


def change(who: Who, **presence: Any) -> Changes:
    """Change presence that is no call."""
    return Changes(who, presence)


def log_in(who: Who) -> Logs:
    """Have a member take calls of the queue."""
    return Logs(who, takes_calls=True)


def log_out(who: Who) -> Logs:
    """Have a member take no calls of the queue."""
    return Logs(who, takes_calls=False)


def shows(who: Who, **states: str) -> Shows:
    """See that entities are so before the story goes on."""
    return Shows(who, states)


def faults(**switches: Any) -> Faults:
    """Let the service be different from now on."""
    return Faults(switches)


# What is heard of it.


class Heard(NamedTuple):
    """One event of a call."""

    who: str
    type: str
    direction: str | None
    queue_call: bool | None


def _heard(
    who: Who, types: str, direction: str | None, queue_call: bool | None
) -> list[Heard]:
    return [Heard(who, kind, direction, queue_call) for kind in types.split()]


def inbound(who: Who, types: str, *, queue: bool = False) -> list[Heard]:
    """Expect events of a call that came in."""
    return _heard(who, types, "inbound", queue)


def outbound(who: Who, types: str) -> list[Heard]:
    """Expect events of a call that went out."""
    return _heard(who, types, "outbound", False)


def unclear(who: Who, types: str) -> list[Heard]:
    """Expect events of a call of which nothing more is known."""
    return _heard(who, types, None, None)


NOTHING: list[Heard] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStory:
    """A story with its end: what was heard, in this order."""

    name: str
    steps: tuple[Step, ...]
    heard: tuple[list[Heard], ...]
    faults: Mapping[str, Any] = field(default_factory=dict)
    """How the service is, from before Home Assistant signs in."""
    follow: str = "chosen"
    also: tuple[Who, ...] = ()
    """Who is followed in this story alone."""


def story(
    name: str,
    *steps: Step,
    heard: tuple[list[Heard], ...] | list[Heard],
    follow: str = "chosen",
    also: tuple[Who, ...] = (),
    **switches: Any,
) -> CallStory:
    """Return a story; switches of the emulator hold from before Home Assistant signs in."""
    return CallStory(
        name=name,
        steps=steps,
        heard=heard if isinstance(heard, tuple) else (heard,),
        faults=switches,
        follow=follow,
        also=also,
    )


# The same call in two extensions.
_SESSION = "s-0123456789abcdef0123456789abcdef"
# Longer than the gap in which a ringing call may come back.
_GAP = Later(2.0)

SINGLE = (
    story(
        "an incoming call is taken, and ends",
        call(OWN, "ring answer hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "the caller gives up",
        call(OWN, "ring missed"),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "a call is rejected",
        call(OWN, "ring reject"),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "a call goes to voicemail",
        call(OWN, "ring voicemail"),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "a call that somebody else answers is missed here",
        call(OWN, "ring elsewhere"),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "a call goes out and is answered",
        call(OWN, "dial answer hangup"),
        heard=outbound(OWN, "dialing answered ended"),
    ),
    story(
        "a call goes out and nobody answers",
        call(OWN, "dial hangup"),
        heard=outbound(OWN, "dialing ended"),
    ),
    story(
        "a call is held and taken up again, twice",
        call(OWN, "ring answer hold resume hold resume hangup"),
        heard=inbound(OWN, "ringing answered held resumed held resumed ended"),
    ),
    story(
        "the caller hangs up on hold",
        call(OWN, "ring answer hold hangup"),
        heard=inbound(OWN, "ringing answered held ended"),
    ),
    story(
        "the caller waits on hold for an answer that was dialed",
        call(OWN, "dial answer hold resume hangup"),
        heard=outbound(OWN, "dialing answered held resumed ended"),
    ),
    story(
        "a call is transferred away",
        call(OWN, "ring answer transfer"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "one call after the other",
        call(OWN, "ring answer hangup", "a"),
        call(OWN, "ring missed", "b"),
        call(OWN, "dial hangup", "c"),
        heard=(
            inbound(OWN, "ringing answered ended ringing missed"),
            outbound(OWN, "dialing ended"),
        ),
    ),
)

PARALLEL = (
    story(
        "a second caller gives up while the first one talks",
        call(OWN, "ring answer", "a"),
        call(OWN, "ring missed", "b"),
        call(OWN, "hangup", "a"),
        heard=inbound(OWN, "ringing answered ringing missed ended"),
    ),
    story(
        "the first call waits while the second one is taken",
        call(OWN, "ring answer", "a"),
        call(OWN, "ring", "b"),
        call(OWN, "hold", "a"),
        call(OWN, "answer hangup", "b"),
        call(OWN, "resume hangup", "a"),
        heard=inbound(
            OWN, "ringing answered ringing held answered ended resumed ended"
        ),
    ),
    story(
        "two calls change places, in one event",
        call(OWN, "ring answer hold", "a"),
        call(OWN, "ring answer swap swap hangup", "b"),
        call(OWN, "hangup", "a"),
        heard=inbound(
            OWN,
            "ringing answered held ringing answered held resumed held resumed ended ended",
        ),
    ),
    story(
        "the first caller is transferred to the one who was dialed meanwhile",
        call(OWN, "ring answer hold", "a"),
        call(OWN, "dial answer", "b"),
        call(OWN, "transfer", "a"),
        call(OWN, "transfer", "b"),
        heard=(
            inbound(OWN, "ringing answered held"),
            outbound(OWN, "dialing answered"),
            inbound(OWN, "ended"),
            outbound(OWN, "ended"),
        ),
    ),
    story(
        "two phones at the same time",
        call(OWN, "ring"),
        call(ANNA, "dial"),
        call(OWN, "answer"),
        call(ANNA, "answer hold"),
        call(OWN, "hangup"),
        call(ANNA, "hangup"),
        heard=(
            inbound(OWN, "ringing"),
            outbound(ANNA, "dialing"),
            inbound(OWN, "answered"),
            outbound(ANNA, "answered held"),
            inbound(OWN, "ended"),
            outbound(ANNA, "ended"),
        ),
    ),
    story(
        "one calls the other",
        call(OWN, "dial", telephony_session_id=_SESSION),
        call(ANNA, "ring answer", telephony_session_id=_SESSION),
        call(OWN, "answer hangup"),
        call(ANNA, "hangup"),
        heard=(
            outbound(OWN, "dialing"),
            inbound(ANNA, "ringing answered"),
            outbound(OWN, "answered ended"),
            inbound(ANNA, "ended"),
        ),
    ),
    story(
        "a call that is not taken is forwarded to a colleague",
        call(OWN, "ring", telephony_session_id=_SESSION),
        call(OWN, "elsewhere"),
        call(ANNA, "ring answer hangup", telephony_session_id=_SESSION),
        heard=(
            inbound(OWN, "ringing missed"),
            inbound(ANNA, "ringing answered ended"),
        ),
    ),
    story(
        "a call rings at two, and one of them takes it",
        call(OWN, "ring", telephony_session_id=_SESSION),
        call(ANNA, "ring answer", telephony_session_id=_SESSION),
        call(OWN, "elsewhere"),
        call(ANNA, "hangup"),
        heard=(
            inbound(OWN, "ringing"),
            inbound(ANNA, "ringing answered"),
            inbound(OWN, "missed"),
            inbound(ANNA, "ended"),
        ),
    ),
    story(
        "a call is handed from one to the other",
        call(OWN, "ring answer", telephony_session_id=_SESSION),
        call(OWN, "transfer"),
        call(ANNA, "ring answer hangup", telephony_session_id=_SESSION),
        heard=(
            inbound(OWN, "ringing answered ended"),
            inbound(ANNA, "ringing answered ended"),
        ),
    ),
    story(
        "two calls begin and end, each pair in one event",
        say(OWN, "Ringing", leg("Ringing", session="1"), leg("Ringing", session="2")),
        say(
            OWN,
            "NoCall",
            leg("NoCall", session="1", over=True),
            leg("NoCall", session="2", over=True),
        ),
        say(OWN, "NoCall"),
        heard=inbound(OWN, "ringing ringing missed missed"),
    ),
    story(
        "one call ends in the event in which the next one rings",
        say(OWN, "CallConnected", leg("CallConnected", session="1")),
        say(
            OWN,
            "Ringing",
            leg("NoCall", session="1", over=True),
            leg("Ringing", "+14155550199", session="2"),
        ),
        say(OWN, "NoCall", leg("NoCall", "+14155550199", session="2", over=True)),
        heard=inbound(OWN, "answered ended ringing missed"),
    ),
    story(
        "nine calls ring at once, of which seven are listed",
        # Not in the same millisecond, as that is taken for the same call.
        *(call(OWN, "ring wait:0.003", f"call {number}") for number in range(9)),
        call(OWN, "answer", "call 8"),
        *(call(OWN, "missed", f"call {number}") for number in range(8)),
        call(OWN, "hangup", "call 8"),
        heard=(
            inbound(OWN, "ringing " * 9 + "answered"),
            # Two went without being listed: they may come back for a while.
            inbound(OWN, "missed " * 6 + "ended missed missed"),
        ),
    ),
)

QUEUES = (
    story(
        "a call of a queue rings at its members, and one of them takes it",
        call(QUEUE, "ring answer hangup", answered_by=ANNA),
        heard=(
            inbound(OWN, "ringing", queue=True),
            inbound(ANNA, "ringing", queue=True),
            inbound(BEN, "ringing", queue=True),
            inbound(OWN, "missed", queue=True),
            inbound(ANNA, "answered", queue=True),
            inbound(BEN, "missed", queue=True),
            inbound(ANNA, "ended", queue=True),
        ),
    ),
    story(
        "nobody takes a call of a queue",
        call(QUEUE, "ring missed"),
        heard=(
            inbound(OWN, "ringing", queue=True),
            inbound(ANNA, "ringing", queue=True),
            inbound(BEN, "ringing", queue=True),
            inbound(OWN, "missed", queue=True),
            inbound(ANNA, "missed", queue=True),
            inbound(BEN, "missed", queue=True),
        ),
    ),
    story(
        "a call of a queue does not ring where it is not taken",
        change(OWN, dndStatus="DoNotAcceptDepartmentCalls"),
        change(BEN, dndStatus="DoNotAcceptAnyCalls"),
        call(QUEUE, "ring answer hold resume hangup", answered_by=ANNA),
        heard=inbound(ANNA, "ringing answered held resumed ended", queue=True),
    ),
    story(
        "a call of a queue and a direct one at the same time",
        call(OWN, "ring answer", "direct"),
        call(OWN, "ring missed", "queue", queue_call=True),
        call(OWN, "hangup", "direct"),
        heard=(
            inbound(OWN, "ringing answered"),
            inbound(OWN, "ringing missed", queue=True),
            inbound(OWN, "ended"),
        ),
    ),
)

# What is told of the members while the queue tells, too.
_ALL_RING = (
    inbound(OWN, "ringing", queue=True),
    inbound(ANNA, "ringing", queue=True),
    inbound(BEN, "ringing", queue=True),
)

WAITING = (
    story(
        "a call waits in a queue until a member takes it",
        call(QUEUE, "ring"),
        shows(QUEUE, waiting_calls="1", members_available="3"),
        call(QUEUE, "answer", answered_by=ANNA),
        shows(QUEUE, waiting_calls="0", members_available="2", members_on_call="1"),
        call(ANNA, "hangup"),
        shows(QUEUE, members_available="3", members_on_call="0"),
        also=(QUEUE,),
        heard=(
            inbound(QUEUE, "ringing", queue=True),
            *_ALL_RING,
            inbound(QUEUE, "missed", queue=True),
            inbound(OWN, "missed", queue=True),
            inbound(ANNA, "answered", queue=True),
            inbound(BEN, "missed", queue=True),
            inbound(ANNA, "ended", queue=True),
        ),
    ),
    story(
        "whoever waits in a queue gives up",
        call(QUEUE, "ring"),
        shows(QUEUE, waiting_calls="1"),
        call(QUEUE, "abandoned"),
        shows(QUEUE, waiting_calls="0"),
        also=(QUEUE,),
        heard=(
            inbound(QUEUE, "ringing", queue=True),
            *_ALL_RING,
            inbound(QUEUE, "missed", queue=True),
            inbound(OWN, "missed", queue=True),
            inbound(ANNA, "missed", queue=True),
            inbound(BEN, "missed", queue=True),
        ),
    ),
    story(
        "two wait at once, one is taken and one gives up",
        call(QUEUE, "ring", "a", ring_members=False),
        call(QUEUE, "ring", "b", ring_members=False),
        shows(QUEUE, waiting_calls="2"),
        call(QUEUE, "answer", "b", answered_by=BEN),
        shows(QUEUE, waiting_calls="1", members_on_call="1"),
        call(QUEUE, "abandoned", "a", ring_members=False),
        shows(QUEUE, waiting_calls="0"),
        call(BEN, "hangup", "b"),
        also=(QUEUE,),
        heard=(
            inbound(QUEUE, "ringing ringing", queue=True),
            inbound(BEN, "ringing", queue=True),
            inbound(QUEUE, "missed", queue=True),
            inbound(BEN, "answered", queue=True),
            inbound(QUEUE, "missed", queue=True),
            inbound(BEN, "ended", queue=True),
        ),
    ),
    story(
        "a member logs out while a call waits, and the next one does not ring there",
        call(QUEUE, "ring", "a"),
        log_out(OWN),
        shows(QUEUE, waiting_calls="1", members_available="2"),
        call(QUEUE, "ring", "b"),
        shows(QUEUE, waiting_calls="2"),
        call(QUEUE, "abandoned", "a"),
        log_in(OWN),
        shows(QUEUE, waiting_calls="1", members_available="3"),
        call(QUEUE, "answer", "b", answered_by=ANNA),
        call(ANNA, "hangup", "b"),
        also=(QUEUE,),
        heard=(
            inbound(QUEUE, "ringing", queue=True),
            *_ALL_RING,
            inbound(QUEUE, "ringing", queue=True),
            inbound(ANNA, "ringing", queue=True),
            inbound(BEN, "ringing", queue=True),
            inbound(QUEUE, "missed", queue=True),
            inbound(OWN, "missed", queue=True),
            inbound(ANNA, "missed", queue=True),
            inbound(BEN, "missed", queue=True),
            inbound(QUEUE, "missed", queue=True),
            inbound(ANNA, "answered", queue=True),
            inbound(BEN, "missed", queue=True),
            inbound(ANNA, "ended", queue=True),
        ),
    ),
    story(
        "a call that waits while Home Assistant is away, and goes on after it",
        call(QUEUE, "ring", "before", ring_members=False),
        away(
            call(QUEUE, "ring", "meanwhile", ring_members=False),
            call(QUEUE, "abandoned", "before", ring_members=False),
            log_out(BEN),
        ),
        shows(QUEUE, waiting_calls="1", members_available="2"),
        call(QUEUE, "answer hangup", "meanwhile", answered_by=ANNA),
        also=(QUEUE,),
        heard=(
            inbound(QUEUE, "ringing", queue=True),
            inbound(ANNA, "ringing", queue=True),
            inbound(QUEUE, "missed", queue=True),
            inbound(ANNA, "answered ended", queue=True),
        ),
    ),
    story(
        "a call is taken from a queue while there is no connection",
        call(QUEUE, "ring", ring_members=False),
        lost(call(QUEUE, "answer", answered_by=BEN), log_out(ANNA), recoverable=False),
        shows(QUEUE, waiting_calls="0", members_available="1", members_on_call="1"),
        call(BEN, "hangup"),
        also=(QUEUE,),
        # A reading tells nothing.
        heard=(
            inbound(QUEUE, "ringing", queue=True),
            inbound(BEN, "ended", queue=True),
        ),
    ),
)

PARKED = (
    story(
        "a call is parked, and taken up again",
        call(OWN, "ring answer park retrieve hangup"),
        heard=(
            inbound(OWN, "ringing answered ended"),
            inbound(PARK, "parked ended"),
            inbound(OWN, "answered ended"),
        ),
    ),
    story(
        "a call is parked, and taken up by a colleague",
        call(OWN, "ring answer park"),
        call(ANNA, "retrieve hangup"),
        heard=(
            inbound(OWN, "ringing answered ended"),
            inbound(PARK, "parked ended"),
            inbound(ANNA, "answered ended"),
        ),
    ),
    story(
        "the caller hangs up while parked",
        call(OWN, "ring answer hold park"),
        call(PARK, "hangup"),
        heard=(
            inbound(OWN, "ringing answered held ended"),
            inbound(PARK, "parked ended"),
        ),
    ),
    story(
        "a call of a queue is parked",
        call(OWN, "ring answer park", queue_call=True),
        call(BEN, "retrieve hangup"),
        heard=(
            inbound(OWN, "ringing answered ended", queue=True),
            inbound(PARK, "parked ended", queue=True),
            inbound(BEN, "answered ended", queue=True),
        ),
    ),
    story(
        "presence of a park location is read, which knows of no calls",
        call(OWN, "ring answer park"),
        Reads(PARK),
        call(ANNA, "retrieve"),
        Reads(PARK),
        call(ANNA, "hangup"),
        heard=(
            inbound(OWN, "ringing answered ended"),
            inbound(PARK, "parked ended"),
            inbound(ANNA, "answered ended"),
        ),
    ),
    story(
        "the own phone shows the parked call",
        say(OWN, "CallConnected", leg("CallConnected")),
        say(OWN, "ParkedCall", leg("ParkedCall")),
        say(OWN, "CallConnected", leg("CallConnected")),
        say(OWN, "NoCall", leg("NoCall", over=True)),
        heard=inbound(OWN, "answered parked resumed ended"),
    ),
)

RING_OUT = (
    story(
        "a RingOut is one outgoing call, although it is listed as two",
        say(
            OWN,
            "Ringing",
            leg("Ringing", session="500000001000"),
            leg("Ringing", session="500000002000", direction="Outbound"),
        ),
        say(
            OWN,
            "CallConnected",
            leg("CallConnected", session="500000001000"),
            leg("CallConnected", session="500000002000", direction="Outbound"),
        ),
        say(
            OWN,
            "NoCall",
            leg("NoCall", session="500000001000", over=True),
            leg("NoCall", session="500000002000", direction="Outbound", over=True),
        ),
        say(OWN, "NoCall"),
        heard=outbound(OWN, "dialing answered ended"),
    ),
    story(
        "a RingOut first rings the own phone",
        say(OWN, "Ringing", leg("Ringing", session="500000001000")),
        say(
            OWN,
            "CallConnected",
            leg("CallConnected", session="500000001000"),
            leg("Ringing", session="500000002000", direction="Outbound"),
        ),
        say(
            OWN,
            "CallConnected",
            leg("CallConnected", session="500000001000"),
            leg("CallConnected", session="500000002000", direction="Outbound"),
        ),
        say(
            OWN,
            "NoCall",
            leg("NoCall", session="500000001000", over=True),
            leg("NoCall", session="500000002000", direction="Outbound", over=True),
        ),
        heard=(inbound(OWN, "ringing"), outbound(OWN, "answered ended")),
    ),
)

FLAPPING = (
    story(
        "a ringing call is gone for a moment",
        call(OWN, "ring"),
        say(OWN, "NoCall"),
        call(OWN, "answer hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "a ringing call is gone for a moment, and rings on",
        say(OWN, "Ringing", leg("Ringing")),
        say(OWN, "NoCall"),
        say(OWN, "Ringing", leg("Ringing")),
        say(OWN, "NoCall"),
        say(OWN, "Ringing", leg("Ringing")),
        say(OWN, "NoCall", leg("NoCall", over=True)),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "a ringing call is gone for a moment, in which presence is read",
        call(OWN, "ring"),
        say(OWN, "NoCall"),
        Reads(OWN),
        call(OWN, "missed"),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "a ringing call is gone for too long",
        say(OWN, "Ringing", leg("Ringing")),
        say(OWN, "NoCall"),
        _GAP,
        say(OWN, "Ringing", leg("Ringing")),
        say(OWN, "NoCall", leg("NoCall", over=True)),
        heard=inbound(OWN, "ringing missed ringing missed"),
    ),
    story(
        "a ringing call just disappears",
        say(OWN, "Ringing", leg("Ringing")),
        say(OWN, "NoCall"),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "a connected call just disappears",
        say(OWN, "CallConnected", leg("CallConnected")),
        say(OWN, "NoCall"),
        heard=inbound(OWN, "answered ended"),
    ),
    story(
        "a first leg ends, and a second one of the call rings on",
        call(OWN, "ring elsewhere", "first leg", telephony_session_id=_SESSION),
        call(OWN, "ring answer hangup", "second leg", telephony_session_id=_SESSION),
        heard=inbound(OWN, "ringing missed ringing answered ended"),
    ),
    story(
        "another device of the same user takes the call",
        say(OWN, "Ringing", leg("Ringing")),
        say(
            OWN,
            "CallConnected",
            leg("NoCall", terminationType="intermediate"),
            leg("CallConnected", partyId="p-500000000001-7", id="other"),
        ),
        say(OWN, "NoCall", leg("NoCall", over=True, partyId="p-500000000001-7")),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "a call moves to another phone of the same user",
        say(OWN, "CallConnected", leg("CallConnected")),
        say(OWN, "CallConnected", leg("CallConnected", partyId="p-500000000001-7")),
        say(OWN, "OnHold", leg("OnHold", partyId="p-500000000001-7")),
        say(OWN, "NoCall", leg("NoCall", over=True, partyId="p-500000000001-7")),
        heard=inbound(OWN, "answered held ended"),
    ),
    story(
        "the same caller rings twice in a row",
        call(OWN, "ring missed", "a", from_="+14155550123"),
        call(OWN, "ring missed", "b", from_="+14155550123"),
        heard=inbound(OWN, "ringing missed ringing missed"),
    ),
)

RESTARTED = (
    story(
        "Home Assistant restarts while it rings",
        call(OWN, "ring"),
        away(),
        call(OWN, "answer hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "Home Assistant restarts in mid-call",
        call(OWN, "ring answer"),
        away(),
        call(OWN, "hold resume hangup"),
        heard=inbound(OWN, "ringing answered held resumed ended"),
    ),
    story(
        "a call is missed while Home Assistant is away",
        call(OWN, "ring"),
        away(call(OWN, "missed")),
        heard=inbound(OWN, "ringing"),
    ),
    story(
        "a whole call happens while Home Assistant is away",
        away(call(OWN, "ring answer hangup")),
        heard=NOTHING,
    ),
    story(
        "a call is there when Home Assistant comes back",
        away(call(OWN, "ring answer")),
        call(OWN, "hangup"),
        heard=inbound(OWN, "ended"),
    ),
    story(
        "it rings when Home Assistant comes back, and nobody answers",
        away(call(OWN, "ring")),
        call(OWN, "missed"),
        heard=inbound(OWN, "missed"),
    ),
    story(
        "it is being dialed when Home Assistant comes back",
        away(call(OWN, "dial")),
        call(OWN, "answer hangup"),
        heard=outbound(OWN, "answered ended"),
    ),
    story(
        "two calls are there when Home Assistant comes back",
        away(call(OWN, "ring answer hold", "a"), call(OWN, "ring answer", "b")),
        call(OWN, "swap hangup", "a"),
        call(OWN, "resume hangup", "b"),
        heard=inbound(OWN, "held resumed ended resumed ended"),
    ),
    story(
        "another call is there when Home Assistant comes back",
        call(OWN, "ring answer", "a"),
        away(call(OWN, "hangup", "a"), call(OWN, "ring answer", "b")),
        call(OWN, "hangup", "b"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
)

DISCONNECTED = (
    story(
        "the socket is lost in mid-call, and what happened meanwhile comes late",
        call(OWN, "ring answer"),
        lost(call(OWN, "hold resume hangup")),
        heard=inbound(OWN, "ringing answered held resumed ended"),
    ),
    story(
        "a whole call happens while the socket is lost, and comes late",
        lost(call(OWN, "ring answer hangup"), code=None),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "the socket is lost with its session, and the call goes on",
        call(OWN, "ring answer"),
        lost(recoverable=False),
        call(OWN, "hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "the socket is lost with its session, and the call ends meanwhile",
        call(OWN, "ring answer"),
        lost(call(OWN, "hangup"), recoverable=False),
        heard=inbound(OWN, "ringing answered"),
    ),
    story(
        "the socket is lost with its session, and ringing ends meanwhile",
        call(OWN, "ring"),
        lost(call(OWN, "missed"), recoverable=False),
        heard=inbound(OWN, "ringing"),
    ),
    story(
        "the socket is lost with its session, and the call is answered meanwhile",
        call(OWN, "ring"),
        lost(call(OWN, "answer"), recoverable=False),
        call(OWN, "hangup"),
        heard=inbound(OWN, "ringing ended"),
    ),
    story(
        "the socket is lost with its session, and another call comes meanwhile",
        call(OWN, "ring answer", "a"),
        lost(
            call(OWN, "hangup", "a"), call(OWN, "ring answer", "b"), recoverable=False
        ),
        call(OWN, "hangup", "b"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "calls change in a new session before presence was read",
        call(OWN, "ring"),
        behind(call(OWN, "answer"), call(ANNA, "ring", "b"), call(BEN, "dial hangup")),
        call(OWN, "hangup"),
        call(ANNA, "answer hangup", "b"),
        heard=(
            inbound(OWN, "ringing ended"),
            inbound(ANNA, "answered ended"),
        ),
    ),
    story(
        "the socket is lost again and again during one call",
        lost(call(OWN, "ring")),
        lost(call(OWN, "answer"), code=None),
        lost(call(OWN, "hold")),
        lost(call(OWN, "resume")),
        lost(call(OWN, "hangup"), code=None),
        heard=inbound(OWN, "ringing answered held resumed ended"),
    ),
    story(
        "the sign-in ends in mid-call",
        call(OWN, "ring answer"),
        signed_out(),
        call(OWN, "hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "the sign-in ends, and the call with it",
        call(OWN, "ring answer"),
        signed_out(call(OWN, "hangup")),
        call(ANNA, "ring missed"),
        heard=(inbound(OWN, "ringing answered"), inbound(ANNA, "ringing missed")),
    ),
    story(
        "ringing is gone when the socket is lost, and back when it is there again",
        say(OWN, "Ringing", leg("Ringing")),
        say(OWN, "NoCall"),
        lost(recoverable=False),
        _GAP,
        heard=inbound(OWN, "ringing missed"),
    ),
)

DISORDERED = (
    story(
        "every event comes twice",
        call(OWN, "ring answer hold resume hangup"),
        duplicate=1.0,
        heard=inbound(OWN, "ringing answered held resumed ended"),
    ),
    story(
        "an event is overtaken by the next one",
        call(OWN, "ring"),
        faults(reorder_next=1),
        call(OWN, "answer hold"),
        call(OWN, "resume hangup"),
        heard=inbound(OWN, "ringing held resumed ended"),
    ),
    story(
        "holding a call is overtaken by taking it up again",
        call(OWN, "ring answer"),
        faults(reorder_next=1),
        call(OWN, "hold resume"),
        call(OWN, "hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "the answer is overtaken by the end of the call",
        call(OWN, "ring"),
        faults(reorder_next=1),
        call(OWN, "answer hangup"),
        heard=inbound(OWN, "ringing missed"),
    ),
    story(
        "the end of a call is overtaken by the next call",
        call(OWN, "ring answer", "a"),
        faults(reorder_next=1),
        call(OWN, "hangup", "a"),
        call(OWN, "ring missed", "b"),
        heard=inbound(OWN, "ringing answered ended ringing missed"),
    ),
    story(
        "an event is lost in mid-call",
        call(OWN, "ring answer"),
        faults(drop_next=1),
        call(OWN, "hold"),
        call(OWN, "resume hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "the end of a call is lost, and the next one rings",
        call(OWN, "ring answer", "a"),
        faults(drop_next=1),
        call(OWN, "hangup", "a"),
        call(OWN, "ring missed", "b"),
        heard=inbound(OWN, "ringing answered ended ringing missed"),
    ),
    story(
        "events come late, all of them",
        call(OWN, "ring answer hangup"),
        delay=0.05,
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "a hang-up comes as two events",
        call(OWN, "ring answer hangup", "a"),
        call(OWN, "ring missed", "b"),
        hangup_as_two=True,
        heard=inbound(OWN, "ringing answered ended ringing missed"),
    ),
)

DETAILS_MISSING = (
    story(
        "an account without details of calls",
        call(OWN, "ring answer hold resume hangup"),
        follow="account",
        account_detailed_calls=False,
        heard=unclear(OWN, "ringing answered held resumed ended"),
    ),
    story(
        "without details a call that nobody takes just ends",
        call(OWN, "ring missed"),
        follow="account",
        account_detailed_calls=False,
        heard=unclear(OWN, "ringing ended"),
    ),
    story(
        "without details a call that goes out looks like one that comes in",
        call(OWN, "dial answer hangup"),
        follow="account",
        account_detailed_calls=False,
        heard=unclear(OWN, "ringing answered ended"),
    ),
    story(
        "without details a second call is not seen behind the first",
        call(OWN, "ring answer", "a"),
        call(OWN, "ring missed", "b"),
        call(OWN, "hangup", "a"),
        follow="account",
        account_detailed_calls=False,
        heard=unclear(OWN, "ringing answered ended"),
    ),
    story(
        "without details ringing may be gone for a moment",
        call(OWN, "ring missed", "a"),
        call(OWN, "ring answer hangup", "b"),
        follow="account",
        account_detailed_calls=False,
        heard=unclear(OWN, "ringing answered ended"),
    ),
    story(
        "a restart in mid-call without details: the call is known from reading it",
        call(OWN, "ring answer"),
        away(),
        call(OWN, "hold hangup"),
        follow="account",
        account_detailed_calls=False,
        heard=(unclear(OWN, "ringing answered"), inbound(OWN, "held ended")),
    ),
    story(
        "without details reading presence brings them, and tells nothing by itself",
        call(OWN, "ring"),
        Reads(OWN),
        call(OWN, "answer"),
        Reads(OWN),
        call(OWN, "hold resume hangup"),
        Reads(OWN),
        follow="account",
        account_detailed_calls=False,
        heard=(
            unclear(OWN, "ringing"),
            inbound(OWN, "answered held resumed ended"),
        ),
    ),
    story(
        "without details setting presence in mid-call tells nothing",
        call(OWN, "dial"),
        Sets(OWN, {"user_status": "busy"}),
        call(OWN, "answer"),
        Sets(OWN, {"dnd_status": "do_not_accept_any_calls"}),
        call(OWN, "hangup"),
        follow="account",
        account_detailed_calls=False,
        heard=unclear(OWN, "ringing answered ended"),
    ),
    story(
        "the same call comes with details and without",
        call(OWN, "ring", "a"),
        call(OWN, "answer hold", "a"),
        call(OWN, "ring missed", "b"),
        call(OWN, "resume hangup", "a"),
        call(ANNA, "ring missed", "b"),
        follow="own account",
        account_detailed_calls=False,
        heard=(
            inbound(OWN, "ringing answered held ringing missed resumed ended"),
            unclear(ANNA, "ringing ended"),
        ),
    ),
    story(
        "the same call comes over two filters",
        call(OWN, "ring answer hold resume hangup"),
        call(OWN, "dial hangup", "b"),
        follow="own account chosen",
        heard=(
            inbound(OWN, "ringing answered held resumed ended"),
            outbound(OWN, "dialing ended"),
        ),
    ),
    story(
        "events leave the calls out",
        call(OWN, "ring answer hangup"),
        omit=["activeCalls", "totalActiveCalls"],
        heard=unclear(OWN, "ringing answered ended"),
    ),
    story(
        "events leave the telephony status out",
        call(OWN, "ring answer hold resume hangup"),
        omit=["telephonyStatus"],
        heard=inbound(OWN, "ringing answered held resumed ended"),
    ),
    story(
        "events hold what changed alone",
        call(OWN, "ring answer hold resume hangup"),
        partial_bodies=True,
        heard=inbound(OWN, "ringing answered held resumed ended"),
    ),
    story(
        "calls have no direction",
        say(OWN, "Ringing", leg("Ringing", direction="Inbound") | {"direction": "?"}),
        say(OWN, "CallConnected", leg("CallConnected") | {"direction": "?"}),
        say(OWN, "NoCall", leg("NoCall", over=True) | {"direction": "?"}),
        heard=_heard(OWN, "ringing answered ended", None, False),
    ),
    story(
        "calls have few fields, as years ago",
        *(
            say(
                OWN,
                status,
                {
                    "id": "d3",
                    "direction": "Inbound",
                    "from": "+14155550123",
                    "to": "+16505550102",
                    "telephonyStatus": status,
                    "sessionId": "500000000001",
                },
            )
            for status in ("Ringing", "CallConnected", "NoCall")
        ),
        heard=_heard(OWN, "ringing answered ended", "inbound", None),
    ),
    story(
        "a conference is one call without a session",
        *(
            say(
                OWN,
                status,
                leg(
                    status,
                    "conference",
                    direction="Outbound",
                    session="0",
                    id="conference",
                    over=status == "NoCall",
                ),
            )
            for status in ("CallConnected", "OnHold", "CallConnected", "NoCall")
        ),
        heard=outbound(OWN, "answered held resumed ended"),
    ),
    story(
        "ids are text",
        call(OWN, "ring answer hangup"),
        string_ids=True,
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "there are fields that nobody knows, and lists without calls",
        call(OWN, "ring answer hangup"),
        extra_fields=True,
        new_fields=True,
        new_call_handling=True,
        empty_active_calls="list",
        always_telephony_status=True,
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "events of everyone come under the address of the filter",
        call(OWN, "ring answer hangup"),
        call(BEN, "dial hangup"),
        follow="account",
        event_uri="filter",
        heard=(inbound(OWN, "ringing answered ended"), outbound(BEN, "dialing ended")),
    ),
    story(
        "a call is in a state that nobody knows, in between",
        call(OWN, "ring"),
        faults(unknown_enums=["telephonyStatus"]),
        call(OWN, "answer hold"),
        faults(),
        call(OWN, "resume hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
)

NO_CALL = (
    story(
        "presence, do-not-disturb and a meeting are no calls",
        change(OWN, userStatus="Busy"),
        change(OWN, dndStatus="DoNotAcceptAnyCalls"),
        change(OWN, meetingStatus="Connected"),
        change(OWN, meetingStatus="Disconnected", userStatus="Available"),
        heard=NOTHING,
    ),
    story(
        "presence that changes in mid-call tells the call no second time",
        call(OWN, "ring"),
        change(OWN, userStatus="Busy"),
        call(OWN, "answer"),
        change(OWN, meetingStatus="Connected"),
        change(OWN, dndStatus="DoNotAcceptAnyCalls"),
        call(OWN, "hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "presence that is read in mid-call tells nothing, and hides nothing",
        call(OWN, "ring"),
        Reads(OWN),
        call(OWN, "answer"),
        Reads(OWN),
        call(OWN, "hangup"),
        Reads(OWN),
        heard=inbound(OWN, "ringing answered ended"),
    ),
    story(
        "presence that is set in mid-call, whose answer has no details",
        call(OWN, "ring answer hold", "a"),
        call(OWN, "ring answer", "b"),
        Sets(OWN, {"dnd_status": "do_not_accept_any_calls"}),
        call(OWN, "ring", "c"),
        Sets(OWN, {"user_status": "busy", "message": "On the phone"}),
        call(OWN, "missed", "c"),
        Sets(OWN, {"dnd_status": "take_all_calls"}),
        call(OWN, "hangup", "b"),
        call(OWN, "resume hangup", "a"),
        heard=inbound(
            OWN,
            "ringing answered held ringing answered ringing missed ended resumed ended",
        ),
    ),
    story(
        "presence that is read in place of an event that is lost",
        call(OWN, "ring"),
        faults(drop_next=1),
        call(OWN, "answer"),
        Reads(OWN),
        call(OWN, "hangup"),
        heard=inbound(OWN, "ringing answered ended"),
    ),
)

STORIES = (
    *SINGLE,
    *PARALLEL,
    *QUEUES,
    *WAITING,
    *PARKED,
    *RING_OUT,
    *FLAPPING,
    *RESTARTED,
    *DISCONNECTED,
    *DISORDERED,
    *DETAILS_MISSING,
    *NO_CALL,
)
