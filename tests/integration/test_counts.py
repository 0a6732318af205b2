"""The counts for a wallboard: right after every change, and written only when they change; available is free."""

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from hypothesis import given, strategies as st
import pytest

from custom_components.ringcentral.aioringcentral.calls.reducer import resync
from custom_components.ringcentral.aioringcentral.calls.state import Calls
from custom_components.ringcentral.aioringcentral.models import (
    ActiveCall,
    CallDirection,
    Presence,
    PresenceStatus,
    TelephonyStatus,
)
from custom_components.ringcentral.aioringcentral.status import (
    Standing,
    Status,
    is_on_call,
    is_ringing,
    status,
)
from custom_components.ringcentral.counts import Counts, Tally
from demo.entities import expected
from emulator import Emulator

from .call_stories import ANNA, BEN, OWN, PARK, QUEUE, Clock, cast, following
from .stories import Story, emulated, hasty, settling_at_once

ON_CALL, RINGING, AVAILABLE = (
    "extensions_on_call",
    "extensions_ringing",
    "extensions_available",
)


def counts(story: Story) -> tuple[str, str, str]:
    """Return what is shown: on a call, ringing, available."""
    found = []
    for key in (ON_CALL, RINGING, AVAILABLE):
        state = story.hass.states.get(story.account_entity(key))
        assert state is not None
        found.append(state.state)
    return found[0], found[1], found[2]


def written(story: Story, key: str) -> list[str | None]:
    """Return the states that a count took on since the story began or was told anew."""
    entity_id = story.account_entity(key)
    return [new for changed, _, new in story.changes if changed == entity_id]


# In Home Assistant.


async def test_counts_follow_calls(hass: HomeAssistant, emulator: Emulator) -> None:
    people = cast(emulator)
    own, anna, ben = people[OWN], people[ANNA], people[BEN]
    async with following(hass, emulator, [own, anna, ben]) as story:
        assert counts(story) == ("0", "0", "3")
        for who, word, expected in (
            (own, "ring", ("0", "1", "2")),
            (anna, "ring", ("0", "2", "1")),
            (own, "answer", ("1", "1", "1")),
            (anna, "missed", ("1", "0", "2")),
            (ben, "dial", ("1", "0", "1")),
            (ben, "answer", ("2", "0", "1")),
            (own, "hold", ("2", "0", "1")),
            (own, "hangup", ("1", "0", "2")),
            (ben, "hangup", ("0", "0", "3")),
        ):
            await emulator.play_call(who, [word], call=f"call of {who}")
            await story.all_heard()
            assert counts(story) == expected, word


async def test_one_with_two_calls_counts_once_each(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await emulator.play_call(story.own, ["ring", "answer"], call="a")
        await emulator.play_call(story.own, ["ring"], call="b")
        await story.all_heard()
        assert counts(story) == ("1", "1", "0")
        await emulator.play_call(story.own, ["hangup"], call="a")
        await story.all_heard()
        assert counts(story) == ("0", "1", "0")


async def test_a_count_is_written_when_it_changes_alone(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = cast(emulator)
    async with following(hass, emulator, [people[OWN], people[ANNA]]) as story:
        story.forget()
        await emulator.play_call(people[OWN], ["ring", "answer", "hold", "resume"])
        await emulator.set_presence(people[ANNA], {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.all_heard()
        assert written(story, ON_CALL) == ["1"]
        assert written(story, RINGING) == ["1", "0"]
        assert written(story, AVAILABLE) == ["1", "0"]
        for key in (ON_CALL, RINGING, AVAILABLE):
            assert story.account_entity(key) not in story.reported


async def test_counts_are_there_from_the_first_moment(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = cast(emulator)
    await emulator.play_call(people[OWN], ["ring", "answer"])
    await emulator.play_call(people[ANNA], ["ring"])
    async with following(
        hass, emulator, [people[OWN], people[ANNA], people[PARK]]
    ) as story:
        assert counts(story) == ("1", "1", "0")
        assert written(story, ON_CALL) == ["1"]


async def test_counts_of_everyone_are_those_of_the_service(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = cast(emulator)
    async with following(hass, emulator, follow="account") as story:
        await emulator.play_call(people[QUEUE], ["ring"], call="q")
        await emulator.play_call(people[BEN], ["dial", "answer"], call="d")
        await story.all_heard()
        truth = {key: emulator.truth()[key] for key in story.followed()}
        assert counts(story) == (
            "1",
            str(len(emulator._service.account.members(int(people[QUEUE])))),
            str(
                sum(
                    expected(each).get("status") == "available"
                    for each in truth.values()
                )
            ),
        )


async def test_a_call_that_waits_in_a_queue_rings_there(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Its telephony status says so, and it counts like everyone else's."""
    people = cast(emulator)
    queue = people[QUEUE]
    async with following(hass, emulator, [people[OWN], queue]) as story:
        await emulator.play_call(queue, ["ring"], call="q", ring_members=False)
        await story.all_heard()
        assert story.now("telephony_status", queue) == "ringing"
        assert counts(story) == ("0", "1", "1")
        await emulator.play_call(queue, ["missed"], call="q")
        await story.all_heard()
        assert story.now("telephony_status", queue) == "no_call"
        assert counts(story) == ("0", "0", "1")


async def test_counts_are_right_after_a_break(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = cast(emulator)
    own, anna = people[OWN], people[ANNA]
    with hasty():
        async with following(hass, emulator, [own, anna]) as story:
            await emulator.play_call(own, ["ring", "answer"], call="a")
            await emulator.disconnect(recoverable=False)
            await emulator.play_call(own, ["hangup"], call="a")
            await emulator.play_call(anna, ["ring"], call="b")
            await story.lost()
            await story.live()
            await story.shows(anna, ringing="on")
            assert counts(story) == ("0", "1", "1")


async def test_counts_are_unavailable_without_a_connection(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty(grace=0.05):
        async with following(hass, emulator) as story:
            emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
            await emulator.disconnect(recoverable=False)
            await story.until(lambda: counts(story) == ("unavailable",) * 3)
            emulator.faults.clear()
            await story.live()
            assert counts(story) == ("0", "0", "1")


async def test_a_call_that_was_gone_for_a_moment_is_counted_throughout(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The count says no more than the phone: it stops ringing when that is certain."""
    with Clock(hass) as clock:
        async with following(hass, emulator) as story:
            await emulator.play_call(story.own, ["ring"], call="a")
            await story.all_heard()
            story.forget()
            await emulator.deliver(
                story.own, {"extensionId": story.own, "telephonyStatus": "NoCall"}
            )
            await story.all_heard()
            assert counts(story) == ("0", "1", "0")
            await clock.move_on(2)
            assert counts(story) == ("0", "0", "1")
            assert written(story, RINGING) == ["0"]


async def test_who_leaves_is_counted_no_longer(hass: HomeAssistant) -> None:
    async with emulated(extensions=12, rate_limits=False) as office:
        people = [key for key in office.ids(type="User") if key != office.account_id]
        leaver = next(key for key in people if key != office.own_extension_id)
        with settling_at_once():
            async with following(hass, office, follow="account") as story:
                await office.play_call(leaver, ["ring", "answer"])
                await office.set_presence(leaver, {"userStatus": "Available"})
                await story.all_heard()
                before = counts(story)
                assert before[0] == "1"
                await office.remove_extension(leaver)
                await story.until(lambda: counts(story)[0] == "0")
                assert counts(story) == ("0", "0", before[2])


async def test_who_joins_is_counted(hass: HomeAssistant) -> None:
    async with emulated(extensions=12, rate_limits=False) as office:
        with settling_at_once():
            async with following(hass, office, follow="account") as story:
                available = int(counts(story)[2])
                joined = await office.add_extension("Nora New")
                await story.until(lambda: joined in story.followed())
                await story.until(lambda: counts(story)[2] == str(available + 1))
                await office.play_call(joined, ["ring", "answer"])
                await story.until(lambda: counts(story) == ("1", "0", str(available)))


# By themselves.


def presence(extension_id: str, *calls: ActiveCall, **values: object) -> Presence:
    """Return a presence with calls."""
    made: dict[str, object] = {
        "telephony_status": TelephonyStatus.NO_CALL,
        "presence_status": PresenceStatus.AVAILABLE,
        "active_calls": calls,
    }
    return Presence(extension_id=extension_id, **made | values)  # type: ignore[arg-type]


def calls_of(of: Presence) -> Calls:
    """Return the calls that a presence lists."""
    return resync(Calls(), of, dt_util.utcnow())


def test_what_is_unknown_is_not_counted() -> None:
    tally = Tally()
    unknown = Presence(extension_id="1")
    assert is_on_call(unknown, Calls()) is None
    assert is_ringing(unknown, Calls()) is None
    assert not tally.note("1", Standing.of(unknown, Calls()))
    assert tally.counts == Counts()


def test_who_was_never_seen_can_be_forgotten() -> None:
    tally = Tally()
    assert not tally.forget("1")
    assert tally.counts == Counts()


@pytest.mark.parametrize(
    ("telephony", "on_call", "ringing"),
    [
        (TelephonyStatus.NO_CALL, False, False),
        (TelephonyStatus.RINGING, False, True),
        (TelephonyStatus.CALL_CONNECTED, True, False),
        (TelephonyStatus.ON_HOLD, True, False),
        (TelephonyStatus.PARKED_CALL, False, False),
    ],
)
def test_without_details_the_status_tells(
    telephony: TelephonyStatus, on_call: bool, ringing: bool
) -> None:
    of = presence("1", telephony_status=telephony, active_calls=None)
    assert is_on_call(of, calls_of(of)) is on_call
    assert is_ringing(of, calls_of(of)) is ringing


def test_dialing_is_not_ringing() -> None:
    of = presence(
        "1",
        ActiveCall(
            id="1",
            direction=CallDirection.OUTBOUND,
            telephony_status=TelephonyStatus.RINGING,
        ),
        telephony_status=TelephonyStatus.RINGING,
    )
    assert is_ringing(of, calls_of(of)) is False


_CALLS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(CallDirection),
        st.sampled_from(TelephonyStatus),
    ).map(
        lambda facts: ActiveCall(
            id=facts[0], direction=facts[1], telephony_status=facts[2]
        )
    ),
    max_size=3,
)
_STEPS = st.lists(
    st.tuples(
        st.sampled_from("1234"),
        st.none() | st.tuples(_CALLS, st.sampled_from(PresenceStatus)),
    ),
    max_size=30,
)


@given(_STEPS)
def test_single_changes_add_up_to_counting_anew(
    steps: list[tuple[str, tuple[list[ActiveCall], PresenceStatus] | None]],
) -> None:
    """Whatever comes and goes: the counts are what counting everybody would find."""
    tally, office = Tally(), dict[str, tuple[Presence, Calls]]()
    for key, step in steps:
        before = tally.counts
        if step is None:
            office.pop(key, None)
            changed = tally.forget(key)
        else:
            calls, word = step
            of = presence(key, *calls, presence_status=word)
            office[key] = of, calls_of(of)
            changed = tally.note(key, Standing.of(*office[key]))
        assert tally.counts == Counts(
            on_call=sum(bool(is_on_call(*each)) for each in office.values()),
            ringing=sum(bool(is_ringing(*each)) for each in office.values()),
            available=sum(
                status(*each) is Status.AVAILABLE for each in office.values()
            ),
        )
        # Other numbers mean a change; the same numbers may be other people.
        assert changed or tally.counts == before
