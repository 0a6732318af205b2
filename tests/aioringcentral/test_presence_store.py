"""Snapshots and events that cross each other (docs/architecture.md 4.1 to 4.3)."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.models import (
    DndStatus,
    MeetingStatus,
    Presence,
    PresenceUpdate,
    TelephonyStatus,
    UserStatus,
)
from aioringcentral.presence import update_from_event, update_from_rest
from aioringcentral.presence_store import PresenceStore

from .wirebodies import call, event, rest_presence

KEY = "5500101"


def told(**changes: Any) -> PresenceUpdate:
    """Return the update of an event; a field set to None is left out."""
    update = update_from_event(event(**changes))
    assert update is not None
    return update


def read(**changes: Any) -> PresenceUpdate:
    """Return the update of a REST presence."""
    update = update_from_rest(rest_presence(**changes))
    assert update is not None
    return update


def store() -> PresenceStore:
    """Return a store that follows one extension."""
    found = PresenceStore()
    found.follow([KEY])
    return found


def test_an_event_during_the_read_outlives_the_snapshot() -> None:
    """The snapshot may have been taken before the event: no change falls between."""
    presences = store()
    journal = presences.begin_read()
    presences.apply(told(telephonyStatus="Ringing"))
    presences.end_read(journal, [KEY], [read(telephonyStatus="NoCall")], reset=True)
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING


def test_an_event_without_the_status_leaves_the_snapshots() -> None:
    """Fields that the event did not speak of come from the snapshot."""
    presences = store()
    journal = presences.begin_read()
    presences.apply(told(telephonyStatus=None, dndStatus="DoNotAcceptAnyCalls"))
    presences.end_read(journal, [KEY], [read(telephonyStatus="Ringing")], reset=True)
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    assert presences[KEY].dnd_status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS


def test_a_change_that_only_an_earlier_of_two_events_told_is_kept() -> None:
    """Re-reading while live: the earlier event is not dropped as older than the later one."""
    presences = store()
    presences.apply(told(sequence=4, telephonyStatus="NoCall"))
    journal = presences.begin_read()
    presences.apply(told(sequence=5, telephonyStatus="Ringing"))
    presences.apply(
        told(sequence=6, telephonyStatus=None, dndStatus="DoNotAcceptAnyCalls")
    )
    changed = presences.end_read(
        journal, [KEY], [read(telephonyStatus="NoCall")], reset=False
    )
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    assert presences[KEY].sequence == 6
    assert set(changed) <= {KEY}


def test_late_events_during_the_read_are_still_late() -> None:
    """Order counts among the events of the journal."""
    presences = store()
    journal = presences.begin_read()
    presences.apply(told(sequence=6, telephonyStatus="NoCall"))
    presences.apply(told(sequence=5, telephonyStatus="Ringing"))
    presences.end_read(journal, [KEY], [read()], reset=True)
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL
    assert presences.overtaken == 1


OTHER = "5500102"


@pytest.mark.parametrize("first", [KEY, OTHER])
def test_an_event_between_two_parts_outlives_the_snapshot(first: str) -> None:
    """Whether its extension is in the part before or in the one after."""
    presences = PresenceStore()
    presences.follow([KEY, OTHER])
    last = OTHER if first == KEY else KEY
    journal = presences.begin_read()
    for key in (first, last):
        snapshot = read(
            extension={"id": key}, telephonyStatus="NoCall", userStatus="Busy"
        )
        presences.read_part(journal, key, snapshot, reset=True)
        if key == first:
            presences.apply(told(telephonyStatus="Ringing", userStatus=None))
    presences.abandon_read(journal)
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    assert presences[KEY].user_status is UserStatus.BUSY
    assert presences[OTHER].telephony_status is TelephonyStatus.NO_CALL


def test_a_newer_reading_between_two_parts_goes_on_top_of_the_older() -> None:
    """What only the older one says is kept: it is the one after a break."""
    presences = PresenceStore()
    presences.follow([KEY, OTHER])
    presences.apply(told(dndStatus="DoNotAcceptAnyCalls"))
    older = presences.begin_read()
    presences.read_part(older, OTHER, read(extension={"id": OTHER}), reset=True)
    newer = presences.begin_read()
    presences.end_read(
        newer,
        [KEY],
        [read(telephonyStatus="Ringing", dndStatus=None)],
        reset=False,
    )
    presences.read_part(
        older, KEY, read(telephonyStatus="NoCall", dndStatus=None), reset=True
    )
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    assert presences[KEY].dnd_status is None


def test_a_reading_that_was_asked_for_first_and_came_last_counts() -> None:
    presences = store()
    first, second = presences.begin_read(), presences.begin_read()
    presences.end_read(second, [KEY], [read(telephonyStatus="Ringing")], reset=False)
    presences.end_read(first, [KEY], [read(telephonyStatus="NoCall")], reset=False)
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


def test_after_a_break_what_the_snapshot_does_not_tell_is_unknown() -> None:
    """Nothing of before the break is trusted."""
    presences = store()
    presences.apply(told(telephonyStatus="ParkedCall"))
    presences.forget_sequences()
    before = presences[KEY]
    changed = presences.end_read(presences.begin_read(), [KEY], [], reset=True)
    assert presences[KEY] == Presence(extension_id=KEY)
    assert changed == {KEY: before}


def test_a_slow_re_read_keeps_what_it_does_not_tell() -> None:
    """A park location never shows its calls over REST: the parked call stays."""
    presences = store()
    presences.apply(told(telephonyStatus="ParkedCall"))
    update = update_from_rest(
        {"extension": {"id": int(KEY)}, "presenceStatus": "Offline"}
    )
    assert update is not None
    presences.end_read(presences.begin_read(), [KEY], [update], reset=False)
    assert presences[KEY].telephony_status is TelephonyStatus.PARKED_CALL
    assert presences.end_read(presences.begin_read(), [KEY], [], reset=False) == {}


def test_a_snapshot_that_says_the_same_is_no_change() -> None:
    """Nobody is woken for nothing."""
    presences = store()
    presences.end_read(presences.begin_read(), [KEY], [read()], reset=True)
    assert presences.end_read(presences.begin_read(), [KEY], [read()], reset=True) == {}


def test_apply_tells_what_was_before() -> None:
    """The presence before a change, or None without one."""
    presences = store()
    assert presences.apply(told(sequence=1)) == Presence(extension_id=KEY)
    assert presences.apply(told(sequence=2)) is None
    assert presences[KEY].sequence == 2
    assert presences.apply(told(extensionId="1")) is None
    assert "1" not in presences


def test_membership_changes_keep_what_is_known() -> None:
    """A new extension is unknown, one that stays keeps its presence, one that left is gone."""
    presences = store()
    presences.apply(told())
    known = presences[KEY]
    presences.follow([KEY, "2"])
    assert presences[KEY] is known
    assert presences["2"] == Presence(extension_id="2")
    assert (list(presences), len(presences)) == ([KEY, "2"], 2)
    journal = presences.begin_read()
    presences.follow(["2"])
    assert presences.end_read(journal, [KEY], [read()], reset=False) == {}


def test_a_read_that_failed_leaves_nothing_behind() -> None:
    """Its journal is no longer written."""
    presences = store()
    journal = presences.begin_read()
    presences.abandon_read(journal)
    presences.abandon_read(journal)
    presences.apply(told())
    assert not journal.events


# Events that overtake each other.

NO_DISTURB = {"dndStatus": "DoNotAcceptAnyCalls"}


def followed_live() -> PresenceStore:
    """Return a store whose extension is idle, as event 4 said."""
    presences = store()
    presences.apply(told(sequence=4))
    presences.end_read(presences.begin_read(), [KEY], [read()], reset=True)
    return presences


def test_what_only_an_overtaken_event_told_is_kept() -> None:
    """The status of calls comes only where it changed (docs/protocol.md 4.3): nothing would ever tell it again."""
    presences = followed_live()
    presences.apply(told(sequence=6, telephonyStatus=None, **NO_DISTURB))
    before = presences[KEY]
    late = told(sequence=5, telephonyStatus="Ringing", dndStatus="TakeAllCalls")
    assert presences.apply(late) == before
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    assert presences[KEY].dnd_status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS
    assert (presences[KEY].sequence, presences.overtaken) == (6, 1)


def test_an_event_that_came_already_is_no_late_one() -> None:
    """Nothing was missing before it."""
    presences = followed_live()
    ringing = told(sequence=5, telephonyStatus="Ringing")
    presences.apply(ringing)
    presences.apply(told(sequence=6, telephonyStatus="NoCall"))
    assert presences.apply(ringing) is None
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


def test_events_take_their_places_in_any_order() -> None:
    presences = followed_live()
    for sequence, changes in (
        (8, {"meetingStatus": "Connected"}),
        (5, {"telephonyStatus": "Ringing"}),
        (7, {"telephonyStatus": "NoCall"}),
        (7, {"telephonyStatus": "NoCall"}),
        (6, {"telephonyStatus": "CallConnected"}),
    ):
        presences.apply(told(sequence=sequence, **{"telephonyStatus": None, **changes}))
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL
    assert presences[KEY].meeting_status is MeetingStatus.CONNECTED
    # All there now: nothing is kept for others.
    assert not presences._windows


def test_an_event_from_before_all_that_is_missing_is_no_news() -> None:
    """What was known when the gap arose held it."""
    presences = followed_live()
    presences.apply(told(sequence=6, dndStatus=None))
    assert presences.apply(told(sequence=3, **NO_DISTURB)) is None
    assert presences[KEY].dnd_status is DndStatus.TAKE_ALL_CALLS


def test_a_late_event_is_laid_under_what_came_while_reading() -> None:
    """The reading may be older than it; the events during the reading are newer."""
    presences = followed_live()
    journal = presences.begin_read()
    presences.apply(told(sequence=6, telephonyStatus=None, **NO_DISTURB))
    presences.end_read(journal, [KEY], [read(telephonyStatus="NoCall")], reset=False)
    presences.apply(told(sequence=5, telephonyStatus="Ringing"))
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    assert presences[KEY].dnd_status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS


def test_a_reading_holds_what_came_before_it() -> None:
    """What is older than an event before the reading is no news, whenever it comes."""
    presences = followed_live()
    presences.apply(told(sequence=6, telephonyStatus=None))
    late = told(sequence=5, telephonyStatus="Ringing")
    for reset in (False, True):
        journal = presences.begin_read()
        presences.end_read(
            journal, [KEY], [read(telephonyStatus="NoCall")], reset=reset
        )
        assert presences.apply(late) is None
        assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


def test_a_late_event_is_not_waited_for_without_end() -> None:
    """Few events are kept, of few extensions, and none of those that are no longer followed."""
    keys = [str(number) for number in range(1, 202)]
    presences = store()
    presences.follow(keys)
    for key in keys:
        presences.apply(told(extensionId=key, sequence=5))
    assert len(presences._windows) == 100
    for sequence in range(10, 60, 2):
        presences.apply(told(extensionId=keys[-1], sequence=sequence))
    window = presences._windows[keys[-1]]
    assert len(window.events) == 16
    assert presences.apply(told(extensionId=keys[-1], sequence=7)) is None
    presences.follow(keys[:1])
    assert not presences._windows


def test_after_a_break_no_late_event_is_waited_for() -> None:
    presences = followed_live()
    presences.apply(told(sequence=6))
    presences.forget_sequences()
    assert not presences._windows


def test_a_counter_that_began_anew_is_no_late_event() -> None:
    presences = followed_live()
    presences.apply(told(sequence=60_000, telephonyStatus="Ringing"))
    presences.apply(told(sequence=2, telephonyStatus="NoCall"))
    presences.apply(told(sequence=3, telephonyStatus=None))
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL
    assert presences[KEY].sequence == 3


@given(
    order=st.permutations(range(5, 13)),
    changes=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "telephonyStatus": st.sampled_from(["NoCall", "Ringing", "OnHold"]),
                "dndStatus": st.sampled_from(["TakeAllCalls", "DoNotAcceptAnyCalls"]),
                "activeCalls": st.lists(
                    st.builds(dict, id=st.sampled_from("abc")), max_size=2
                ),
            },
        ),
        min_size=8,
        max_size=8,
    ),
    again=st.lists(st.integers(5, 12), max_size=3),
    is_detailed=st.booleans(),
)
def test_any_order_comes_to_the_same(
    order: list[int],
    changes: list[dict[str, Any]],
    again: list[int],
    is_detailed: bool,
) -> None:
    """Duplicates make no difference either."""
    absent = {"telephonyStatus": None, "dndStatus": None, "activeCalls": None}
    updates = {
        sequence: told(sequence=sequence, **(absent | each))._replace(
            detailed=is_detailed
        )
        for sequence, each in zip(range(5, 13), changes, strict=True)
    }
    in_order, in_disorder = followed_live(), followed_live()
    for sequence in sorted(updates):
        in_order.apply(updates[sequence])
    for sequence in (*order, *again):
        in_disorder.apply(updates[sequence])
    assert in_disorder[KEY] == in_order[KEY]
    assert in_disorder[KEY].sequence == 12


# Without a sequence: by the time in the envelope.

AT = 1_795_000_000.0


def plain(at: float | None, **changes: Any) -> PresenceUpdate:
    """Return the update of an event that has a time and no sequence."""
    return told(sequence=None, **changes)._replace(sent_at=at)


def test_of_two_events_without_sequence_the_later_one_stands() -> None:
    presences = store()
    presences.apply(plain(AT + 1, telephonyStatus="NoCall", activeCalls=[]))
    presences.apply(plain(AT, telephonyStatus="Ringing", dndStatus="TakeAllCalls"))
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL
    assert presences.overtaken == 1


def test_what_only_the_overtaken_one_told_without_sequence_is_kept() -> None:
    presences = store()
    only = {"telephonyStatus": None, "presenceStatus": None, "userStatus": None}
    late = plain(AT, **only, dndStatus="DoNotAcceptAnyCalls", meetingStatus=None)
    newer = plain(AT + 1, telephonyStatus="Ringing", dndStatus=None)
    presences.apply(newer)
    presences.apply(late)
    assert presences[KEY].dnd_status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING


def test_an_event_on_two_sockets_counts_once_without_sequence() -> None:
    """The other socket may bring it after its successor."""
    presences = store()
    first, second = (
        plain(AT, telephonyStatus="Ringing"),
        plain(AT + 1, telephonyStatus="NoCall"),
    )
    assert presences.apply(first) is not None
    assert presences.apply(second) is not None
    assert presences.apply(first) is None
    assert presences.apply(second) is None
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


def test_a_sequence_decides_before_the_time() -> None:
    presences = store()
    presences.apply(told(sequence=7, telephonyStatus="Ringing")._replace(sent_at=AT))
    newer = told(sequence=8, telephonyStatus="NoCall")._replace(sent_at=AT - 5)
    presences.apply(newer)
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


def test_where_one_event_has_no_sequence_the_time_decides() -> None:
    presences = store()
    presences.apply(told(sequence=7, telephonyStatus="NoCall")._replace(sent_at=AT))
    presences.apply(plain(AT - 1, telephonyStatus="Ringing"))
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL
    presences.apply(plain(AT + 1, telephonyStatus="Ringing"))
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING


@pytest.mark.parametrize("at", [None, AT - 3_600, AT + 1e9])
def test_no_odd_time_freezes_an_extension(at: float | None) -> None:
    presences = store()
    presences.apply(plain(AT, telephonyStatus="NoCall"))
    presences.apply(plain(at, telephonyStatus="OnHold"))
    assert presences[KEY].telephony_status is TelephonyStatus.ON_HOLD
    presences.apply(plain(AT + 1, telephonyStatus="Ringing"))
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING


@given(st.permutations(range(6)))
def test_events_without_sequence_come_to_the_same_in_any_order(
    order: list[int],
) -> None:
    statuses = ("Ringing", "CallConnected", "OnHold", "CallConnected", "OnHold")
    events = [
        plain(AT + number, telephonyStatus=status)
        for number, status in enumerate((*statuses, "NoCall"))
    ]
    presences = store()
    for number in order:
        presences.apply(events[number])
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


# Queues, pick-up groups and park locations.


def group() -> PresenceStore:
    """Return a store that follows a queue."""
    found = PresenceStore()
    found.follow([KEY], [KEY])
    return found


def group_reading(**changes: Any) -> PresenceUpdate:
    """Return a reading of a queue: the service gives it no status of its own."""
    body = {"extension": {"id": int(KEY)}, "presenceStatus": "Offline", **changes}
    update = update_from_rest(body)
    assert update is not None
    return update


def test_the_status_of_a_queue_follows_its_calls() -> None:
    presences = group()
    journal = presences.begin_read()
    presences.end_read(journal, [KEY], [group_reading()], reset=True)
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL
    assert presences[KEY].active_calls == ()
    waiting = [
        call(id=str(number), sessionId=str(number), telephonyStatus="Ringing")
        for number in range(9)
    ]
    journal = presences.begin_read()
    presences.end_read(
        journal, [KEY], [group_reading(activeCalls=waiting)], reset=False
    )
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING
    assert presences[KEY].total_active_calls == 9
    nothing = dict.fromkeys(("telephonyStatus", "totalActiveCalls"))
    presences.apply(
        told(**nothing, sequence=None, activeCalls=[call(telephonyStatus="OnHold")])
    )
    assert presences[KEY].telephony_status is TelephonyStatus.ON_HOLD
    over = call(telephonyStatus="NoCall", terminationType="final")
    presences.apply(told(**nothing, sequence=None, activeCalls=[over]))
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL


def test_the_service_s_own_status_of_a_park_location_stands() -> None:
    presences = group()
    parked = call(telephonyStatus="ParkedCall")
    presences.apply(told(telephonyStatus="ParkedCall", activeCalls=[parked]))
    assert presences[KEY].telephony_status is TelephonyStatus.PARKED_CALL


def test_an_event_that_is_not_about_calls_ends_none() -> None:
    presences = group()
    waiting = [call(telephonyStatus="Ringing")]
    presences.apply(told(telephonyStatus=None, activeCalls=waiting))
    presences.apply(
        plain(
            None, telephonyStatus=None, presenceStatus="Offline", totalActiveCalls=None
        )
    )
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING


def test_somebody_s_status_does_not_follow_from_a_reading_without_it() -> None:
    """Who is hidden has calls that nobody may see."""
    presences = store()
    journal = presences.begin_read()
    presences.end_read(journal, [KEY], [group_reading()], reset=True)
    assert presences[KEY].telephony_status is None
