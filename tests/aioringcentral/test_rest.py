"""Typed calls: what each brings, how pages and batches go, and what is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

import pytest

from aioringcentral.auth import Token, TokenSource
from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
)
from aioringcentral.http import Http, Reply
from aioringcentral.limits import RateBudget, RateGroup
from aioringcentral.models import DndStatus, UserStatus
from aioringcentral.rest import Rest
from emulator import Emulator

from .conftest import Client, client_of

HOME = "aioringcentral.signed_http"
PRESENCE = "GET /restapi/v1.0/account/{id}/extension/{id}/presence"
EXTENSIONS = "GET /restapi/v1.0/account/{id}/extension"


@dataclass
class Service:
    """Notes what is sent, and answers as it is told."""

    answers: list[Any] = field(default_factory=list)
    sent: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    budget: RateBudget = field(default_factory=RateBudget)
    renewal: RingCentralError | None = None
    server: str = "https://platform.ringcentral.com"

    async def send(self, method: str, path: str, group: str, **more: Any) -> Reply:
        """Stand in for `Http.send`; the last answer is given over and over."""
        self.sent.append((method, path, more))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, RingCentralError):
            raise answer
        return Reply(status=200, body=answer, headers=self.headers)

    async def token(self) -> Token:
        """Stand in for `TokenSource.token`."""
        return Token(value="AT1", session=1, renew_at=0, expires_at=0)

    async def renew(self, rejected: str) -> Token:
        """Stand in for `TokenSource.renew`."""
        self.renewed.append(rejected)
        await asyncio.sleep(0)
        if self.renewal is not None:
            raise self.renewal
        value = f"AT{len(self.renewed) + 1}"
        return Token(value=value, session=1, renew_at=0, expires_at=0)


def rest_of(*answers: Any) -> tuple[Rest, Service]:
    """Return the calls to a service with these answers."""
    service = Service(list(answers))
    return Rest(cast(Http, service), cast(TokenSource, service)), service


# Each call, on the emulator.


async def test_the_own_extension(client: Client, emulator: Emulator) -> None:
    own = await client.rest.own_extension()
    record = emulator.extension(emulator.own_extension_id)
    assert own.id == emulator.own_extension_id
    assert own.account_id == emulator.account_id
    assert (own.name, own.number, own.type) == (record.name, record.number, "User")
    assert own.is_admin
    assert own.can_be_followed


async def test_all_extensions(client: Client, emulator: Emulator) -> None:
    found = await client.rest.extensions()
    assert {extension.id for extension in found} == set(emulator.ids())
    types = {extension.id: extension.type for extension in found}
    assert types == {key: emulator.extension(key).type for key in emulator.ids()}


async def test_pages_are_read_to_the_last(client: Client, emulator: Emulator) -> None:
    with patch(f"{HOME}.PAGE", 5):
        found = await client.rest.extensions()
    assert [extension.id for extension in found] == emulator.ids()
    assert emulator.counters.requests[EXTENSIONS] == 3


async def test_one_presence(client: Client, emulator: Emulator) -> None:
    await emulator.play_call(emulator.own_extension_id, ["ring"])
    for key in ("~", emulator.own_extension_id):
        update = await client.rest.presence(key)
        assert update.extension_id == emulator.own_extension_id
        assert update.changes["telephony_status"] == "Ringing"
        assert len(update.changes["active_calls"]) == 1


async def test_presences_come_thirty_to_a_request() -> None:
    async with (
        Emulator(extensions=75, rate_limits=False) as emulator,
        client_of(emulator) as client,
    ):
        wanted = emulator.extension_ids[:61]
        found = (await client.rest.presences([*wanted, wanted[0]])).found
        assert [update.extension_id for update in found] == wanted
        # The one that was left over is asked for as one.
        assert emulator.counters.requests[PRESENCE] == 3


async def test_who_may_not_be_read_is_left_out(
    client: Client, emulator: Emulator
) -> None:
    own, shy, other = emulator.extension_ids[:3]
    emulator.faults.set(hidden_presence="forbidden")
    await emulator.set_presence(shy, {"allowSeeMyPresence": False})
    gone = "1234567"
    readings = await client.rest.presences([own, shy, gone, other])
    assert [update.extension_id for update in readings.found] == [own, other]
    assert readings.later == ()


async def test_when_nobody_may_be_read_that_is_the_news(
    client: Client, emulator: Emulator
) -> None:
    one, two = emulator.extension_ids[1:3]
    emulator.faults.set(hidden_presence="forbidden")
    for key in (one, two):
        await emulator.set_presence(key, {"allowSeeMyPresence": False})
    for wanted in ([one], [one, two]):
        with pytest.raises(PermissionMissing):
            await client.rest.presences(wanted)


async def test_presence_of_the_whole_account(
    client: Client, emulator: Emulator
) -> None:
    with patch(f"{HOME}.PAGE", 4):
        found = await client.rest.account_presences()
    listed = {update.extension_id for update in found}
    assert listed >= set(emulator.extension_ids)


async def test_monitored_lines(client: Client, emulator: Emulator) -> None:
    one, two = emulator.extension_ids[1:3]
    await emulator.set_lines([one, two])
    lines = await client.rest.monitored_lines()
    own = emulator.own_extension_id
    assert [line.id for line in lines] == [own, one, two]
    assert lines.is_whole
    assert lines[1].number == emulator.extension(one).number


async def test_favorites_are_those_of_the_company(
    client: Client, emulator: Emulator
) -> None:
    one, two = emulator.extension_ids[1:3]
    await emulator.set_favorites([one, "an-outside-contact", two])
    assert await client.rest.favorites() == (one, two)


async def test_who_answers_for_a_queue(client: Client, emulator: Emulator) -> None:
    queue = emulator.ids(type="Department")[0]
    own = emulator.own_extension_id
    found = await client.rest.own_queues()
    assert found[queue].takes_calls
    assert found[queue].is_editable
    assert (await client.rest.queue_members(queue))[own].takes_calls
    found = await client.rest.take_queue_calls(queue, takes=False)
    assert found[queue].takes_calls is False
    assert emulator.queues()[queue]["members"][own] is False
    assert (await client.rest.queue_members(queue))[own].takes_calls is False
    emulator.faults.set(permissions_removed=["ReadPresence"])
    with pytest.raises(PermissionMissing):
        await client.rest.own_queues()


@pytest.mark.parametrize(
    "answer",
    [RetryLater(Reason.SERVICE_ERROR), None, [], {}, {"records": None}, "text"],
    ids=str,
)
async def test_what_is_no_list_of_queues_is_asked_for_again(answer: Any) -> None:
    rest, _ = rest_of(answer, answer, answer)
    with pytest.raises(RetryLater):
        await rest.own_queues()
    with pytest.raises(RetryLater):
        await rest.queue_members("7")
    with pytest.raises(RetryLater):
        await rest.take_queue_calls("7", takes=True)


async def test_presence_is_changed(client: Client, emulator: Emulator) -> None:
    own = emulator.own_extension_id
    update = await client.rest.update_presence(
        own,
        user_status=UserStatus.BUSY,
        dnd_status=DndStatus.DO_NOT_ACCEPT_ANY_CALLS,
        message="Back at two",
    )
    assert update.changes["user_status"] is UserStatus.BUSY
    truth = emulator.truth_of(own)
    assert truth["dndStatus"] == "DoNotAcceptAnyCalls"
    assert truth["message"] == "Back at two"
    # What is not given stays; an empty message is one.
    await client.rest.update_presence(own, message="")
    truth = emulator.truth_of(own)
    assert truth.get("message", "") == ""
    assert truth["userStatus"] == "Busy"


@pytest.mark.parametrize(
    ("status", "has_personal", "sent"),
    [
        (DndStatus.DO_NOT_ACCEPT_ANY_CALLS, True, "DoNotAcceptAnyCalls"),
        (DndStatus.TAKE_ALL_CALLS, True, "TakeAllCalls"),
        (DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS, True, None),
        (DndStatus.DO_NOT_ACCEPT_ANY_CALLS, False, None),
        (None, True, None),
    ],
)
async def test_do_not_disturb_is_set_where_the_account_keeps_it(
    status: DndStatus | None, has_personal: bool, sent: str | None
) -> None:
    rest, service = rest_of({"extension": {"id": 7}})
    await rest.update_presence("7", dnd_status=status, has_personal_dnd=has_personal)
    ((_, _, more),) = service.sent
    assert more["json"].get("dndStatusPersonal") == sent
    assert more["json"].get("dndStatus") == status


async def test_a_ticket(client: Client, emulator: Emulator) -> None:
    ticket = await client.rest.ticket()
    assert ticket.uri.startswith("ws://127.0.0.1")
    assert ticket.token not in repr(ticket)


# Refusals, as the emulator words them.

type Call = Callable[[Rest], Awaitable[object]]


@pytest.mark.parametrize(
    ("permission", "call"),
    [
        ("ReadAccounts", lambda rest: rest.own_extension()),
        ("ReadAccounts", lambda rest: rest.extensions()),
        ("ReadPresence", lambda rest: rest.presence()),
        ("ReadPresence", lambda rest: rest.presences(["1", "2"])),
        ("ReadPresence", lambda rest: rest.account_presences()),
        ("ReadPresence", lambda rest: rest.monitored_lines()),
        ("ReadContacts", lambda rest: rest.favorites()),
        ("EditPresence", lambda rest: rest.update_presence("~", message="x")),
        ("WebSocket", lambda rest: rest.ticket()),
    ],
)
@pytest.mark.parametrize("shape", ["full", "errors_only", "legacy"])
async def test_a_missing_permission_is_named(
    client: Client, emulator: Emulator, permission: str, call: Call, shape: str
) -> None:
    emulator.faults.set(permissions_removed=[permission], error_shape=shape)
    with pytest.raises(PermissionMissing) as raised:
        await call(client.rest)
    assert raised.value.permission == permission


async def test_who_is_not_there(client: Client) -> None:
    with pytest.raises(Misconfigured) as raised:
        await client.rest.presence("1234567")
    assert raised.value.reason is Reason.NOT_FOUND


# Replies that are not what they should be.


@pytest.mark.parametrize("body", [None, [], {}, "text", {"id": None}, {"uri": 7}])
@pytest.mark.parametrize(
    "call",
    [
        lambda rest: rest.own_extension(),
        lambda rest: rest.presence(),
        lambda rest: rest.update_presence("~", message="x"),
        lambda rest: rest.ticket(),
    ],
)
async def test_a_reply_that_says_nothing_is_passing_trouble(
    call: Call, body: Any
) -> None:
    rest, _ = rest_of(body)
    with pytest.raises(RetryLater):
        await call(rest)


LISTS: tuple[Call, ...] = (
    lambda rest: rest.extensions(),
    lambda rest: rest.monitored_lines(),
    lambda rest: rest.favorites(),
    lambda rest: rest.account_presences(),
)


@pytest.mark.parametrize(
    "body", [None, [], {}, "text", 7, {"records": None}, {"records": {}}]
)
@pytest.mark.parametrize("call", LISTS)
async def test_a_list_that_cannot_be_read_is_not_empty(call: Call, body: Any) -> None:
    rest, _ = rest_of(body)
    with pytest.raises(RetryLater):
        await call(rest)
    with pytest.raises(RetryLater):
        await rest.presences(["1", "2"])


RECORD = {
    "id": 7,
    "extensionId": 7,
    "extension": {"id": 7},
    "account": {"id": 5},
    "telephonyStatus": "NoCall",
}


@pytest.mark.parametrize("odd", [7, None, {}, {"id": "a/b", "extension": []}])
@pytest.mark.parametrize("call", LISTS)
async def test_a_record_that_cannot_be_read_costs_itself(call: Call, odd: Any) -> None:
    """Somebody else may be on the list: nobody counts as gone."""
    rest, _ = rest_of({"records": [odd, RECORD]})
    listing: Any = await call(rest)
    assert len(listing) == 1
    assert not listing.is_whole


def short(ids: str, **paging: int) -> dict[str, Any]:
    """Return a list that ends here and says that there are more than these."""
    records = [{**RECORD, "id": int(key), "extension": {"id": key}} for key in ids]
    return {"records": records, "paging": paging, "navigation": {}}


COUNTS = [{"totalElements": 9}, {"totalPages": 3}]


@pytest.mark.parametrize("paging", COUNTS, ids=str)
@pytest.mark.parametrize("call", [LISTS[0], LISTS[1], LISTS[3]])
async def test_a_list_that_always_counts_more_than_it_has_is_believed(
    call: Call, paging: dict[str, int]
) -> None:
    """Nobody counts as gone by it: who is missing may be there."""
    rest, service = rest_of(short("12", **paging))
    listing: Any = await call(rest)
    assert len(listing) == 2
    assert not listing.is_whole
    assert len(service.sent) == 2


@pytest.mark.parametrize("paging", COUNTS, ids=str)
async def test_a_list_that_is_cut_differently_each_time_is_not(
    paging: dict[str, int],
) -> None:
    rest, _ = rest_of(short("12", **paging), short("13", **paging))
    with pytest.raises(RetryLater):
        await rest.extensions()


@pytest.mark.parametrize("paging", COUNTS, ids=str)
async def test_a_list_that_is_cut_once_is_whole(paging: dict[str, int]) -> None:
    rest, _ = rest_of(short("12", **paging), short("123"))
    found = await rest.extensions()
    assert len(found) == 3
    assert found.is_whole


@pytest.mark.parametrize("paging", COUNTS, ids=str)
async def test_nobody_of_more_is_no_list(paging: dict[str, int]) -> None:
    rest, _ = rest_of(short("", **paging))
    with pytest.raises(RetryLater):
        await rest.monitored_lines()


async def test_lists_that_are_empty_and_say_so() -> None:
    rest, _ = rest_of({"records": [], "paging": {"page": 1, "totalElements": 0}})
    assert await rest.monitored_lines() == ()
    assert await rest.favorites() == ()
    # The user has an extension.
    with pytest.raises(RetryLater):
        await rest.extensions()


@pytest.mark.parametrize("key", ["2", 2, "some-body"])
async def test_presence_of_somebody_else_is_not_the_answer(key: Any) -> None:
    rest, _ = rest_of({"extension": {"id": key}, "telephonyStatus": "NoCall"})
    with pytest.raises(RetryLater):
        await rest.presence("1")


@pytest.mark.parametrize(
    "uri",
    [
        "wss://ws-api.ringcentral.com/ws",
        "wss://platform.ringcentral.com/ws",
        "wss://ws.ringcentral.biz:443/ws",
    ],
)
async def test_a_ticket_for_ringcentral_itself(uri: str) -> None:
    rest, _ = rest_of({"uri": uri, "ws_access_token": "t"})
    assert (await rest.ticket()).uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        "wss://[",
        "wss://",
        "wss://xn--.ringcentral.com/ws",
        "wss://ws..ringcentral.com/ws",
        f"wss://{'a' * 64}.ringcentral.com/ws",
        "ws://ws-api.ringcentral.com/ws",
        "wss://127.0.0.1/ws",
        "wss://evil.example/ws",
        "wss://evilringcentral.com/ws",
        "wss://platform.ringcentral.com.evil.example/ws",
        "wss://platform.ringcentral.com@evil.example/ws",
        "file:///etc/passwd",
        "",
        7,
        None,
        ["wss://platform.ringcentral.com"],
    ],
)
async def test_a_ticket_for_another_place_is_not_used(uri: Any) -> None:
    rest, _ = rest_of({"uri": uri, "ws_access_token": "t"})
    with pytest.raises(RetryLater):
        await rest.ticket()


@pytest.mark.parametrize("token", ["a\nb", "a b", "\x00", "é", "", None, "x" * 20_000])
async def test_a_ticket_that_fits_into_no_address(token: Any) -> None:
    rest, _ = rest_of({"uri": "wss://w.ringcentral.com", "ws_access_token": token})
    with pytest.raises(RetryLater):
        await rest.ticket()


GOOD = {"extension": {"id": 1}, "telephonyStatus": "NoCall"}


async def test_a_part_of_a_batch_that_says_nothing_is_read_later() -> None:
    rest, _ = rest_of(
        [
            {"resourceId": "1", "status": 200, "body": GOOD},
            {"resourceId": "2", "status": 403, "body": {"errorCode": "CMN-408"}},
            {"resourceId": "3", "status": 200, "body": {}},
            # Not one that was asked for.
            {"resourceId": "4", "status": 200, "body": {"extension": {"id": 9}}},
            "not a part",
            {"resourceId": "6", "status": 403, "body": None},
        ]
    )
    readings = await rest.presences(["1", "2", "3", "4", "5", "6", "7"])
    assert [update.extension_id for update in readings.found] == ["1"]
    assert readings.later == ("3", "4", "5", "6", "7")


async def test_what_was_read_stays_read() -> None:
    """A later batch fails for now: the others are not asked for again."""
    batches = [
        [
            {"status": 200, "body": {"extension": {"id": start + index}}}
            for index in range(30)
        ]
        for start in (1, 31)
    ]
    limited = RetryLater(Reason.RATE_LIMITED, retry_after=60.0)
    rest, service = rest_of(*batches, limited)
    wanted = [str(number) for number in range(1, 101)]
    readings = await rest.presences(wanted)
    assert [update.extension_id for update in readings.found] == wanted[:60]
    assert readings.later == tuple(wanted[60:])
    assert readings.retry_after == 60.0
    assert len(service.sent) == 3


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (429, {}, 60.0),
        (503, {}, None),
        (None, {}, None),
    ],
)
async def test_a_part_of_a_batch_that_is_refused_for_now_is_to_be_read_later(
    status: int | None, headers: dict[str, str], wait: float | None
) -> None:
    good = {"extension": {"id": 1}, "telephonyStatus": "NoCall"}
    rest, service = rest_of(
        [
            {"resourceId": "1", "status": 200, "body": good},
            {"resourceId": "2", "status": status, "body": None},
            {"status": status},
            {"resourceId": "4", "status": 403, "body": {"errorCode": "CMN-408"}},
        ]
    )
    service.headers = headers
    readings = await rest.presences(["1", "2", "3", "4"])
    assert [update.extension_id for update in readings.found] == ["1"]
    assert readings.later == ("2", "3")
    assert readings.retry_after == wait
    # Others of the group would restart the penalty.
    now = asyncio.get_running_loop().time()
    left = service.budget.penalty(RateGroup.LIGHT, now)
    assert left == pytest.approx(wait if status == 429 else 0.0, abs=1.0)


async def test_those_that_are_gone_are_no_news() -> None:
    """Who left while nobody was told of it costs nothing, even when it is all there were."""
    rest, _ = rest_of(
        [
            {"resourceId": key, "status": 404, "body": {"errorCode": "CMN-102"}}
            for key in "12"
        ]
    )
    readings = await rest.presences(["1", "2"])
    assert (readings.found, readings.later) == ((), ())
    assert {error.reason for error in readings.refused.values()} == {Reason.NOT_FOUND}


async def test_a_batch_that_fails_for_now_altogether_is_passing_trouble() -> None:
    rest, _ = rest_of(
        [{"resourceId": key, "status": 503, "body": None} for key in "12"]
    )
    with pytest.raises(RetryLater):
        await rest.presences(["1", "2"])


@dataclass
class Shy(Service):
    """Refuses every batch with somebody in it who may not be read, without a word about whom."""

    shy: frozenset[str] = frozenset()
    odd: frozenset[str] = frozenset()
    code: str = "CMN-408"

    async def send(self, method: str, path: str, group: str, **more: Any) -> Reply:
        keys = path.split("/")[-2].split(",")
        self.sent.append((method, path, more))
        if self.shy.intersection(keys):
            raise PermissionMissing(self.code)
        bodies = [
            {"extension": {"id": key if key not in self.odd else []}} for key in keys
        ]
        body: Any = (
            bodies[0]
            if len(keys) == 1
            else [{"status": 200, "body": each} for each in bodies]
        )
        return Reply(status=200, body=body, headers={})


@pytest.mark.parametrize(
    "shy", [{"7"}, {"0", "29"}, {"3", "12", "44"}, {str(n) for n in range(30)}], ids=len
)
async def test_of_a_batch_that_is_refused_as_a_whole_the_others_are_read(
    shy: set[str],
) -> None:
    service = Shy(shy=frozenset(shy))
    rest = Rest(cast(Http, service), cast(TokenSource, service))
    everyone = [str(number) for number in range(60)]
    readings = await rest.presences(everyone)
    assert {update.extension_id for update in readings.found} == set(everyone) - shy
    assert set(readings.refused) == shy
    # It is known from then on, and costs a request or two.
    service.sent.clear()
    again = await rest.presences(everyone)
    assert set(again.refused) == shy
    assert len(service.sent) <= 4
    # Whoever may be read again is.
    service.shy = frozenset()
    assert len((await rest.presences(everyone)).found) == 60
    assert len((await rest.presences(everyone)).found) == 60


@pytest.mark.parametrize(("code", "most"), [("CMN-401", 2), ("CMN-408", 20)])
async def test_where_nobody_may_be_read_the_search_ends_soon(
    code: str, most: int
) -> None:
    everyone = [str(number) for number in range(60)]
    service = Shy(shy=frozenset(everyone), code=code)
    rest = Rest(cast(Http, service), cast(TokenSource, service))
    with pytest.raises(PermissionMissing):
        await rest.presences(everyone)
    assert len(service.sent) <= most


async def test_one_that_cannot_be_read_does_not_end_the_search() -> None:
    service = Shy(shy=frozenset({"7"}), odd=frozenset({"6"}))
    rest = Rest(cast(Http, service), cast(TokenSource, service))
    everyone = [str(number) for number in range(30)]
    readings = await rest.presences(everyone)
    assert {each.extension_id for each in readings.found} == set(everyone) - {"6", "7"}
    assert readings.later == ("6",)
