"""One word for what an extension is doing: which of several things that are true at once it is."""

from datetime import UTC, datetime
from itertools import product

from hypothesis import given, strategies as st
import pytest

from aioringcentral.calls.reducer import advance, resync
from aioringcentral.calls.state import Calls
from aioringcentral.models import (
    ActiveCall,
    CallDirection,
    DndStatus,
    MeetingStatus,
    Presence,
    PresenceStatus,
    TelephonyStatus,
)
from aioringcentral.status import Status, is_on_call, is_ringing, status

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
INBOUND, OUTBOUND = CallDirection.INBOUND, CallDirection.OUTBOUND
NO_CALL, RINGING, CONNECTED, HELD, PARKED = TelephonyStatus


def call(direction: CallDirection, telephony: TelephonyStatus) -> ActiveCall:
    """Return a call."""
    return ActiveCall(
        id=f"{direction} {telephony}", direction=direction, telephony_status=telephony
    )


RINGS, DIALS = call(INBOUND, RINGING), call(OUTBOUND, RINGING)
TALKS, WAITS = call(INBOUND, CONNECTED), call(OUTBOUND, HELD)
PARKS = call(INBOUND, PARKED)


def of(
    telephony: TelephonyStatus | None, *calls: ActiveCall, **more: object
) -> Status | None:
    """Return the status with calls that the service lists, and with everything below them true as well."""
    presence = Presence(
        extension_id="1",
        telephony_status=telephony,
        active_calls=calls,
        **{"presence_status": PresenceStatus.BUSY, **more},  # type: ignore[arg-type]
    )
    return status(presence, resync(Calls(), presence, NOW))


@pytest.mark.parametrize(
    ("telephony", "calls", "expected"),
    [
        (RINGING, [RINGS], Status.RINGING),
        # Whoever talks and is called hears it ring.
        (CONNECTED, [TALKS, RINGS], Status.RINGING),
        (RINGING, [DIALS, RINGS], Status.RINGING),
        (CONNECTED, [TALKS], Status.ON_CALL),
        (CONNECTED, [TALKS, WAITS], Status.ON_CALL),
        (CONNECTED, [TALKS, DIALS], Status.ON_CALL),
        # The telephony status calls that ringing.
        (RINGING, [DIALS], Status.DIALING),
        (RINGING, [DIALS, WAITS], Status.DIALING),
        (HELD, [WAITS], Status.ON_HOLD),
        # A parked call waits for anybody.
        (PARKED, [PARKS], Status.BUSY),
        (NO_CALL, [], Status.BUSY),
        # A call that is not listed, and one that is listed as over.
        (CONNECTED, [], Status.ON_CALL),
        (HELD, [], Status.ON_HOLD),
        (NO_CALL, [call(INBOUND, NO_CALL)], Status.BUSY),
        (None, [], Status.BUSY),
    ],
)
def test_the_call_that_asks_most_for_attention_counts(
    telephony: TelephonyStatus | None, calls: list[ActiveCall], expected: Status
) -> None:
    assert of(telephony, *calls) is expected


@pytest.mark.parametrize(
    ("telephony", "expected"),
    [
        (RINGING, Status.RINGING),
        (CONNECTED, Status.ON_CALL),
        (HELD, Status.ON_HOLD),
        (PARKED, Status.AVAILABLE),
        (NO_CALL, Status.AVAILABLE),
        (None, Status.AVAILABLE),
    ],
)
def test_without_call_details_the_presence_tells(
    telephony: TelephonyStatus | None, expected: Status
) -> None:
    presence = Presence(
        extension_id="1",
        telephony_status=telephony,
        presence_status=PresenceStatus.AVAILABLE,
    )
    assert status(presence, resync(Calls(), presence, NOW)) is expected


@pytest.mark.parametrize(
    ("meeting", "dnd", "presence", "expected"),
    [
        (
            MeetingStatus.CONNECTED,
            DndStatus.DO_NOT_ACCEPT_ANY_CALLS,
            PresenceStatus.BUSY,
            Status.IN_MEETING,
        ),
        (
            MeetingStatus.DISCONNECTED,
            DndStatus.DO_NOT_ACCEPT_ANY_CALLS,
            PresenceStatus.OFFLINE,
            Status.DO_NOT_DISTURB,
        ),
        # Calls to oneself still ring.
        (
            None,
            DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS,
            PresenceStatus.AVAILABLE,
            Status.AVAILABLE,
        ),
        (None, None, PresenceStatus.BUSY, Status.BUSY),
        (None, None, PresenceStatus.OFFLINE, Status.OFFLINE),
        (None, None, None, None),
    ],
)
def test_without_a_call_the_person_counts(
    meeting: MeetingStatus | None,
    dnd: DndStatus | None,
    presence: PresenceStatus | None,
    expected: Status | None,
) -> None:
    found = of(
        NO_CALL, meeting_status=meeting, dnd_status=dnd, presence_status=presence
    )
    assert found is expected


def test_any_call_comes_before_what_the_person_chose() -> None:
    for each, presence in product((RINGS, TALKS, DIALS, WAITS), PresenceStatus):
        found = of(
            each.telephony_status,
            each,
            meeting_status=MeetingStatus.CONNECTED,
            dnd_status=DndStatus.DO_NOT_ACCEPT_ANY_CALLS,
            presence_status=presence,
        )
        assert found in tuple(Status)[:4]


def test_a_talk_beyond_the_list_is_a_talk() -> None:
    """Seven calls on hold are listed, and an older one is talked on."""
    held = tuple(
        ActiveCall(id=str(number), direction=INBOUND, telephony_status=HELD)
        for number in range(7)
    )
    assert of(CONNECTED, *held, total_active_calls=8) is Status.ON_CALL
    assert of(CONNECTED, *held, total_active_calls=7) is Status.ON_HOLD


_CALLS = st.lists(
    st.builds(
        ActiveCall,
        id=st.sampled_from("abcd"),
        direction=st.none() | st.sampled_from(CallDirection),
        telephony_status=st.none() | st.sampled_from(TelephonyStatus),
        start_time=st.none() | st.just(NOW),
    ),
    max_size=4,
).map(tuple)
_PRESENCES = st.builds(
    Presence,
    extension_id=st.just("1"),
    telephony_status=st.none() | st.sampled_from(TelephonyStatus),
    presence_status=st.none() | st.sampled_from(PresenceStatus),
    dnd_status=st.none() | st.sampled_from(DndStatus),
    meeting_status=st.none() | st.sampled_from(MeetingStatus),
    active_calls=st.none() | _CALLS,
    total_active_calls=st.none() | st.integers(0, 9),
)


@given(st.lists(_PRESENCES, max_size=6))
def test_it_never_contradicts_what_is_shown_beside_it(
    presences: list[Presence],
) -> None:
    calls = Calls()
    for presence in presences:
        calls = advance(calls, presence, NOW).state
        found = status(presence, calls)
        assert (found is Status.RINGING) == bool(is_ringing(presence, calls))
        if found in (Status.ON_CALL, Status.ON_HOLD):
            assert is_on_call(presence, calls)
        if is_on_call(presence, calls):
            # A phone that dials while a call waits is said to dial.
            assert found in tuple(Status)[:4]
        if found in (Status.AVAILABLE, Status.OFFLINE):
            assert presence.presence_status == found.value.title()
            assert not is_on_call(presence, calls)
