"""Optimistic values: what shows after a reply, and until when."""

from custom_components.ringcentral.aioringcentral.models import (
    DndStatus,
    Presence,
    PresenceUpdate,
    UserStatus,
)
from custom_components.ringcentral.optimistic import OptimisticValues

ANNA, BEN = "101", "102"
BUSY = {"user_status": UserStatus.BUSY}
DND = {"dnd_status": DndStatus.DO_NOT_ACCEPT_ANY_CALLS}


def event(key: str, **changes: object) -> PresenceUpdate:
    return PresenceUpdate(extension_id=key, sequence=1, changes=changes, detailed=False)


def test_a_value_stands_over_what_is_known_of_that_extension_alone() -> None:
    values = OptimisticValues()
    values.add(ANNA, BUSY)
    known = Presence(extension_id=ANNA, user_status=UserStatus.AVAILABLE)
    assert values.over(known).user_status is UserStatus.BUSY
    assert values.over(Presence(extension_id=BEN)).user_status is None
    assert values.get(ANNA, "user_status") is UserStatus.BUSY
    assert values.get(ANNA, "dnd_status") is None


def test_an_event_confirms_its_field_and_leaves_the_others() -> None:
    values = OptimisticValues()
    values.add(ANNA, BUSY | DND)
    assert values.confirm(event(ANNA, **BUSY))
    assert values.get(ANNA, "user_status") is None
    assert values.get(ANNA, "dnd_status") is DND["dnd_status"]


def test_a_stale_event_confirms_nothing() -> None:
    values = OptimisticValues()
    values.add(ANNA, BUSY)
    assert not values.confirm(event(ANNA, user_status=UserStatus.AVAILABLE))
    assert not values.confirm(event(BEN, **BUSY))
    assert values.get(ANNA, "user_status") is UserStatus.BUSY


def test_a_value_expires_once() -> None:
    values = OptimisticValues()
    added = values.add(ANNA, BUSY)
    assert values.expire(ANNA, added)
    assert not values.expire(ANNA, added)
    assert values.get(ANNA, "user_status") is None


def test_a_later_value_outlives_the_end_of_the_first() -> None:
    values = OptimisticValues()
    first = values.add(ANNA, BUSY)
    second = values.add(ANNA, DND)
    assert not values.expire(ANNA, first)
    assert values.get(ANNA, "user_status") is UserStatus.BUSY
    assert values.expire(ANNA, second)


def test_what_was_confirmed_does_not_expire() -> None:
    values = OptimisticValues()
    added = values.add(ANNA, BUSY)
    values.confirm(event(ANNA, **BUSY))
    assert not values.expire(ANNA, added)


def test_the_end_of_an_entry_drops_all() -> None:
    values = OptimisticValues()
    added = values.add(ANNA, BUSY)
    values.clear()
    assert values.get(ANNA, "user_status") is None
    assert not values.expire(ANNA, added)
