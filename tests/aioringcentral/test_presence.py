"""Merge and order of presence (docs/architecture.md 4)."""

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
    PresenceUpdate,
    TelephonyStatus,
    TerminationType,
    UserStatus,
)
from aioringcentral.presence import (
    SEQUENCE_RESET,
    calls_disagree,
    fields_from_wire,
    forget_sequence,
    is_older,
    merge,
    update_from_event,
    update_from_rest,
    with_status_of_calls,
)

from .wirebodies import DETAILED_URI, URI, call, event, event_body, rest_presence

NOBODY = Presence(extension_id="5500101")


def after(*events: Event, before: Presence = NOBODY) -> Presence:
    """Return the presence after some events, older ones dropped."""
    for one in events:
        update = update_from_event(one)
        assert update is not None
        if not is_older(before, update):
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
    """Routing needs an id in the body, and trusts nothing else."""
    assert update_from_event(event(extensionId=extension_id)) is None


def test_an_absent_field_keeps_its_value() -> None:
    """The telephony status comes only when it changed."""
    body = event_body(sequence=8, dndStatus="DoNotAcceptAnyCalls")
    del body["telephonyStatus"]
    presence = after(event(URI), Event(uri=URI, body=body))
    assert presence.telephony_status is TelephonyStatus.CALL_CONNECTED
    assert presence.dnd_status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS


@pytest.mark.parametrize("value", [None, 5, [], {}, True])
def test_a_value_of_another_type_keeps_the_last_one(value: Any) -> None:
    """Garbage in one field costs that field at most."""
    presence = after(
        event(URI),
        event(URI, sequence=8, telephonyStatus=value, presenceStatus="Available"),
    )
    assert presence.telephony_status is TelephonyStatus.CALL_CONNECTED
    assert presence.presence_status is PresenceStatus.AVAILABLE


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


def test_an_older_event_is_dropped() -> None:
    """Delivery may be out of order."""
    presence = after(
        event(URI, sequence=8, telephonyStatus="NoCall"), event(URI, sequence=7)
    )
    assert presence.telephony_status is TelephonyStatus.NO_CALL


@pytest.mark.parametrize("sequence", [None, 0, 8])
def test_an_equal_or_absent_sequence_is_taken(sequence: int | None) -> None:
    """Official clients take those, too."""
    presence = after(
        event(URI, sequence=8, telephonyStatus="NoCall"), event(URI, sequence=sequence)
    )
    assert presence.telephony_status is TelephonyStatus.CALL_CONNECTED
    assert presence.sequence == 8


def test_a_sequence_that_begins_anew_does_not_freeze_the_extension() -> None:
    """A counter that the service reset is far behind, a late event is near."""
    presence = after(
        event(URI, sequence=SEQUENCE_RESET + 5),
        event(URI, sequence=1, telephonyStatus="NoCall"),
    )
    assert presence.telephony_status is TelephonyStatus.NO_CALL
    assert presence.sequence == 1


def test_after_a_break_the_next_event_counts_whatever_its_sequence() -> None:
    """Sequences are forgotten before the snapshot (docs/architecture.md 4.3)."""
    before = forget_sequence(after(event(URI, sequence=8)))
    assert (
        after(event(URI, sequence=2, telephonyStatus="NoCall"), before=before).sequence
        == 2
    )


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


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({"telephonyStatus": "NoCall"}, ()),
        ({"telephonyStatus": "OnHold"}, None),
        ({"telephonyStatus": "CallConnected", "totalActiveCalls": 1}, None),
    ],
)
def test_a_detailed_event_without_calls(
    changes: dict[str, Any], calls: tuple[()] | None
) -> None:
    """No list means no call where calls were asked for, and unknown details where there must be one."""
    presence = after(event(activeCalls=[call()]), event(sequence=8, **changes))
    assert presence.active_calls == calls


@pytest.mark.parametrize("is_told", [True, False])
def test_a_detailed_event_that_is_not_about_calls_leaves_them(is_told: bool) -> None:
    """It holds only what changed, and perhaps the status all the same."""
    before = after(event(activeCalls=[call()], totalActiveCalls=1))
    changes = {"dnd_status": DndStatus.DO_NOT_ACCEPT_ANY_CALLS} | (
        {"telephony_status": before.telephony_status} if is_told else {}
    )
    update = PresenceUpdate(
        extension_id=before.extension_id,
        sequence=8,
        changes=changes,
        detailed=True,
    )
    presence = merge(before, update)
    assert presence.active_calls == before.active_calls
    assert presence.total_active_calls == 1
    assert presence.dnd_status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS


def test_a_plain_event_that_moves_on_makes_details_unknown() -> None:
    """The calls of before do not describe a status that only a plain event told."""
    ringing = after(
        event(activeCalls=[call(telephonyStatus="Ringing")], telephonyStatus="Ringing")
    )
    assert after(event(URI, sequence=8), before=ringing).active_calls is None


def test_the_same_change_over_a_plain_filter_keeps_the_details() -> None:
    """Two filters may tell one change: the sequence is equal then."""
    detailed = after(event(activeCalls=[call()]))
    assert after(event(URI), before=detailed).active_calls == detailed.active_calls


def test_a_plain_event_without_a_change_keeps_the_details() -> None:
    """Do-not-disturb during a call leaves the call alone."""
    detailed = after(event(activeCalls=[call()]))
    body = event_body(sequence=8, dndStatus="DoNotAcceptAnyCalls")
    del body["telephonyStatus"]
    assert (
        after(Event(uri=URI, body=body), before=detailed).active_calls
        == detailed.active_calls
    )


@pytest.mark.parametrize(
    ("status", "calls", "total", "disagree"),
    [
        ("CallConnected", [call()], 1, False),
        ("CallConnected", [call()], 2, True),
        (
            "CallConnected",
            [call(), call(telephonyStatus="NoCall", terminationType="final")],
            2,
            False,
        ),
        ("CallConnected", [call()] * 7, 9, False),
        ("CallConnected", [call()], None, False),
        ("NoCall", [], 0, False),
        ("NoCall", [call(telephonyStatus="NoCall")], 1, False),
        ("NoCall", [call()], 1, True),
        ("Ringing", [], 0, True),
        ("Unheard", [call()], 1, False),
    ],
)
def test_when_calls_have_to_be_read_again(
    status: str, calls: list[dict[str, Any]], total: int | None, disagree: bool
) -> None:
    """List, count and status fit, but for seven listed and a call that just ends (docs/protocol.md 4.3)."""
    presence = after(
        event(telephonyStatus=status, activeCalls=calls, totalActiveCalls=total)
    )
    assert calls_disagree(presence) is disagree


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
_BODIES = st.fixed_dictionaries({"extensionId": st.just("5500101")}, optional=_WORDS)


@given(bodies=st.lists(_BODIES, max_size=12), order=st.randoms())
def test_events_in_any_order_end_at_the_newest(
    bodies: list[dict[str, Any]], order: Any
) -> None:
    """However late events come, the newest full one is what shows."""
    full = event_body(sequence=len(bodies) + 1, activeCalls=[], totalActiveCalls=0)
    events = [
        Event(uri=DETAILED_URI, body={**body, "sequence": n})
        for n, body in enumerate(bodies, 1)
    ]
    events.append(Event(uri=DETAILED_URI, body=full))
    expected = after(events[-1])
    order.shuffle(events)
    assert after(*events) == expected


@given(body=_BODIES)
def test_merging_twice_changes_nothing(body: dict[str, Any]) -> None:
    """A repeated event is no change."""
    one = Event(uri=DETAILED_URI, body={**body, "sequence": 5})
    assert after(one, one) == after(one)


@given(first=_BODIES, second=_BODIES)
def test_only_fields_that_are_sent_change(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Merge, never overwrite."""
    before = after(Event(uri=URI, body=first))
    now = vars_of(after(Event(uri=URI, body=second), before=before))
    names = {
        "telephonyStatus": "telephony_status",
        "presenceStatus": "presence_status",
        "userStatus": "user_status",
        "dndStatus": "dnd_status",
        "meetingStatus": "meeting_status",
        "allowSeeMyPresence": "allow_see_my_presence",
    }
    for key, name in names.items():
        if key not in second:
            assert now[name] == getattr(before, name)


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


# Readings list every call (docs/protocol.md 10).


def test_a_reading_with_more_calls_than_events_list_is_believed() -> None:
    calls = [call(id=str(number), sessionId=str(number)) for number in range(9)]
    update = update_from_rest(
        rest_presence(telephonyStatus="CallConnected", activeCalls=calls)
    )
    assert update is not None
    presence = merge(Presence(extension_id="5500101"), update)
    assert len(presence.active_calls or ()) == 9
    assert presence.total_active_calls == 9
    assert not calls_disagree(presence)
    pushed = update_from_event(
        event(activeCalls=calls[2:], totalActiveCalls=9, telephonyStatus=None)
    )
    assert pushed is not None
    assert not calls_disagree(merge(presence, pushed))


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


def test_personal_do_not_disturb_alone_ends_no_department_setting() -> None:
    both = {
        "dndStatus": "DoNotAcceptDepartmentCalls",
        "dndStatusPersonal": "TakeAllCalls",
    }
    off = {"dndStatusPersonal": "TakeAllCalls"}
    on = {"dndStatusPersonal": "DoNotAcceptAnyCalls"}
    shown = [
        after(
            *(Event(uri=URI, body={"extensionId": 5500101, **body}) for body in bodies)
        ).dnd_status
        for bodies in ([both, off], [both, on], [both, on, off])
    ]
    assert shown == [
        DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS,
        DndStatus.DO_NOT_ACCEPT_ANY_CALLS,
        DndStatus.TAKE_ALL_CALLS,
    ]


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


@pytest.mark.parametrize("total", [-1, True, 1.5, "2", [], 2**70])
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
