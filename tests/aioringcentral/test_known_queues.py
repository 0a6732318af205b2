"""What is known of queues: readings with what events said meanwhile, and events in their order."""

from datetime import UTC, datetime, timedelta

import pytest

from aioringcentral.account.known_queues import OWN, Heard, KnownQueues
from aioringcentral.queues import OwnQueue, QueueChange, QueueMember

QUEUE, ME, ANNA = "7", "1", "2"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SOON = NOW + timedelta(milliseconds=1)


@pytest.fixture
def known() -> KnownQueues:
    """Know the user, who is in a queue with Anna."""
    found = KnownQueues()
    found.own_id = ME
    assert found.own_read(own(takes=True), {}) == {ME}
    assert found.members_read(QUEUE, members(anna=True), {}) == {QUEUE}
    return found


def own(*, takes: bool) -> dict[str, OwnQueue]:
    return {QUEUE: OwnQueue(QUEUE, takes_calls=takes)}


def members(*, anna: bool) -> dict[str, QueueMember]:
    return {ME: QueueMember(of_queue=True), ANNA: QueueMember(of_queue=anna)}


def change(**takes: bool) -> QueueChange:
    ids = {"me": ME, "anna": ANNA, "ben": "3"}
    return QueueChange(QUEUE, {ids[who]: value for who, value in takes.items()})


def takes_calls(known: KnownQueues) -> tuple[bool | None, bool | None]:
    """Return whether the user does, by the own queues, and Anna."""
    assert known.own is not None
    return known.own[QUEUE].takes_calls, known.members[QUEUE][ANNA].of_queue


def test_an_event_changes_what_it_is_about(known: KnownQueues) -> None:
    assert known.heard(change(anna=False), NOW) == Heard(frozenset({QUEUE}))
    assert known.heard(change(me=False), NOW) == Heard(frozenset({QUEUE, ME}))
    assert takes_calls(known) == (False, False)


def test_what_is_no_news_or_about_somebody_new_has_to_be_read(
    known: KnownQueues,
) -> None:
    for heard in (change(), change(anna=True), change(ben=True)):
        assert known.heard(heard, None) == Heard(doubtful=frozenset({QUEUE}))


def test_an_event_that_was_overtaken_says_nothing(known: KnownQueues) -> None:
    known.heard(change(anna=False), SOON)

    assert known.heard(change(anna=True), NOW) == Heard()
    assert takes_calls(known) == (True, False)

    # After a break the service may count anew.
    known.forget_order()
    assert known.heard(change(anna=True), NOW).changed == {QUEUE}


def test_of_two_events_of_one_moment_a_reading_says_which_is_right(
    known: KnownQueues,
) -> None:
    known.heard(change(me=False, anna=False), NOW)

    assert known.heard(change(anna=True), NOW).doubtful == {QUEUE}
    assert known.heard(change(me=True), NOW).doubtful == {QUEUE, OWN}


def test_a_reading_may_be_older_than_an_event(known: KnownQueues) -> None:
    with known.journal(OWN) as own_news, known.journal(QUEUE) as news:
        known.heard(change(me=False, anna=False), NOW)
    known.own_read(own(takes=True), own_news)
    known.members_read(QUEUE, members(anna=True), news)

    assert takes_calls(known) == (False, False)

    # An event of before is in the reading.
    with known.journal(OWN) as own_news:
        pass
    assert known.own_read(own(takes=True), own_news) == {ME}


def test_a_reading_may_be_older_than_what_was_written(known: KnownQueues) -> None:
    with known.journal(OWN) as of_reading:
        with known.journal(OWN) as of_writing:
            pass
        assert known.written(QUEUE, own(takes=False), of_writing) == {ME}
    assert known.own_read(own(takes=True), of_reading) == set()


def test_what_is_not_known_any_more(known: KnownQueues) -> None:
    assert known.forget(("9",)) == set()
    assert known.forget((OWN, QUEUE)) == {ME, QUEUE}
    assert (known.own, known.members) == (None, {})
    assert known.forget((OWN, QUEUE)) == set()
    assert known.heard(change(me=False, anna=False), NOW) == Heard()


def test_a_queue_that_is_deleted_is_known_no_more(known: KnownQueues) -> None:
    assert known.deleted({"9"}) == set()
    assert known.deleted({QUEUE, "9"}) == {ME, QUEUE}
    assert (known.own, known.members) == ({}, {})
    assert known.deleted({QUEUE}) == set()


def test_whoever_is_not_followed_has_no_queues(known: KnownQueues) -> None:
    known.own_id = None

    assert known.own_read(own(takes=False), {}) == set()
    assert known.heard(change(me=False), NOW).changed == {QUEUE}
