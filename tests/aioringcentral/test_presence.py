"""What events and readings say of a presence, field by field (docs/architecture.md 4.2)."""

import logging
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.models import (
    ActiveCall,
    CallDirection,
    DndStatus,
    Event,
    MeetingStatus,
    Presence,
    PresenceStatus,
    TelephonyStatus,
    TerminationType,
    UserStatus,
)
from aioringcentral.presence import (
    fields_from_wire,
    update_from_event,
    update_from_rest,
)
from aioringcentral.presence_merge import is_before, merge, with_status_of_calls

from .wirebodies import DETAILED_URI, URI, call, event, rest_presence

NOBODY = Presence(extension_id="5500101")


def after(*events: Event, before: Presence = NOBODY) -> Presence:
    """Return the presence after some events, older ones dropped."""
    for one in events:
        update = update_from_event(one)
        assert update is not None
        if not is_before(update, before):
            before = merge(before, update)
    return before


def test_every_field_of_an_event_is_read() -> None:
    """All 11 body fields of the mission arrive."""
    assert after(event(URI)) == Presence(
        extension_id="5500101",
        sequence=7,
        telephony_status=TelephonyStatus.CALL_CONNECTED,
        presence_status=PresenceStatus.BUSY,
        user_status=UserStatus.AVAILABLE,
        meeting_status=MeetingStatus.DISCONNECTED,
        dnd_status=DndStatus.TAKE_ALL_CALLS,
        allow_see_my_presence=True,
        ring_on_monitored_call=False,
        pick_up_calls_on_hold=True,
    )
    assert after(event(URI)).sequence == 7


@pytest.mark.parametrize(
    "kind", [TelephonyStatus, PresenceStatus, UserStatus, DndStatus, MeetingStatus]
)
def test_every_word_of_the_service_is_known(kind: type[Any]) -> None:
    """Each member is what the service writes, and is read as itself."""
    key = {
        "DndStatus": "dndStatus",
        "MeetingStatus": "meetingStatus",
        "PresenceStatus": "presenceStatus",
        "TelephonyStatus": "telephonyStatus",
        "UserStatus": "userStatus",
    }[kind.__name__]
    for member in kind:
        assert member in vars_of(after(event(**{key: str(member)}))).values()


def vars_of(presence: Presence) -> dict[str, Any]:
    """Return the fields of a presence."""
    return presence._asdict()


@pytest.mark.parametrize("extension_id", [5500101, "5500101"])
def test_ids_are_text_whether_number_or_string(extension_id: int | str) -> None:
    """Captures have numbers, the documentation strings."""
    update = update_from_event(event(extensionId=extension_id))
    assert update is not None
    assert update.extension_id == "5500101"


@pytest.mark.parametrize("extension_id", [None, "", True, 1.5, {}, []])
def test_an_event_without_an_extension_says_nothing(extension_id: Any) -> None:
    """Where its address names none either."""
    for uri in ("", "/restapi/v1.0/account/4400001/presence"):
        assert update_from_event(event(uri, extensionId=extension_id)) is None


def test_an_unknown_word_becomes_unknown_with_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A word of a later version of the service is no reason to stop, nor to show the old value."""
    with caplog.at_level(logging.DEBUG):
        presence = after(
            event(URI), event(URI, sequence=8, meetingStatus="ScreenSharing")
        )
    assert presence.meeting_status is None
    assert [record.getMessage() for record in caplog.records] == [
        "Unknown MeetingStatus: ScreenSharing"
    ]


def test_an_unknown_word_that_is_no_word_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A number in the place of a status must not reach the log."""
    with caplog.at_level(logging.DEBUG):
        after(event(URI, meetingStatus="+1 555 0100"))
    assert "0100" not in caplog.text


def test_dnd_unknown_is_unknown_without_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """``Unknown`` is a documented word that says just that."""
    with caplog.at_level(logging.DEBUG):
        assert after(event(dndStatus="Unknown")).dnd_status is None
    assert not caplog.records


def test_calls_are_read_with_every_field() -> None:
    """One active call, as the detailed event carries it."""
    presence = after(
        event(activeCalls=[call(terminationType="final")], totalActiveCalls=1)
    )
    assert presence.active_calls is not None
    (found,) = presence.active_calls
    assert found.direction is CallDirection.INBOUND
    assert found.termination_type is TerminationType.FINAL
    assert found.is_over
    assert found.start_time is not None
    assert found.start_time.isoformat() == "2026-11-24T09:00:00+00:00"
    assert (found.session_id, found.party_id, found.telephony_session_id) == (
        "70001",
        "p-c4f1-2",
        "s-c4f1",
    )
    assert (found.from_number, found.from_name, found.to_number, found.to_name) == (
        "+15550100",
        "Somebody Else",
        "101",
        "Somebody Here",
    )


def test_who_calls_shows_in_no_repr() -> None:
    """A presence in a log or a traceback gives nobody away."""
    presence = after(event(activeCalls=[call()], message="at the dentist"))
    assert not {"0100", "Somebody", "dentist"} & set(
        repr(presence).replace("'", " ").split()
    )
    for secret in ("+15550100", "Somebody", "dentist"):
        assert secret not in repr(presence)


def test_a_rest_presence_is_read() -> None:
    """REST has ids as numbers, a message, and no sequence."""
    update = update_from_rest(rest_presence())
    assert update is not None
    presence = merge(NOBODY, update)
    assert (update.extension_id, update.sequence) == ("5500101", None)
    assert presence.message == "Back at two"
    assert presence.active_calls == ()


def test_a_rest_presence_of_a_type_without_presence() -> None:
    """Only ``Offline`` is told of those (docs/protocol.md 2.4); their calls stay unknown."""
    update = update_from_rest(
        {"extension": {"id": 5500101}, "presenceStatus": "Offline"}
    )
    assert update is not None
    presence = merge(NOBODY, update)
    assert presence.presence_status is PresenceStatus.OFFLINE
    assert presence.telephony_status is None
    assert presence.active_calls is None


@pytest.mark.parametrize(
    "body",
    [None, [], "", {}, {"extension": None}, {"extension": {}}, {"extension": [1]}],
)
def test_a_rest_presence_without_an_extension_says_nothing(body: Any) -> None:
    """A body of another shape is no presence."""
    assert update_from_rest(body) is None


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_WORDS = {
    "telephonyStatus": st.sampled_from([*TelephonyStatus, "Unheard"]),
    "presenceStatus": st.sampled_from([*PresenceStatus]),
    "userStatus": st.sampled_from([*UserStatus]),
    "dndStatus": st.sampled_from([*DndStatus, "Unknown"]),
    "meetingStatus": st.sampled_from([*MeetingStatus]),
    "allowSeeMyPresence": st.booleans(),
    "ringOnMonitoredCall": st.booleans(),
    "pickUpCallsOnHold": st.booleans(),
    "activeCalls": st.lists(
        st.fixed_dictionaries({}, optional={"id": st.text(max_size=3)}), max_size=3
    ),
    "totalActiveCalls": st.integers(0, 9),
}
BODIES = st.fixed_dictionaries({"extensionId": st.just("5500101")}, optional=_WORDS)


@given(
    body=st.dictionaries(
        st.sampled_from(sorted([*_WORDS, "extensionId", "sequence"])), _JSON
    )
)
def test_no_body_raises(body: dict[str, Any]) -> None:
    """Whatever a field holds, reading it is safe."""
    update = update_from_event(Event(uri=DETAILED_URI, body=body))
    if update is not None:
        merge(Presence(extension_id=update.extension_id), update)
    update_from_rest(body)


@pytest.mark.parametrize(
    ("dnd", "personal", "shown"),
    [
        ("Unknown", "DoNotAcceptAnyCalls", DndStatus.DO_NOT_ACCEPT_ANY_CALLS),
        (None, "DoNotAcceptAnyCalls", DndStatus.DO_NOT_ACCEPT_ANY_CALLS),
        ("SomethingNew", "TakeAllCalls", DndStatus.TAKE_ALL_CALLS),
        (
            "DoNotAcceptDepartmentCalls",
            "TakeAllCalls",
            DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS,
        ),
        ("TakeAllCalls", "Unknown", DndStatus.TAKE_ALL_CALLS),
        ("Unknown", "Unknown", None),
        ("Unknown", None, None),
    ],
)
def test_personal_do_not_disturb_speaks_where_the_other_does_not(
    dnd: str | None, personal: str | None, shown: DndStatus | None
) -> None:
    body = {"dndStatus": dnd, "dndStatusPersonal": personal}
    changes = fields_from_wire({key: word for key, word in body.items() if word})[0]
    assert changes["dnd_status"] is shown


def test_the_queue_and_the_called_number_of_a_call() -> None:
    info = {"primary": {"type": "QueueName", "value": "Sales"}}
    item = ActiveCall.from_wire(call(callInfo=info, to="+15550199"))
    assert item.queue == "Sales"
    assert "Sales" not in repr(item)
    other = {"primary": {"type": "Other", "value": "x"}}
    odd: Any
    for odd in (None, [], {"primary": 7}, other):
        assert ActiveCall.from_wire(call(callInfo=odd)).queue is None


@pytest.mark.parametrize("value", [5, [], {}, True, 1.5])
@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("telephonyStatus", "telephony_status"),
        ("userStatus", "user_status"),
        ("dndStatus", "dnd_status"),
        ("message", "message"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(key: str, name: str, value: Any) -> None:
    """So that it is not taken for one that the service left out, which may mean something."""
    update = update_from_rest(rest_presence(**{key: value}))
    assert update is not None
    assert update.unreadable == {name}
    assert name not in update.changes


@pytest.mark.parametrize("total", [-1, True, 1.5, "-2", [], 2**70])
def test_a_count_that_cannot_be_read_is_not_told(total: Any) -> None:
    presence = after(
        event(DETAILED_URI, activeCalls=[call()], totalActiveCalls=total),
    )
    assert presence.total_active_calls == 1


@pytest.mark.parametrize("odd", [None, 5, "x", [], True])
def test_a_list_with_something_else_in_it_ends_no_call(odd: Any) -> None:
    """It may have stood for a call, so nothing of the list is believed."""
    two = [call(sessionId="1"), call(sessionId="2")]
    presence = after(
        event(DETAILED_URI, activeCalls=two),
        event(DETAILED_URI, sequence=8, activeCalls=[two[0], odd]),
    )
    assert presence.active_calls is not None
    assert len(presence.active_calls) == 2


@pytest.mark.parametrize("odd", [5, "x", {}, [None], True])
def test_calls_of_a_queue_that_cannot_be_read_are_not_none(odd: Any) -> None:
    body = {"extension": {"id": 5500101}, "activeCalls": odd}
    update = update_from_rest(body)
    assert update is not None
    assert with_status_of_calls(update, is_reading=True) is update
