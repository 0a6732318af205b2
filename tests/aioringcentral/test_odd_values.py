"""One odd value costs one value: what stands beside it is read, and what it hid is read again."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import orjson
import pytest

from aioringcentral.account import Choices, rereads
from aioringcentral.call_log import LoggedCall
from aioringcentral.calls.reducer import advance
from aioringcentral.calls.state import Calls
from aioringcentral.causes import Cause
from aioringcentral.errors import RetryLater
from aioringcentral.filters import (
    OWN,
    FilterMatcher,
    disabled_filters,
    extension_filter,
)
from aioringcentral.models import (
    ActiveCall,
    Extension,
    Presence,
    TelephonyStatus,
    UserStatus,
)
from aioringcentral.presence import update_from_event, update_from_rest
from aioringcentral.presence_merge import merge
from aioringcentral.presence_store import PresenceStore
from aioringcentral.service_clock import ServiceClock
from aioringcentral.stream.frames import event_from_frame, parse_frame
from aioringcentral.voicemail import Voicemail
from emulator import Emulator

from .test_account import listening
from .test_protocol import Socket
from .test_rest import rest_of
from .wirebodies import call, event, event_body

KEY = "5500101"
NOT_AN_ID: tuple[Any, ...] = (None, "", True, 1.5, {}, [], "1,2", "~", "x" * 99)


# Whose it is.


@pytest.mark.parametrize("odd", NOT_AN_ID)
def test_an_event_whose_id_is_none_is_about_whose_address_it_has(odd: Any) -> None:
    update = update_from_event(event(extensionId=odd))
    assert update is not None
    assert update.extension_id == KEY


@pytest.mark.parametrize("odd", NOT_AN_ID)
async def test_a_presence_whose_id_is_none_is_the_one_asked_for(odd: Any) -> None:
    body = {"extension": {"id": odd}, "telephonyStatus": "NoCall"}
    rest, _ = rest_of(body)
    assert (await rest.presence("7")).extension_id == "7"
    named = update_from_rest(
        {**body, "uri": "https://x/account/1/extension/8/presence"}
    )
    assert named is not None
    assert named.extension_id == "8"


@pytest.mark.parametrize("odd", [{}, [], "~", {"id": None}, {"id": "~"}, {"id": True}])
async def test_an_account_that_cannot_be_read_is_asked_for(odd: Any) -> None:
    rest, _ = rest_of({"id": 7, "account": odd}, {"id": 5})
    assert (await rest.own_extension()).account_id == "5"


# Numbers and names.


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (15550100, "15550100"),
        (" +1 555\n0100 ", "+1 555 0100"),
        ("\u200b", None),
        (" \t", None),
        (True, None),
        (-1, None),
        ({}, None),
    ],
)
def test_a_number_to_show_is_seen_and_in_one_line(value: Any, read: str | None) -> None:
    parties = {"phoneNumber": value}
    log = {"id": "1", "startTime": "2026-11-24T09:00:00Z", "direction": "Inbound"}
    logged = LoggedCall.from_wire({**log, "from": parties})
    voicemail = Voicemail.from_wire({"id": "1", "type": "VoiceMail", "from": parties})
    extension = Extension.from_wire({"id": 1, "extensionNumber": value})
    assert logged is not None
    assert voicemail is not None
    assert extension is not None
    active = ActiveCall.from_wire(call(**{"from": value, "to": value}))
    assert [
        logged.number,
        voicemail.number,
        extension.number,
        active.from_number,
        active.to_number,
    ] == [read] * 5


@pytest.mark.parametrize(
    ("value", "read"),
    [("\u200b", None), ("\u2800 \n", None), ("Jo\nDoe", "Jo Doe"), (7, None)],
)
def test_a_caller_s_name_is_seen_and_in_one_line(value: Any, read: str | None) -> None:
    active = ActiveCall.from_wire(call(fromName=value, toName=value))
    assert (active.from_name, active.to_name) == (read, read)


@pytest.mark.parametrize("total", [2**62, 10_001, "10001", "many"])
def test_more_calls_than_there_can_be_are_not_counted(total: Any) -> None:
    update = update_from_event(event(totalActiveCalls=total))
    assert update is not None
    assert update.unreadable == {"total_active_calls"}


@pytest.mark.parametrize("total", [0, 2])
def test_a_count_may_be_text(total: int) -> None:
    update = update_from_event(event(totalActiveCalls=str(total)))
    assert update is not None
    assert update.changes["total_active_calls"] == total


@pytest.mark.parametrize("word", [None, 7, "Whispering", {}])
def test_a_call_in_no_known_state_is_not_no_call(word: Any) -> None:
    """Of a park location or a queue, whose status follows its calls."""
    presences = PresenceStore()
    presences.follow([KEY], [KEY])
    body = {"extension": {"id": KEY}, "activeCalls": [call(telephonyStatus=word)]}
    update = update_from_rest(body)
    assert update is not None
    presences.end_read(presences.begin_read(), [KEY], [update], reset=True)
    assert presences[KEY].telephony_status is None


@pytest.mark.parametrize("start", ["2027-03-02T09:00:00Z", "2199-12-31T23:59:59Z"])
@pytest.mark.parametrize("is_late", [True, False])
def test_a_call_that_has_yet_to_begin_began_when_it_was_seen(
    start: str, *, is_late: bool
) -> None:
    """Whether the odd time comes with its first event or later."""
    now, calls = datetime(2026, 11, 29, 12, tzinfo=UTC), Calls()
    for odd in (None, start) if is_late else (start,):
        ringing = call(telephonyStatus="Ringing", startTime=odd)
        update = update_from_event(event(activeCalls=[ringing]))
        assert update is not None
        calls = advance(calls, merge(Presence(extension_id=KEY), update), now).state
    assert [each.began for each in calls.calls] == [now]
    in_time = call(telephonyStatus="Ringing", startTime="2026-11-29T11:59:58Z")
    update = update_from_event(event(activeCalls=[in_time]))
    assert update is not None
    calls = advance(calls, merge(Presence(extension_id=KEY), update), now).state
    assert calls.longest_began == now - timedelta(seconds=2)


# Order.


def sent(at: float, **body: Any) -> Any:
    """Return the update of an event that arrived in a frame."""
    time = (datetime(2026, 11, 28, 20, tzinfo=UTC) + timedelta(seconds=at)).isoformat()
    body = {key: value for key, value in event_body(**body).items() if value != ""}
    frame = parse_frame(
        orjson.dumps(
            [{"type": "ServerNotification"}, {"timestamp": time, "body": body}]
        )
    )
    assert frame is not None
    found = event_from_frame(frame)
    assert found is not None
    return update_from_event(found)


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (5, 5), (7, ""), ("", 7), ("8", 8), (None, 3)]
)
def test_where_no_sequence_tells_the_order_the_time_does(
    first: Any, second: Any
) -> None:
    presences = PresenceStore()
    presences.follow([KEY])
    presences.apply(sent(1.0, sequence=second, telephonyStatus="NoCall"))
    presences.apply(sent(0.0, sequence=first, telephonyStatus="Ringing"))
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


@pytest.mark.parametrize("jump", [50, 150, 999])
def test_a_sequence_that_jumps_once_freezes_nothing(jump: int) -> None:
    presences = PresenceStore()
    presences.follow([KEY])
    presences.apply(sent(0.0, sequence=7 + jump, telephonyStatus="NoCall"))
    presences.apply(sent(31.0, sequence=8, telephonyStatus="Ringing"))
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    presences.apply(sent(31.5, sequence=9, telephonyStatus="OnHold"))
    presences.apply(sent(31.0, sequence=8, telephonyStatus="Ringing"))
    assert presences[KEY].telephony_status is TelephonyStatus.ON_HOLD


def test_a_time_that_has_not_come_is_noticed() -> None:
    clock, now = ServiceClock(), datetime(2026, 11, 29, 12, tzinfo=UTC)
    assert not clock.is_ahead(now + timedelta(days=1), 0.0)
    for _ in range(2):
        clock.hear({"Date": "Sun, 29 Nov 2026 12:00:00 GMT"}, 100.0)
    assert not clock.is_ahead(now + timedelta(seconds=20), 100.0)
    assert clock.is_ahead(now + timedelta(seconds=40), 100.0)
    assert not clock.is_ahead(now + timedelta(seconds=40), 110.0)


async def test_an_event_from_the_future_leaves_the_next_ones_their_place(
    emulator: Emulator,
) -> None:
    odd = {"kind": "set", "at": "timestamp", "on": "event", "next": 1}
    async with listening(emulator, Choices(own=True)) as (account, heard):
        own = account.own.id
        emulator.faults.set(sequence="none")
        ahead = datetime.now(UTC) + timedelta(minutes=5)
        emulator.faults.set(odd=[{**odd, "value": ahead.isoformat()}])
        for status in (UserStatus.BUSY, UserStatus.AVAILABLE):
            heard.said.clear()
            await emulator.set_presence(own, {"userStatus": str(status)})
            await heard.until("presence")
            assert account.presences[own].user_status is status


@pytest.mark.parametrize("sequence", [0, 7, "7"])
def test_of_recovery_tokens_in_no_order_the_last_is_kept(sequence: Any) -> None:
    socket = Socket()
    for token in ("wsc-1", "wsc-2"):
        socket.event(wsc={"token": token, "sequence": sequence})
    assert socket.protocol.recovery is not None
    assert socket.protocol.recovery.token == "wsc-2"


# What an odd value hides.


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("telephonyStatus", 7),
        ("telephonyStatus", []),
        ("telephonyStatus", True),
        ("activeCalls", 7),
        ("activeCalls", {}),
        ("activeCalls", [None]),
    ],
)
async def test_a_value_that_cannot_be_read_has_that_extension_read(
    emulator: Emulator, field: str, odd: Any
) -> None:
    set_field = {"kind": "set", "at": f"body.{field}", "value": odd, "on": "event"}
    with patch.object(rereads, "DOUBTED_AFTER", 0.01):
        async with listening(emulator, Choices(account=True)) as (account, heard):
            key = emulator.extension_ids[1]
            emulator.faults.set(odd=[{**set_field, "next": 1}])
            await emulator.play_call(key, ["ring"])
            while not (
                account.presences[key].telephony_status is TelephonyStatus.RINGING
                and account.presences[key].active_calls
            ):
                heard.said.clear()
                await heard.until("presence")
            read = [
                each.extensions
                for each in account.last_readings
                if each.cause is Cause.UNREADABLE
            ]
            assert read == [1]


# Lists.


def page(ids: Iterable[Any], **paging: Any) -> dict[str, Any]:
    """Return one page of a list of extensions."""
    return {"records": [{"id": key} for key in ids], **paging}


async def test_a_record_that_is_listed_twice_is_one() -> None:
    rest, _ = rest_of(page([1, 2, 2], paging={"totalElements": 3}))
    with pytest.raises(RetryLater):
        await rest.extensions()
    rest, _ = rest_of(page([1, 2, 2], paging={"totalElements": 2}))
    found = await rest.extensions()
    assert [each.id for each in found] == ["1", "2"]
    assert found.is_whole


async def test_of_two_records_with_one_id_another_may_be_meant() -> None:
    body = page([1, 2])
    rest, _ = rest_of({"records": [*body["records"], {"id": 2, "name": "Jo"}]})
    found = await rest.extensions()
    assert [each.id for each in found] == ["1", "2"]
    assert not found.is_whole


async def test_pages_that_overlap_are_read_on() -> None:
    following = {"navigation": {"nextPage": {"uri": "/next"}}}
    rest, _ = rest_of(page([1, 2, 3], **following), page([3, 4, 5]))
    found = await rest.extensions()
    assert [each.id for each in found] == ["1", "2", "3", "4", "5"]
    assert not found.is_whole


@pytest.mark.parametrize("second", [[1, 2, 3], [1, 2, 4]])
async def test_a_page_of_hardly_anything_new_is_not_the_next(second: list[int]) -> None:
    following = {"navigation": {"nextPage": {"uri": "/next"}}}
    rest, _ = rest_of(page([1, 2, 3], **following), page(second))
    with pytest.raises(RetryLater):
        await rest.extensions()


async def test_pages_may_be_counted_from_zero() -> None:
    following = {"navigation": {"nextPage": {"uri": "/next"}}}
    first = page([1, 2], paging={"page": 0}, **following)
    rest, service = rest_of(first, page([3], paging={"page": 1}))
    assert len(await rest.extensions()) == 3
    assert [more["query"]["page"] for _, _, more in service.sent] == [1, 2]
    rest, _ = rest_of(page([1, 2], **following), page([3], paging={"page": 1}))
    with pytest.raises(RetryLater):
        await rest.extensions()


async def test_a_list_of_thousands_may_come_on_one_page() -> None:
    rest, _ = rest_of(page(range(1, 5_001)))
    assert len(await rest.extensions()) == 5_000


# Refusals.


@pytest.mark.parametrize("is_object", [True, False])
def test_a_filter_that_is_called_disabled_is_not_live(*, is_object: bool) -> None:
    name = extension_filter("7")
    item = {"filter": name, "reason": {"code": "SUB-403"}} if is_object else name
    found = disabled_filters((OWN, name), {"disabledFilters": [None, 7, item]})
    assert found == {name: "unknown"}


def test_a_filter_of_many_megabytes_is_none() -> None:
    """Its parts would be compared for seconds."""
    assert FilterMatcher((OWN,)).find(f"{OWN}&sipData=true") == OWN
    assert FilterMatcher((OWN,)).find(f"{OWN}&{'x/' * 1_000}") is None
