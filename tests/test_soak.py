"""The soak keeps its own promises: what it counts is right, and a broken promise ends it with 1."""

from dataclasses import replace
from itertools import islice
from pathlib import Path
import sqlite3
from typing import Any

import aiohttp
import pytest
import pytest_socket

from demo.entities import Entities
from demo.states import Change
from emulator import Emulator
from soak import queues
from soak.compare import (
    Stretches,
    differences,
    labels,
    unavailable_seconds,
    voicemails,
    wrong_values,
)
from soak.faults import FAULTS, ODD, PERMISSION, RECOVERABLE, RESTART
from soak.figures import Figures, course, memory, verdict
from soak.leaks import Secrets, search
from soak.people import flips
from soak.plan import ROUND, TIME_FACTOR, Weather, rounds
from soak.processes import SoakHass
from soak.readings import Reading, account, readings
from soak.service import noting

GOOD = Figures(
    seed=1,
    minutes=20.0,
    extensions=60,
    time_factor=120.0,
    planned_ends=4,
    recoveries=3,
    voicemails_left=5,
    queue_calls=5,
    witnessed_in_planned_ends=100,
    witnessed_in_recovered_drops=100,
    memory_kib_at_start=100_000,
    memory_kib_at_end=109_000,
)

# The verdict.


def test_good_figures_break_nothing() -> None:
    assert verdict(GOOD) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"divergences": ["extension 3: on_call is on, not off"]}, "divergences: 1"),
        ({"events_lost_in_planned_ends": 1}, "events lost in planned ends: 1"),
        ({"losses_in_planned_ends": 2}, "connections lost in planned ends: 2"),
        ({"reads_in_planned_ends": 1}, "reads in planned ends: 1"),
        ({"events_lost_in_recovered_drops": 1}, "events lost in recovered drops: 1"),
        (
            {"unavailable_seconds_in_recovered_drops": 0.2},
            "seconds unavailable in recovered drops: 0.2",
        ),
        ({"memory_kib_at_end": 110_001}, "memory: 110001 KiB, promised at most 110000"),
        ({"secrets_found": ["recorder: token, 1 times"]}, "secrets found: 1"),
        ({"planned_ends": 0}, "planned ends: none"),
        ({"witnessed_in_planned_ends": 0}, "events in planned ends: none"),
        ({"recoveries": 0}, "recoveries: none"),
        ({"voicemails_left": 0}, "voicemails: none"),
        ({"queue_calls": 0}, "queue calls: none"),
        ({"memory_kib_at_start": 0, "memory_kib_at_end": 0}, "memory: none"),
    ],
)
def test_a_broken_promise_is_told(change: dict[str, Any], told: str) -> None:
    broken = verdict(replace(GOOD, **change))

    assert len(broken) == 1
    assert broken[0].startswith(told)


def test_memory_may_still_warm_up_in_a_short_soak() -> None:
    short = replace(GOOD, minutes=10.0, memory_kib_at_end=129_000)

    assert verdict(short) == []
    assert len(verdict(replace(short, memory_kib_at_end=131_000))) == 1


def test_memory_is_looked_at_after_warming_up() -> None:
    assert memory([1, 2, 3, 10, 11, 10, 14, 15, 14]) == (10, 14)
    assert memory([7]) == (7, 7)
    assert course([1, 1, 2, 2, 4], parts=2) == [1, 2]
    assert course([3]) == [3]
    assert memory([]) == (0, 0)


# The plan.


def test_a_seed_decides_what_happens() -> None:
    assert list(islice(rounds(7, 600), 20)) == list(islice(rounds(7, 600), 20))
    assert list(islice(rounds(7, 600), 20)) != list(islice(rounds(8, 600), 20))


@pytest.mark.parametrize("seed", range(5))
def test_an_hour_has_every_fault_and_a_short_soak_every_weather(seed: int) -> None:
    hour = list(islice(rounds(seed, 3600), int(3600 / ROUND)))

    assert {name for each in hour for _, name in each.faults} == FAULTS.keys()
    assert {each.weather for each in islice(rounds(seed, 30), len(Weather))} == set(
        Weather
    )


@pytest.mark.parametrize("seed", range(5))
def test_weather_allows_what_it_says(seed: int) -> None:
    for number, each in enumerate(islice(rounds(seed, 600), 60)):
        names = {name for _, name in each.faults}
        if each.weather is Weather.PLANNED:
            assert not names
        if each.weather is Weather.RECOVERED:
            assert names <= set(RECOVERABLE)
            assert each.kind["refresh_tokens"]
        if each.weather is Weather.ODD:
            assert names <= {*ODD, PERMISSION}
        if number * ROUND >= 200:
            assert RESTART not in names, "the process lives through the rest"
        times = [at for at, _ in each.faults]
        assert times == sorted(times)
        assert all(at < each.seconds for at in times)


def test_the_integration_waits_as_long_as_the_soak_says(tmp_path: Path) -> None:
    hass = SoakHass(tmp_path / "config", 0, TIME_FACTOR)
    hass.prepare()

    ours = hass.folder / "custom_components/ringcentral/aioringcentral/account"
    rereads, removal, of_queues = (
        (ours / f"{name}.py").read_text()
        for name in ("full_rereads", "removal", "queues")
    )
    for source in (rereads, removal, of_queues):
        compile(source, "a module", "exec")
    assert "six_hours_over" in rereads
    assert "\nCONFIRM_AFTER: Final = 1.0\n" in removal
    assert "\n_EACH_OF_WAKES: Final = 1\n" in of_queues


# What is right.


def entities(*entries: tuple[str, str, str | None]) -> Entities:
    registry = [
        {
            "platform": "ringcentral",
            "unique_id": f"1_{unique}",
            "entity_id": entity_id,
            "disabled_by": disabled_by,
            "device_id": "device",
        }
        for unique, entity_id, disabled_by in entries
    ]
    return Entities("1", registry)


PERSON = {
    "telephonyStatus": "NoCall",
    "presenceStatus": "Available",
    "userStatus": "Available",
    "dndStatus": "TakeAllCalls",
    "meetingStatus": "Disconnected",
}
ONE = entities(
    ("12_dnd_status", "sensor.dnd", None),
    ("12_set_dnd_status", "select.dnd", None),
    ("12_in_meeting", "binary_sensor.meeting", "integration"),
    ("push_connected", "binary_sensor.push", None),
)
LABELS = labels(["12", "13"], {"12": PERSON, "13": {"telephonyStatus": "NoCall"}})
RIGHT = {
    "sensor.dnd": "take_all_calls",
    "select.dnd": "take_all_calls",
    "binary_sensor.push": "on",
}


def test_what_is_right_is_no_difference() -> None:
    assert differences(ONE, RIGHT, {"12": PERSON}, {"12"}) == []
    assert wrong_values(ONE, RIGHT, {"12": PERSON}) == set()


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (
            {"sensor.dnd": "do_not_accept_any_calls"},
            "extension 1: dnd_status is do_not_accept_any_calls, not take_all_calls",
        ),
        (
            {"select.dnd": "unknown"},
            "extension 1: set_dnd_status is unknown, not take_all_calls",
        ),
        ({"binary_sensor.push": "off"}, "account: push_connected is off, not on"),
    ],
)
def test_what_is_wrong_is_told_without_names(shown: dict[str, str], told: str) -> None:
    found = differences(ONE, RIGHT | shown, {"12": PERSON}, {"12"})

    assert [each.told(LABELS) for each in found] == [told]


def test_voicemails_that_wait_are_compared() -> None:
    entry = {
        "platform": "ringcentral",
        "unique_id": "1_12_voicemails",
        "entity_id": "sensor.voicemails",
        "device_id": "d",
        "disabled_by": None,
    }
    entities = Entities("1", [entry])

    assert voicemails(entities, {"sensor.voicemails": "2"}, "12", 2) == []
    for shown in ({"sensor.voicemails": "1"}, {"sensor.voicemails": "unknown"}, {}):
        (found,) = voicemails(entities, shown, "12", 2)
        assert found.told(LABELS).startswith("extension 1: voicemails is ")


TALKING = {"telephonyStatus": "CallConnected", "direction": "Inbound"}
WAITING = {"telephonyStatus": "Ringing", "direction": "Inbound"}
QUEUES = {
    "90": {"editable": True, "members": {"12": True, "13": True, "14": False}},
    "91": {"editable": False, "members": {"12": False}},
}
OFFICE: dict[str, Any] = {
    "12": PERSON,
    "13": PERSON | {"activeCalls": [TALKING]},
    "14": PERSON,
    "90": {"telephonyStatus": "Ringing", "activeCalls": [WAITING]},
}
QUEUE_STATES = {
    ("90", "members_available"): "1",
    ("90", "members_on_call"): "1",
    ("90", "waiting_calls"): "1",
    ("90", "waiting_since"): "a time",
    ("12", "takes_queue_calls_90_switch"): "on",
    ("12", "takes_queue_calls_91"): "off",
}


def test_what_queues_have_to_show() -> None:
    """Of the user's own ones whether they are taken, of the followed ones the rest."""
    everyone = {"12", "13", "14", "90"}

    assert queues.wanted(QUEUES, OFFICE, everyone, "12") == QUEUE_STATES


@pytest.mark.parametrize("dnd", ["DoNotAcceptAnyCalls", "DoNotAcceptDepartmentCalls"])
def test_who_takes_no_calls_is_not_available(dnd: str) -> None:
    quiet = OFFICE | {"12": PERSON | {"dndStatus": dnd}}
    found = queues.wanted(QUEUES, quiet, {"90"}, "12")

    assert found["90", "members_available"] == "1"
    # Of members who are not followed nobody knows whether they are on a call.
    assert found["90", "members_on_call"] == "unknown"


def test_an_empty_queue_has_no_time() -> None:
    found = queues.wanted(QUEUES, OFFICE | {"90": {}}, {"90"}, "12")

    assert found["90", "waiting_calls"] == "0"
    assert found["90", "waiting_since"] == "unknown"


def test_states_of_queues_are_compared() -> None:
    ids = {
        key: f"{'switch' if key[1].endswith('_switch') else 'sensor'}.{number}"
        for number, key in enumerate(QUEUE_STATES)
    }
    registered = entities(
        *(
            ("_".join(key).removesuffix("_switch"), entity_id, None)
            for key, entity_id in ids.items()
        )
    )
    right = {entity_id: QUEUE_STATES[key] for key, entity_id in ids.items()}
    right[ids["90", "waiting_since"]] = "2026-11-29T12:00:00+00:00"

    assert queues.differences(registered, right, QUEUE_STATES) == []
    assert queues.wrong_values(registered, right, QUEUE_STATES) == set()
    for (owner, key), entity_id in ids.items():
        (found,) = queues.differences(
            registered, right | {entity_id: "unknown"}, QUEUE_STATES
        )
        assert (found.owner, found.key, found.shown) == (owner, key, "unknown")
    on_call = ids["90", "members_on_call"]
    wrong = right | {on_call: "7", ids["90", "waiting_calls"]: "unavailable"}
    assert queues.wrong_values(registered, wrong, QUEUE_STATES) == {on_call}
    missing = queues.differences(entities(), right, QUEUE_STATES)
    assert {each.shown for each in missing} == {"missing"}


def test_a_queue_is_named_as_one() -> None:
    assert labels(["12", "90"], OFFICE, ["90"]) == {
        "12": "extension 1",
        "90": "queue 2",
    }


# Readings of presence.


def test_readings_are_told_with_their_cause() -> None:
    """As diagnostics have them, in seconds before the download."""
    told = {"cause": "calls", "extensions": 2, "due_age_seconds": 5.0}
    found = list(readings({"readings": [told | {"age_seconds": 2.0}]}, 100.0))

    assert found == [Reading(cause="calls", extensions=2, due=95.0, at=98.0)]
    assert found[0].told() == "calls, 2 extensions, due for 3.0 s"


@pytest.mark.parametrize(
    ("due", "at", "told", "own"),
    [
        (95.0, 98.0, 1, 1),
        # It had been due before the round began.
        (30.0, 98.0, 1, 0),
        (30.0, 80.0, 0, 0),
    ],
)
def test_a_round_owns_a_reading_whose_cause_arose_in_it(
    due: float, at: float, told: int, own: int
) -> None:
    found = Reading(cause="unreadable", extensions=61, due=due, at=at)
    accounted = account([found], told, 90.0)

    assert (len(accounted.told), accounted.own) == (told, own)


def test_a_request_that_no_reading_explains_is_the_rounds_own() -> None:
    earlier = Reading(cause="break", extensions=61, due=10.0, at=11.0)
    accounted = account([earlier], 2, 90.0)

    assert accounted.told == ["2 requests without a cause"]
    assert accounted.own == 2


def test_a_device_too_much_or_too_few_is_a_difference() -> None:
    gone = differences(ONE, RIGHT, {}, set())
    missing = differences(ONE, RIGHT, {"12": PERSON}, {"12", "13"})

    assert [each.told(LABELS) for each in gone] == [
        "extension 1: device is there, not gone"
    ]
    assert [each.told(LABELS) for each in missing] == [
        "park location 2: device is missing, not there"
    ]


def test_unavailable_is_no_wrong_value() -> None:
    wrong = RIGHT | {"sensor.dnd": "unavailable", "select.dnd": "other"}

    assert wrong_values(ONE, wrong, {"12": PERSON}) == {"select.dnd"}


def test_the_longest_stretch_of_one_entity_counts() -> None:
    stretches = Stretches()
    for now, wrong in enumerate([("a",), ("a", "b"), ("b",), (), ("b",), ("a",)]):
        stretches.note(wrong, float(now))

    assert stretches.longest == 1.0


def changes(*told: tuple[float, str, str, str]) -> list[Change]:
    return [Change(entity_id, old, new, at) for at, entity_id, old, new in told]


def test_seconds_in_which_anything_is_unavailable_count_once() -> None:
    seen = changes(
        (1.0, "a", "on", "unavailable"),
        (2.0, "b", "on", "unavailable"),
        (3.0, "b", "unavailable", "on"),
        (5.0, "a", "unavailable", "off"),
        (6.0, "other", "on", "unavailable"),
        (8.0, "b", "on", "unavailable"),
    )

    assert unavailable_seconds(seen, {"a", "b"}, 9.5) == 4.0 + 1.5
    assert unavailable_seconds([], {"a"}, 9.5) == 0.0


def test_a_lost_event_of_a_witness_shows() -> None:
    seen = changes(
        (0.1, "w", "off", "on"),
        (1.1, "w", "on", "off"),
        (1.5, "w", "off", "unavailable"),
        (1.6, "w", "unavailable", "off"),
        (2.1, "w", "off", "on"),
        (2.2, "other", "off", "on"),
        (3.1, "w", "on", "off"),
    )

    assert flips(seen, "w") == [0.1, 1.1, 2.1, 3.1]
    # The second event is lost: the third is no change then.
    assert flips([seen[0], *seen[5:]], "w") == [0.1, 3.1]


# Secrets.

HIDDEN = Secrets(
    issued={"EMUabcdefghijklmnopqrstuvwxyz0123456789"},
    entered=["client-secret"],
    names=["Nora New"],
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("got EMUabcdefghijklmnopqrstuvwxyz0123456789!", "token"),
        ('{"k":"xxEMUabcdefghijklmnopqrstuvwxyz"}', "token"),
        ("the client-secret is", "credential"),
        ("Authorization: Bearer ey0123456789", "authorization"),
        ("ws://host/ws?access_token=abc", "authorization"),
        ("from +14155550199", "phone number"),
        ("from 16505551234", "phone number"),
        ("from Zebulon Quagmire", "caller's name"),
        ("from Acme Supplies", "caller's name"),
        ('{"caller_name": "x"}', "caller's attribute"),
        ("Nora New calls", "name"),
    ],
)
def test_each_kind_of_secret_is_found(text: str, kind: str) -> None:
    assert HIDDEN.kinds_in(text) == {kind: 1}


@pytest.mark.parametrize(
    "text",
    ["nora_new_on_call", "4405063260080", "EMUabcdefghijklm", "caller_identity"],
)
def test_what_is_no_secret_is_not(text: str) -> None:
    assert HIDDEN.kinds_in(text) == {}


def test_secrets_are_looked_for_in_all_that_is_kept(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "home-assistant_v2.db") as database:
        database.execute("create table states (state text)")
        database.execute("insert into states values ('Nora New, +14155550199')")
    database.close()
    (tmp_path / ".storage").mkdir()
    (tmp_path / ".storage/core.restore_state").write_text("Acme Supplies")
    (tmp_path / "console.log").write_text("Nora New")
    (tmp_path / "home-assistant.log").write_text("client-secret")
    (tmp_path / "home-assistant.log.1").write_text("+14155550199")

    found = search(tmp_path, "Zebulon Quagmire", HIDDEN)

    assert found == [
        "diagnostics: caller's name, 1 times",
        "console.log: name, 1 times",
        "home-assistant.log: credential, 1 times",
        "home-assistant.log.1: phone number, 1 times",
        "recorder: phone number, 1 times",
        "home-assistant_v2.db: phone number, 1 times",
        "core.restore_state: caller's name, 1 times",
    ]


async def test_every_token_that_the_emulator_gives_out_is_noted(tmp_path: Path) -> None:
    pytest_socket.enable_socket()
    book = tmp_path / "issued.txt"
    with noting(book):
        async with (
            Emulator(extensions=3) as service,
            aiohttp.ClientSession(service.url) as session,
        ):
            service.faults.set(refresh_tokens=True)
            async with session.post(
                "/restapi/oauth/token",
                headers={
                    "Authorization": aiohttp.encode_basic_auth(
                        service.client_id, service.client_secret
                    )
                },
                data={
                    "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                    "assertion": service.jwt,
                },
            ) as reply:
                tokens = await reply.json()
            async with session.post(
                "/restapi/oauth/wstoken",
                headers={"Authorization": f"Bearer {tokens['access_token']}"},
            ) as reply:
                ticket = (await reply.json())["ws_access_token"]

    issued = book.read_text().split()
    heads = {each[:24] for each in issued}
    for token in (tokens["access_token"], tokens["refresh_token"], ticket):
        assert any(token[at : at + 24] in heads for at in range(len(token) - 23))
