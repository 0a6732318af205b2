"""Merge and order of presence (docs/architecture.md 4)."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.models import (
    DndStatus,
    Event,
    Presence,
    PresenceStatus,
    PresenceUpdate,
    TelephonyStatus,
)
from aioringcentral.presence import update_from_event, update_from_rest
from aioringcentral.presence_merge import (
    SEQUENCE_RESET,
    calls_disagree,
    forget_sequence,
    merge,
)

from .test_presence import BODIES, after, vars_of
from .wirebodies import DETAILED_URI, URI, call, event, event_body, rest_presence


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
        # No telephony status came with calls that cannot have this one.
        ("Ringing", [call(telephonyStatus="OnHold")], 1, True),
        ("Ringing", [call(telephonyStatus="Unheard")], 1, False),
        ("OnHold", [call(telephonyStatus="OnHold"), call(id="2")], 2, False),
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


@given(bodies=st.lists(BODIES, max_size=12), order=st.randoms())
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


@given(body=BODIES)
def test_merging_twice_changes_nothing(body: dict[str, Any]) -> None:
    """A repeated event is no change."""
    one = Event(uri=DETAILED_URI, body={**body, "sequence": 5})
    assert after(one, one) == after(one)


@given(first=BODIES, second=BODIES)
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
