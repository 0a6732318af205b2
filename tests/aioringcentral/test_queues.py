"""Queues on the wire: what readings and events mean, and what is odd in them."""

from typing import Any

import pytest

from aioringcentral.queues import (
    OwnQueue,
    QueueChange,
    QueueMember,
    has_new_queues,
    own_queues,
    queue_change,
    queue_members,
)

URI = "/restapi/v1.0/account/440000100004/call-queues/550010300004/presence"
MEMBER: dict[str, Any] = {
    "member": {"id": "550010100004", "name": "Zora Quill"},
    "acceptQueueCalls": True,
    "acceptCurrentQueueCalls": False,
}
QUEUE: dict[str, Any] = {
    "callQueue": {
        "id": "550010300004",
        "name": "Zora's Sales",
        "editableMemberStatus": False,
    },
    "acceptCalls": True,
}


def test_the_queues_of_a_member() -> None:
    found = own_queues({"records": [QUEUE]})
    queue = OwnQueue("550010300004", "Zora's Sales", True, is_editable=False)
    assert found == {"550010300004": queue}
    assert "Zora" not in repr(queue)


@pytest.mark.parametrize(
    ("odd", "takes_calls"),
    [({}, None), ({"acceptCalls": None}, None), ({"acceptCalls": "yes"}, None)],
)
def test_what_is_not_said_is_unknown(
    odd: dict[str, Any], takes_calls: bool | None
) -> None:
    found = own_queues({"records": [{"callQueue": {"id": 7}, **odd}]})
    assert found == {"7": OwnQueue("7", None, takes_calls)}


@pytest.mark.parametrize("body", [None, [], {}, {"records": None}, {"records": {}}])
def test_what_is_no_list(body: Any) -> None:
    assert own_queues(body) is None
    assert queue_members(body) is None


@pytest.mark.parametrize("record", [None, 5, {}, {"member": {"id": "../1"}}])
def test_records_without_an_id_are_left_out(record: Any) -> None:
    assert own_queues({"records": [record]}) == {}
    assert queue_members({"records": [record]}) == {}


def test_the_members_of_a_queue() -> None:
    assert queue_members({"records": [MEMBER]}) == {
        "550010100004": QueueMember(of_queue=False, of_any=True)
    }


@pytest.mark.parametrize(
    ("of_queue", "of_any", "takes_calls"),
    [
        (True, True, True),
        (True, None, True),
        (True, False, False),
        (False, True, False),
        (None, True, None),
        (None, False, False),
    ],
)
def test_a_queue_and_all_queues_have_to_be_taken(
    of_queue: bool | None, of_any: bool | None, takes_calls: bool | None
) -> None:
    assert QueueMember(of_queue, of_any).takes_calls is takes_calls


@pytest.mark.parametrize("uri", [URI, f"{URI}/", f"{URI}?x=1"])
def test_an_event_with_records(uri: str) -> None:
    assert queue_change(uri, {"records": [MEMBER, {"member": {"id": 8}}]}) == (
        QueueChange("550010300004", {"550010100004": False})
    )


def test_a_flat_event() -> None:
    body = {"extensionId": 8, "callQueueId": "7", "acceptCalls": True}
    assert queue_change("/elsewhere", body) == QueueChange("7", {"8": True})


@pytest.mark.parametrize(
    "uri",
    [
        "/restapi/v1.0/account/1/extension/2/presence",
        "/restapi/v1.0/account/1/call-queues/x/y/presence",
    ],
)
def test_another_event(uri: str) -> None:
    assert queue_change(uri, {"extensionId": 8, "acceptCalls": True}) is None


def test_the_hint_that_somebody_joined_or_left() -> None:
    def listed(hints: Any) -> dict[str, Any]:
        return {"extensions": [{"extensionId": "8", "hints": hints}]}

    assert has_new_queues(listed(["ExtensionInfo", "CallQueueMembersChange"]))
    assert not has_new_queues(listed(["ExtensionInfo"]))
    assert not has_new_queues(listed(None))
    assert not has_new_queues({"extensions": [None]})
    assert not has_new_queues({})
