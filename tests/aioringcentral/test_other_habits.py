"""Whatever RingCentral's API description leaves open may be otherwise: numbers as text, members left out, filters in other words."""

from typing import Any

import orjson
import pytest

from aioringcentral.account.removal import deleted_extensions
from aioringcentral.auth import names, token_from_wire
from aioringcentral.errors import PermissionMissing, RetryLater
from aioringcentral.filters import (
    OWN,
    VOICEMAILS,
    FilterMatcher,
    extension_filter,
    listed_filters,
    named_extensions,
    queue_filter,
)
from aioringcentral.models import DndStatus, Event, UserStatus
from aioringcentral.presence import (
    is_about_somebody,
    update_from_event,
    update_from_rest,
)
from aioringcentral.queues import queue_change
from aioringcentral.stream.frames import Frame, connection_details, parse_frame
from aioringcentral.stream.protocol import Answered

from .test_protocol import Socket
from .test_rest import rest_of

HOST = "https://platform.ringcentral.com"
REAL = "/restapi/v1.0/account/4400001/extension/5500101"
AVAILABLE = {"presenceStatus": "Available", "telephonyStatus": "NoCall"}


def frame(*parts: Any) -> Frame:
    found = parse_frame(orjson.dumps(parts).decode())
    assert found is not None
    return found


# Frames.


def test_numbers_of_a_frame_may_be_text() -> None:
    meta = {"type": "ClientRequest", "status": "200"}
    found = frame({**meta, "wsc": {"token": "t", "sequence": "12"}}, {})
    assert found.status == 200
    assert found.recovery is not None
    assert found.recovery.sequence == 12
    details = connection_details(frame(meta, {"idleTimeout": "60"}))
    assert details.idle_timeout == 60.0


@pytest.mark.parametrize(
    ("body", "status"),
    [({"id": "7"}, 200), ({"errorCode": "CMN-401"}, 0), (None, 0)],
)
def test_a_reply_without_a_status_says_itself_what_it_is(
    body: Any, status: int
) -> None:
    assert frame({"type": "ClientRequest"}, body).status == status


def test_names_of_headers_in_a_frame_have_no_case() -> None:
    headers = {"retry-after": 30, "x-rate-limit-group": "Light", "list": ["a"]}
    found = frame({"type": "ClientRequest", "headers": headers}).headers
    assert found["Retry-After"] == "30"
    assert found.get("X-Rate-Limit-Group") == "Light"
    assert "List" not in found


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_frame_may_be_binary_and_begin_with_a_mark(mark: bytes) -> None:
    text = mark + b'[{"type":"Heartbeat","messageId":"m"}]'
    for each in (text, text.decode()):
        found = parse_frame(each)
        assert found is not None
        assert found.message_id == "m"


def test_an_echo_without_an_id_answers_the_first_heartbeat() -> None:
    socket = Socket()
    first, second = (socket.protocol.heartbeat(socket.now) for _ in range(2))
    for message_id in (first, second):
        (answer,) = socket.hear({"type": "Heartbeat"})
        assert isinstance(answer, Answered)
        assert answer.message_id == message_id
    # One of the service's own answers none of ours.
    socket.protocol.heartbeat(socket.now)
    assert socket.hear({"type": "Heartbeat", "messageId": "theirs"}) == []


# Filters.


@pytest.mark.parametrize(
    "named",
    [
        f"{HOST}{REAL}/presence?detailedTelephonyState=true",
        f"{REAL}/presence?detailedTelephonyState=True",
        f"{REAL}/presence?sipData=false&detailedTelephonyState=true",
        f"{REAL}/presence?detailedTelephonyState=true&sipData=false",
        f"{REAL}/presence/?detailedTelephonyState=true",
    ],
)
def test_a_filter_in_other_words_is_the_one_asked_for(named: str) -> None:
    chosen, queue = extension_filter("5500101"), queue_filter("77")
    assert FilterMatcher((OWN, queue, chosen)).find(named) == chosen
    body = {"eventFilters": [named, f"{HOST}/restapi/v1.0/account/~/extension"]}
    assert listed_filters((chosen, VOICEMAILS), body) == {chosen}


def test_a_query_more_is_of_no_concern_where_none_was_asked_for() -> None:
    queue = queue_filter("a-b")
    named = "/restapi/v1.0/account/4400001/call-queues/a-b/presence?sipData=false"
    assert FilterMatcher((OWN, queue)).find(named) == queue


# Events.


def test_an_event_that_names_nobody_is_about_whose_address_it_has() -> None:
    update = update_from_event(Event(f"{HOST}{REAL}/presence", AVAILABLE))
    assert update is not None
    assert update.extension_id == "5500101"


@pytest.mark.parametrize(
    ("uri", "is_about"),
    [
        (f"{REAL}/presence/line/presence?detailedTelephonyState=true", True),
        ("/restapi/v1.0/account/4400001/presence", True),
        ("", True),
        ("/restapi/v1.0/account/4400001/call-queues/7/presence", False),
        (f"{REAL}/message-store", False),
    ],
)
def test_an_event_that_names_nobody_at_all(uri: str, *, is_about: bool) -> None:
    """Everything is read again where it must have been about somebody."""
    event = Event(uri, AVAILABLE)
    assert update_from_event(event) is None
    assert is_about_somebody(event) is is_about


@pytest.mark.parametrize("query", ["?detailedTelephonyState=True", ""])
def test_calls_are_told_of_by_whatever_spelling(query: str) -> None:
    update = update_from_event(Event(f"{REAL}/presence{query}", AVAILABLE))
    assert update is not None
    assert update.detailed is bool(query)


def test_a_list_event_about_one_extension_alone() -> None:
    """The API description has it so, the documentation a list."""
    body = {"extensionId": "7", "eventType": "Delete", "ownerId": "8"}
    assert named_extensions(body) == ("7",)
    assert deleted_extensions(body) == {"7"}


def test_the_id_of_a_queue_is_like_any_other() -> None:
    uri = "/restapi/v1.0/account/1/call-queues/a-b/presence"
    change = queue_change(uri, {"extensionId": 8, "acceptCalls": True})
    assert change is not None
    assert change.queue_id == "a-b"


# Readings.


@pytest.mark.parametrize(
    "body",
    [AVAILABLE, {**AVAILABLE, "uri": f"{HOST}/restapi/v1.0/x/extension/5/presence"}],
)
async def test_a_presence_need_not_say_whose_it_is(body: dict[str, Any]) -> None:
    rest, _ = rest_of(body)
    assert (await rest.presence("5")).extension_id == "5"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": "An error has a message, too"},
        {"telephonyStatus": 7},
        {"extension": {"id": None}},
        {**AVAILABLE, "uri": f"{HOST}/restapi/v1.0/x/extension/6/presence"},
    ],
)
async def test_what_says_nothing_is_nobody_s_presence(body: dict[str, Any]) -> None:
    rest, _ = rest_of(body)
    with pytest.raises(RetryLater):
        await rest.presence("5")


@pytest.mark.parametrize("is_named", [True, False])
async def test_the_parts_of_a_batch_say_whose_they_are_or_come_in_order(
    *, is_named: bool
) -> None:
    parts = [
        {
            "status": "200",
            "body": AVAILABLE,
            **({"resourceId": key} if is_named else {}),
        }
        for key in ("1", "2")
    ]
    rest, _ = rest_of(parts)
    readings = await rest.presences(["1", "2"])
    assert [each.extension_id for each in readings.found] == ["1", "2"]
    # Of one that is missing nobody knows which.
    rest, _ = rest_of(parts[1:])
    if is_named:
        readings = await rest.presences(["1", "2"])
        assert [each.extension_id for each in readings.found] == ["2"]
        assert readings.later == ("1",)
    else:
        with pytest.raises(RetryLater):
            await rest.presences(["1", "2"])


def test_a_listed_presence_is_whose_address_it_has() -> None:
    update = update_from_rest({**AVAILABLE, "uri": f"{HOST}{REAL}/presence"})
    assert update is not None
    assert update.extension_id == "5500101"


async def test_the_account_s_id_is_asked_for_where_the_user_s_extension_lacks_it() -> (
    None
):
    rest, service = rest_of({"id": 7, "name": "Jo"}, {"id": 5})
    own = await rest.own_extension()
    assert (own.id, own.account_id, own.name) == ("7", "5", "Jo")
    assert len(service.sent) == 2


async def test_pages_are_counted_where_no_page_names_the_next() -> None:
    def page(number: int) -> dict[str, Any]:
        paging = {"page": str(number), "totalPages": "2", "totalElements": 2}
        return {"records": [{"id": number}], "paging": paging}

    rest, service = rest_of(page(1), page(2))
    assert [each.id for each in await rest.extensions()] == ["1", "2"]
    assert [more["query"]["page"] for _, _, more in service.sent] == [1, 2]
    # The same one twice is not the next.
    rest, _ = rest_of(page(1))
    with pytest.raises(RetryLater):
        await rest.extensions()


# Changes.


async def test_a_change_that_is_answered_without_a_body_is_read() -> None:
    rest, service = rest_of(None, {**AVAILABLE, "userStatus": "Busy", "message": "A b"})
    update = await rest.update_presence(
        "5", user_status=UserStatus.BUSY, message=" A  b"
    )
    assert update.changes["user_status"] is UserStatus.BUSY
    assert [method for method, _, _ in service.sent] == ["PUT", "GET"]


@pytest.mark.parametrize(
    "answer",
    [
        {**AVAILABLE, "userStatus": "Available", "dndStatus": "TakeAllCalls"},
        AVAILABLE,
        RetryLater("service_error"),  # type: ignore[arg-type]
        PermissionMissing(),
    ],
)
async def test_a_change_that_does_not_show_may_have_worked(answer: Any) -> None:
    rest, _ = rest_of(None, answer)
    with pytest.raises(RetryLater) as raised:
        await rest.update_presence("5", dnd_status=DndStatus.DO_NOT_ACCEPT_ANY_CALLS)
    assert raised.value.may_have_worked


@pytest.mark.parametrize("takes", [True, False])
async def test_a_change_of_a_queue_without_a_body_is_read(*, takes: bool) -> None:
    record = {"callQueue": {"id": "7"}, "acceptCalls": True}
    rest, _ = rest_of(None, {"records": [record]})
    if takes:
        assert (await rest.take_queue_calls("7", takes=True))["7"].takes_calls
        return
    with pytest.raises(RetryLater) as raised:
        await rest.take_queue_calls("7", takes=False)
    assert raised.value.may_have_worked


# Tokens.


@pytest.mark.parametrize("scope", ["A B", "A,B", ["A", "B"], ["A B", 7]])
def test_a_scope_is_names_however_they_are_listed(scope: Any) -> None:
    token = token_from_wire({"access_token": "AT1", "scope": scope}, 1, 0.0)
    assert token.scope == {"A", "B"}
    assert names(token.scope, "A")
    assert not names(token.scope, "C")


def test_a_token_without_a_scope_forbids_nothing() -> None:
    token = token_from_wire({"access_token": "AT1", "expires_in": "600"}, 1, 0.0)
    assert names(token.scope, "C")
    assert token.expires_at == 600.0
