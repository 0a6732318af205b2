"""Every field of a presence event shows in Home Assistant."""

from typing import Any

import pytest

from .running import END_TO_END, Running

pytestmark = END_TO_END


@pytest.mark.parametrize(
    ("fields", "states"),
    [
        ({"userStatus": "Busy"}, {"user_status": "busy", "presence_status": "busy"}),
        (
            {"userStatus": "Offline"},
            {"user_status": "offline", "presence_status": "offline"},
        ),
        (
            {"meetingStatus": "Connected"},
            {"meeting_status": "connected", "in_meeting": "on"},
        ),
        (
            {"dndStatus": "DoNotAcceptAnyCalls"},
            {"dnd_status": "do_not_accept_any_calls", "do_not_disturb": "on"},
        ),
        (
            {"dndStatus": "DoNotAcceptDepartmentCalls"},
            {"dnd_status": "do_not_accept_department_calls", "do_not_disturb": "off"},
        ),
        (
            {"dndStatus": "TakeDepartmentCallsOnly"},
            {"dnd_status": "take_department_calls_only", "do_not_disturb": "off"},
        ),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else None,
)
async def test_a_status_that_a_user_sets(
    running: Running, fields: dict[str, str], states: dict[str, str]
) -> None:
    await running.office.emulator.set_presence(running.others[0], **fields)

    await running.shows(running.others[0], **states)
    await running.agrees()


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("allowSeeMyPresence", "allow_see_my_presence"),
        ("ringOnMonitoredCall", "ring_on_monitored_call"),
        ("pickUpCallsOnHold", "pick_up_calls_on_hold"),
    ],
)
async def test_a_setting_both_ways(running: Running, field: str, key: str) -> None:
    before = running.state(running.own, key)
    for state in ("off", "on") if before == "on" else ("on", "off"):
        await running.office.emulator.set_presence(
            running.own, **{field: state == "on"}
        )

        await running.shows(running.own, **{key: state})


async def test_telephony_status_through_the_life_of_a_call(running: Running) -> None:
    who = running.others[1]
    life: list[tuple[str, dict[str, str]]] = [
        (
            "ring",
            {
                "telephony_status": "ringing",
                "ringing": "on",
                "on_call": "off",
                "active_calls": "1",
            },
        ),
        (
            "answer",
            {
                "telephony_status": "call_connected",
                "ringing": "off",
                "on_call": "on",
                "presence_status": "busy",
            },
        ),
        ("hold", {"telephony_status": "on_hold", "on_call": "on"}),
        ("resume", {"telephony_status": "call_connected", "active_calls": "1"}),
        (
            "hangup",
            {
                "telephony_status": "no_call",
                "on_call": "off",
                "active_calls": "0",
                "presence_status": "available",
            },
        ),
    ]
    for word, states in life:
        await running.call(who, word, call="one")

        await running.shows(who, **states)
        await running.agrees()


async def test_a_parked_call_shows_on_its_location(running: Running) -> None:
    who = running.others[0]
    truth = await running.office.emulator.truth()
    place = next(
        key for key in running.entities.extensions if "userStatus" not in truth[key]
    )
    await running.call(who, "ring", "answer", "park", call="one", wait=True)

    await running.shows(place, telephony_status="parked_call")
    await running.shows(who, telephony_status="no_call")

    await running.call(who, "retrieve", "hangup", call="one", wait=True)
    await running.shows(place, telephony_status="no_call")


async def test_two_calls_at_once_and_the_end_of_one(running: Running) -> None:
    who = running.others[2]
    await running.call(who, "ring", "answer", call="one", wait=True)
    await running.call(who, "ring", "missed", call="two", wait=True)

    await running.shows(who, active_calls="1", on_call="on", ringing="off")
    await running.agrees()


async def test_extension_id_decides_whom_an_event_concerns(running: Running) -> None:
    before = len(running.office.states.changes)
    who = running.others[3]
    await running.office.emulator.set_presence(who, userStatus="Busy")
    await running.shows(who, presence_status="busy")

    theirs = {*running.entities.of(who).values(), *running.entities.of(None).values()}
    changed = {change.entity_id for change in running.office.states.changes[before:]}
    assert changed <= theirs


async def test_sequence_keeps_an_older_event_from_showing(running: Running) -> None:
    who, other = running.others[:2]
    change = await running.call(who, "ring", call="one")
    sequence = change["steps"][-1]["sequence"]
    await running.shows(who, telephony_status="ringing")
    await running.agrees()
    before = len(running.office.states.changes)

    async def deliver(**body: Any) -> None:
        sent = await running.office.emulator.post(
            "deliver", extension_id=who, body={"extensionId": who, **body}
        )
        assert sent["sent"] >= 1

    await deliver(sequence=sequence - 1, telephonyStatus="OnHold", userStatus="Busy")
    # Events keep their order: once this one shows, the older one was seen.
    await running.office.emulator.set_presence(other, meetingStatus="Connected")
    await running.shows(other, in_meeting="on")

    theirs = set(running.entities.of(who).values())
    changed = running.office.states.changes[before:]
    assert not [change for change in changed if change.entity_id in theirs]


async def test_every_word_of_telephony_status(running: Running) -> None:
    """Some are not reached by any call that the emulator plays on a person."""
    who = running.others[4]
    sequence = 1_000_000
    for word, state in (
        ("Ringing", "ringing"),
        ("CallConnected", "call_connected"),
        ("OnHold", "on_hold"),
        ("ParkedCall", "parked_call"),
        ("NoCall", "no_call"),
    ):
        sequence += 1
        await running.office.emulator.post(
            "deliver",
            extension_id=who,
            body={"extensionId": who, "sequence": sequence, "telephonyStatus": word},
        )

        await running.shows(who, telephony_status=state)
    # The emulator's own next events would be older.
    await running.reload()
