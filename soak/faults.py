"""What goes wrong, by kind: each makes it happen, and returns when it is over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
import random
from typing import Any, Final

from .world import World

type Fault = Callable[[World, random.Random], Awaitable[None]]

# More than the emulator's idle time, in its own seconds.
_IDLE: Final = 1_801
# Seconds that a client waits where a 429 does not say how long.
_UNTOLD: Final = 60.0
_GROUPS: Final = ("Light", "Medium", "Heavy", "Auth")
_PATHS: Final = (
    "*",
    "*/presence",
    "*/oauth/token",
    "*/oauth/wstoken",
    "*/extension*",
    "*/subscription",
)
# Texts that are no proper frames.
_GARBAGE: Final = (
    {"text": "garbage"},
    {"text": "[]"},
    {"text": '[{"type": "Error", "status": 500}, {"errorCode": "WSG-500"}]'},
    {"text": '[{"type": "SomethingNew", "messageId": "1"}, {}]'},
    {"binary": "00ff"},
)


# Sockets that are lost, and whose session can be recovered.


async def _drop(world: World, chance: random.Random) -> None:
    await world.disconnect(chance.choice((1001, 1011)))


async def _cut(world: World, _chance: random.Random) -> None:
    await world.disconnect(None)


async def _idle_end(world: World, _chance: random.Random) -> None:
    await world.emulator.post("clock", advance=_IDLE)


async def _access_expired(world: World, _chance: random.Random) -> None:
    await world.emulator.post("tokens", action="expire_access")


# Connections that are lost for good, or hard to make again.


async def _drop_for_good(world: World, chance: random.Random) -> None:
    await world.disconnect(chance.choice((1001, None)), recoverable=False)


async def _recovery_refused(world: World, chance: random.Random) -> None:
    code = chance.choice(("fail", "WSG-1003", "WSG-1005"))
    async with world.switched(recovery=code):
        await world.disconnect(None)
        await asyncio.sleep(2)


async def _ticket_refused(world: World, chance: random.Random) -> None:
    error = chance.choice(
        (
            {"status": 503, "code": "CMN-201", "next": 2},
            {"status": 401, "code": "OAU-213", "next": 1},
        )
    )
    async with world.switched(wstoken_error=error):
        await world.disconnect(None)
        await asyncio.sleep(3)


async def _connection_error(world: World, chance: random.Random) -> None:
    async with world.switched(connection_error=chance.randint(1, 2)):
        await world.disconnect(None)
        await asyncio.sleep(3)


async def _subscribe_reply_lost(world: World, _chance: random.Random) -> None:
    async with world.switched(lose_subscribe_replies=1):
        await world.disconnect(None, recoverable=False)
        await asyncio.sleep(1)


async def _silence(world: World, chance: random.Random) -> None:
    """The line is half open: nothing arrives, and no error either."""
    async with world.switched(silent_sockets=True):
        await asyncio.sleep(chance.uniform(2, 10))
    # Unsent events wait for a recovery; the old socket would never bring them.
    await world.disconnect(None)


async def _service_gone(world: World, chance: random.Random) -> None:
    """The service restarts, and has forgotten sign-ins and newcomers."""
    await world.service_gone(chance.uniform(1, 5))


# Sign-ins.


async def _revoked(world: World, _chance: random.Random) -> None:
    await world.emulator.post("tokens", action="revoke")


async def _superseded(world: World, _chance: random.Random) -> None:
    await world.emulator.post("tokens", action="supersede")


async def _refresh_expired(world: World, _chance: random.Random) -> None:
    await world.emulator.post("tokens", action="expire_refresh")
    await world.emulator.post("tokens", action="expire_access")


# Requests.


async def _refused(world: World, chance: random.Random) -> None:
    """The service answers 429, usually with the time to wait."""
    group = chance.choice(_GROUPS)
    told = chance.random() < 0.9
    fault = {"next": chance.randint(1, 3), "retry_after": told}
    async with world.switched(http_429={group: fault}):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(3)
    if not told:
        await asyncio.sleep(_UNTOLD)


async def _penalty(world: World, chance: random.Random) -> None:
    """Other programs use the same app: little budget is left, and the penalty is real."""
    async with world.switched(rate_limits={chance.choice(_GROUPS): 1}):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(chance.uniform(2, 5))


async def _server_errors(world: World, chance: random.Random) -> None:
    error: dict[str, Any] = {
        "path": chance.choice(_PATHS),
        "status": chance.choice((500, 502, 503, 408)),
        "body": chance.choice(("json", "html", "empty")),
        "next": chance.randint(1, 3),
        "retry_after": chance.choice((None, None, 2)),
    }
    async with world.switched(http_5xx=[error]):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(3)


async def _slow_replies(world: World, chance: random.Random) -> None:
    async with world.switched(reply_delay=chance.uniform(0.5, 2)):
        await world.disconnect(1001, recoverable=chance.random() < 0.5)
        await asyncio.sleep(4)


# Events. Disorder and partial bodies are not mixed: what only an overtaken event told
# is lost then, and nobody can ask for it.


async def _reordered(world: World, _chance: random.Random) -> None:
    async with world.switched(reorder=0.3, partial_bodies=False):
        await asyncio.sleep(4)


async def _duplicated(world: World, _chance: random.Random) -> None:
    async with world.switched(duplicate=0.5):
        await asyncio.sleep(3)


async def _delayed(world: World, chance: random.Random) -> None:
    async with world.switched(delay=chance.uniform(0.1, 1)):
        await asyncio.sleep(4)


async def _partial(world: World, _chance: random.Random) -> None:
    async with world.switched(partial_bodies=True):
        await asyncio.sleep(4)


async def _unknown_words(world: World, chance: random.Random) -> None:
    """The service sends unknown words about somebody, and known ones later."""
    who = world.somebody(chance)
    words = ("telephonyStatus", "presenceStatus", "userStatus", "dndStatus")
    body = {"extensionId": who, **dict.fromkeys(words, "SomethingNew")}
    await world.emulator.post("deliver", extension_id=who, body=body)
    await asyncio.sleep(1)
    async with world.switched(always_telephony_status=True, partial_bodies=False):
        await world.speak(who)


async def _garbage(world: World, chance: random.Random) -> None:
    await world.emulator.post("frame", **chance.choice(_GARBAGE))


# Odd answers.

# Kinds of odd answers by what asks for them. None makes a list that reads well and is wrong: the soak
# compares with what there is, and two readings that agree are believed.
_ODD_REPLIES: Final = (
    "empty",
    "null",
    "list",
    "object",
    "text",
    "html",
    "truncated",
    "not_utf8",
    "nested",
    "content_type",
    "headers",
    "error",
    "lost",
    "cut",
    "redirect",
)
_ODD_FRAMES: Final = (
    "types",
    "nulls",
    "numbers",
    "times",
    "words",
    "texts",
    "calls",
    "no_status",
    "odd_status",
    "other_type",
    "other_id",
    "no_id",
    "no_meta",
    "no_body",
    "not_a_list",
    "empty_frame",
    "binary",
    "twice",
    "truncated",
    "nested",
)


async def _odd_replies(world: World, chance: random.Random) -> None:
    """A connection is made while replies of all paths are odd."""
    odd = [
        {"kind": kind, "path": chance.choice(_PATHS), "next": chance.randint(1, 2)}
        for kind in chance.sample(_ODD_REPLIES, k=3)
    ]
    async with world.switched(odd=odd):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(4)


async def _odd_presence(world: World, chance: random.Random) -> None:
    """Presence is read, and its values are odd."""
    kinds = ("types", "nulls", "numbers", "times", "words", "texts", "calls")
    odd = [
        {"kind": kind, "path": "*/presence", "next": 1}
        for kind in chance.sample(kinds, k=3)
    ]
    async with world.switched(odd=odd):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(4)


async def _odd_events(world: World, chance: random.Random) -> None:
    odd = [
        {"kind": kind, "on": "event", "next": 10}
        for kind in chance.sample(_ODD_FRAMES, k=4)
    ]
    async with world.switched(odd=odd):
        await asyncio.sleep(4)


async def _odd_frames(world: World, chance: random.Random) -> None:
    odd = [
        {"kind": kind, "on": chance.choice(("socket", "details", "heartbeat"))}
        | {"next": 1}
        for kind in chance.sample(_ODD_FRAMES, k=4)
    ]
    async with world.switched(odd=odd):
        await world.disconnect(None, recoverable=chance.random() < 0.5)
        await asyncio.sleep(4)


async def _odd_limits(world: World, _chance: random.Random) -> None:
    async with world.switched(odd=[{"kind": "headers", "next": 20}]):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(3)


async def _maintenance(world: World, chance: random.Random) -> None:
    code = chance.choice(("CMN-211", "MaintenanceMode"))
    async with world.switched(maintenance={"code": code, "retry_after": 2}):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(3)


async def _new_tokens_unknown(world: World, _chance: random.Random) -> None:
    """A new token is not known everywhere at once."""
    async with world.switched(new_tokens_refused=2):
        await world.emulator.post("tokens", action="revoke")
        await asyncio.sleep(4)


async def _permission_lost(world: World, chance: random.Random) -> None:
    """A permission is taken away, and given back."""
    name = chance.choice(("ReadPresence", "SubscriptionWebSocket"))
    async with world.switched(permissions_removed=[name]):
        await world.disconnect(1001, recoverable=False)
        await asyncio.sleep(4)


# Members.


async def _added(world: World, _chance: random.Random) -> None:
    await world.add()


async def _removed(world: World, chance: random.Random) -> None:
    await world.remove(chance)


async def _disabled(world: World, chance: random.Random) -> None:
    await world.disable_or_enable(chance)


async def _renamed(world: World, chance: random.Random) -> None:
    await world.rename(world.somebody(chance))


# Home Assistant.


async def _reloaded(world: World, _chance: random.Random) -> None:
    await world.reload()


async def _restarted(world: World, _chance: random.Random) -> None:
    await world.restart_hass()


RESTART: Final = "home_assistant_restarted"
PERMISSION: Final = "permission_lost"
ODD: Final = (
    "odd_replies",
    "odd_presence",
    "odd_events",
    "odd_frames",
    "odd_limits",
    "maintenance",
    "new_tokens_unknown",
)
RECOVERABLE: Final = ("drop", "cut", "idle_end", "access_token_expired")
FAULTS: Final[Mapping[str, Fault]] = {
    "drop": _drop,
    "cut": _cut,
    "idle_end": _idle_end,
    "access_token_expired": _access_expired,
    "drop_for_good": _drop_for_good,
    "recovery_refused": _recovery_refused,
    "ticket_refused": _ticket_refused,
    "connection_error": _connection_error,
    "subscribe_reply_lost": _subscribe_reply_lost,
    "silence": _silence,
    "service_gone": _service_gone,
    "tokens_revoked": _revoked,
    "sign_ins_superseded": _superseded,
    "refresh_token_expired": _refresh_expired,
    "refused_429": _refused,
    "penalty": _penalty,
    "server_errors": _server_errors,
    "slow_replies": _slow_replies,
    "events_reordered": _reordered,
    "events_duplicated": _duplicated,
    "events_delayed": _delayed,
    "events_partial": _partial,
    "unknown_words": _unknown_words,
    "garbage_frames": _garbage,
    "extension_added": _added,
    "extension_removed": _removed,
    "extension_disabled": _disabled,
    "extension_renamed": _renamed,
    "odd_replies": _odd_replies,
    "odd_presence": _odd_presence,
    "odd_events": _odd_events,
    "odd_frames": _odd_frames,
    "odd_limits": _odd_limits,
    "maintenance": _maintenance,
    "new_tokens_unknown": _new_tokens_unknown,
    PERMISSION: _permission_lost,
    "entry_reloaded": _reloaded,
    RESTART: _restarted,
}
