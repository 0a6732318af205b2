"""Snapshots and events that cross each other (design 4.1 to 4.3)."""

from typing import Any

from custom_components.ringcentral.aioringcentral.models import (
    DndStatus,
    Presence,
    PresenceUpdate,
    TelephonyStatus,
)
from custom_components.ringcentral.aioringcentral.presence import (
    update_from_event,
    update_from_rest,
)
from custom_components.ringcentral.aioringcentral.store import PresenceStore

from .wirebodies import event, rest_presence

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
    presences.end_read(journal, [KEY], [read(telephonyStatus="NoCall")], anew=True)
    assert presences[KEY].telephony_status is TelephonyStatus.RINGING


def test_an_event_without_the_status_leaves_the_snapshots() -> None:
    """Fields that the event did not speak of come from the snapshot."""
    presences = store()
    journal = presences.begin_read()
    presences.apply(told(telephonyStatus=None, dndStatus="DoNotAcceptAnyCalls"))
    presences.end_read(journal, [KEY], [read(telephonyStatus="Ringing")], anew=True)
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
        journal, [KEY], [read(telephonyStatus="NoCall")], anew=False
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
    presences.end_read(journal, [KEY], [read()], anew=True)
    assert presences[KEY].telephony_status is TelephonyStatus.NO_CALL
    assert presences.overtaken == 1


def test_after_a_break_what_the_snapshot_does_not_tell_is_unknown() -> None:
    """Nothing of before the break is trusted."""
    presences = store()
    presences.apply(told(telephonyStatus="ParkedCall"))
    presences.forget_sequences()
    before = presences[KEY]
    changed = presences.end_read(presences.begin_read(), [KEY], [], anew=True)
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
    presences.end_read(presences.begin_read(), [KEY], [update], anew=False)
    assert presences[KEY].telephony_status is TelephonyStatus.PARKED_CALL
    assert presences.end_read(presences.begin_read(), [KEY], [], anew=False) == {}


def test_a_snapshot_that_says_the_same_is_no_change() -> None:
    """Nobody is woken for nothing."""
    presences = store()
    presences.end_read(presences.begin_read(), [KEY], [read()], anew=True)
    assert presences.end_read(presences.begin_read(), [KEY], [read()], anew=True) == {}


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
    assert presences.end_read(journal, [KEY], [read()], anew=False) == {}


def test_a_read_that_failed_leaves_nothing_behind() -> None:
    """Its journal is no longer written."""
    presences = store()
    journal = presences.begin_read()
    presences.abandon_read(journal)
    presences.abandon_read(journal)
    presences.apply(told())
    assert not journal.events
