"""Whatever the service answers is a value or one of four errors: nothing else gets through."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given, strategies as st

from aioringcentral.calls.reducer import advance, resync
from aioringcentral.calls.state import Calls
from aioringcentral.error_codes import VERDICTS, error_from_reply
from aioringcentral.errors import RingCentralError
from aioringcentral.filters import (
    EVERYONE,
    OWN,
    disabled_filters,
    named_extensions,
    named_filters,
)
from aioringcentral.http import Reply
from aioringcentral.membership import Follow, following, read_lists
from aioringcentral.models import Event, Extension, Presence
from aioringcentral.presence import update_from_event
from aioringcentral.presence_store import PresenceStore
from aioringcentral.rest import Rest
from aioringcentral.snapshot import SnapshotReader
from aioringcentral.suspects import Suspects

from .test_rest import rest_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
# East and west of all there are.
ZONES = (timezone(timedelta(hours=14)), timezone(-timedelta(hours=12)))

WORDS = st.sampled_from(
    [
        *("1", "7", "~", "", "NoCall", "Ringing", "OnHold", "final", "Inbound"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-12:00", "\x00", "a,b"),
        *(OWN, EVERYONE, *VERDICTS),
    ]
)
NUMBERS = st.sampled_from([0, 1, 7, -1, 200, 403, 2**31, 2**63, 10**30, 1e308, -0.5])
KEYS = st.sampled_from(
    [
        *("records", "paging", "navigation", "nextPage", "totalElements", "totalPages"),
        *("page", "id", "extension", "extensions", "extensionId", "account", "type"),
        *("name", "status", "body", "resourceId", "permissions", "admin", "contactId"),
        *("telephonyStatus", "presenceStatus", "dndStatus", "userStatus", "message"),
        *("activeCalls", "totalActiveCalls", "sequence", "startTime", "sessionId"),
        *("telephonySessionId", "partyId", "direction", "terminationType", "from"),
        *("uri", "ws_access_token", "expires_in", "access_token", "refresh_token"),
        *("errors", "errorCode", "error", "permissionName", "parameterValue"),
        *("disabledFilters", "filter", "reason", "eventFilters", "scope"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=30,
)

CALLS: dict[str, Callable[[Rest], Awaitable[object]]] = {
    "own_extension": lambda rest: rest.own_extension(),
    "extensions": lambda rest: rest.extensions(),
    "presence": lambda rest: rest.presence(),
    "presences": lambda rest: rest.presences(["1", "7", "8"]),
    "account_presences": lambda rest: rest.account_presences(),
    "monitored_lines": lambda rest: rest.monitored_lines(),
    "favorites": lambda rest: rest.favorites(),
    "own_queues": lambda rest: rest.own_queues(),
    "take_queue_calls": lambda rest: rest.take_queue_calls("7", takes=True),
    "queue_members": lambda rest: rest.queue_members("7"),
    "update_presence": lambda rest: rest.update_presence("7", message="x"),
    "ticket": lambda rest: rest.ticket(),
    "lists": lambda rest: read_lists(rest, Extension(id="7"), list(Follow)),
    "snapshot": lambda rest: SnapshotReader(rest).read([str(n) for n in range(40)]),
}


@given(st.sampled_from(sorted(CALLS)), st.lists(JSON, min_size=1, max_size=3))
async def test_replies(name: str, bodies: list[Any]) -> None:
    rest, _ = rest_of(*bodies)
    try:
        result: Any = await CALLS[name](rest)
    except RingCentralError:
        return
    if name == "lists":
        following(list(Follow), ("1",), result)


@given(JSON, st.integers(0, 999), st.dictionaries(KEYS, st.text(), max_size=3))
def test_refusals(body: Any, status: int, headers: dict[str, str]) -> None:
    error = error_from_reply(status, body, headers)
    assert isinstance(error, RingCentralError)
    asked = (OWN, EVERYONE)
    named_filters(asked, body)
    disabled_filters(asked, body)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=12), min_size=1, max_size=6))
def test_events(bodies: list[dict[str, Any]]) -> None:
    """What comes of an event can be ordered, shown in every time zone and compared."""
    store, suspects, calls = PresenceStore(), Suspects(), Calls()
    store.follow(["1", "7"])
    for count, body in enumerate(bodies):
        named_extensions(body)
        update = update_from_event(Event(uri=EVERYONE, body=body))
        if update is None:
            continue
        store.apply(update)
        if (presence := store.get(update.extension_id)) is None:
            continue
        suspects.look_at(presence, float(count))
        now = NOW + timedelta(seconds=count)
        calls = advance(calls, presence, now).state
        assert resync(calls, presence, now).in_progress >= 0
        shown(presence, calls)


def shown(presence: Presence, calls: Calls) -> None:
    """Do with presence and calls what entities do."""
    repr((presence, calls))
    for call in calls.calls:
        if call.began is not None:
            for zone in ZONES:
                call.began.astimezone(zone).timestamp()
        assert (call.duration(NOW.timestamp()) or 0.0) >= 0.0
    assert len(presence.active_calls or ()) <= 100


def test_the_reply_of_a_refusal_holds_nothing_in_its_repr() -> None:
    reply = Reply(status=200, body={"name": "Alice"}, headers={"X": "Alice"})
    assert "Alice" not in repr(reply)
