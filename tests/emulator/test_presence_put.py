"""Setting presence over REST (docs/protocol.md 2.5)."""

from typing import Any

import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, Wire

PRESENCE = f"{OWN}/presence"


@pytest.mark.parametrize(
    "body",
    [
        {"userStatus": "Busy"},
        {"dndStatus": "DoNotAcceptAnyCalls"},
        {"message": "Available till 7 pm"},
        {"ringOnMonitoredCall": True, "pickUpCallsOnHold": True},
        {"callerIdVisibility": "PermittedUsers"},
        {},
    ],
)
async def test_partial_body(wire: Wire, body: dict[str, Any]) -> None:
    """What is named is set; the reply is the whole presence."""
    before = (await wire.get(PRESENCE)).json
    answer = await wire.put(PRESENCE, body)
    assert answer.status == 200
    after = answer.json
    assert after.pop("presenceStatus") in ("Available", "Busy")
    before.pop("presenceStatus")
    assert after == before | body


async def test_effect_on_presence_status(wire: Wire) -> None:
    """UserStatus Busy makes the aggregate Busy, Offline makes it Offline."""
    for status in ("Busy", "Offline", "Available"):
        answer = await wire.put(PRESENCE, {"userStatus": status})
        assert answer.json["presenceStatus"] == status


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"userStatus": "Sleeping"}, "userStatus"),
        ({"userStatus": None}, "userStatus"),
        ({"dndStatus": "Unknown"}, "dndStatus"),
        ({"dndStatus": "TakeDepartmentCallsOnly"}, "dndStatus"),
        ({"dndStatusPersonal": "x"}, "dndStatusPersonal"),
        ({"allowSeeMyPresence": "yes"}, "allowSeeMyPresence"),
        ({"ringOnMonitoredCall": 1}, "ringOnMonitoredCall"),
        ({"callerIdVisibility": "Some"}, "callerIdVisibility"),
        ({"message": "x" * 76}, "message"),
        ({"message": 7}, "message"),
    ],
)
async def test_bad_values(wire: Wire, body: dict[str, Any], name: str) -> None:
    """CMN-101 with the parameter's name, and nothing is set."""
    before = (await wire.get(PRESENCE)).json
    answer = await wire.put(PRESENCE, body)
    assert (answer.status, answer.codes) == (400, ["CMN-101"])
    assert answer.json["parameterName"] == name
    assert (await wire.get(PRESENCE)).json == before


@pytest.mark.parametrize(("data", "code"), [("{", "CMN-103"), ("[]", "CMN-104")])
async def test_bad_json(wire: Wire, data: str, code: str) -> None:
    """Not JSON, and JSON of another kind."""
    answer = await wire.send("PUT", PRESENCE, data=data)
    assert (answer.status, answer.codes) == (400, [code])


async def test_department_calls_are_for_queue_members(
    wire: Wire, emu: Emulator
) -> None:
    """Members may decline queue calls, others get 400."""
    body = {"dndStatus": "DoNotAcceptDepartmentCalls"}
    answer = await wire.put(PRESENCE, body)
    assert answer.json["presenceStatus"] == "Available"
    stranger = emu.ids(type="User", status="Enabled")[0]
    answer = await wire.put(f"{ACCOUNT}/extension/{stranger}/presence", body)
    assert (answer.status, answer.json["parameterName"]) == (400, "dndStatus")


async def test_user_status_needs_visibility(wire: Wire) -> None:
    """With allowSeeMyPresence off, userStatus stays as it is; both at once works."""
    await wire.put(PRESENCE, {"allowSeeMyPresence": False})
    answer = await wire.put(PRESENCE, {"userStatus": "Busy"})
    assert (answer.status, answer.json["userStatus"]) == (200, "Available")
    answer = await wire.put(
        PRESENCE, {"userStatus": "Busy", "allowSeeMyPresence": True}
    )
    assert answer.json["userStatus"] == "Busy"


async def test_own_presence_is_never_hidden(wire: Wire) -> None:
    """The user sees it whatever others may see."""
    await wire.put(PRESENCE, {"allowSeeMyPresence": False})
    assert (await wire.get(PRESENCE)).json["userStatus"] == "Available"


async def test_admin_sets_others(wire: Wire, other: str) -> None:
    """An administrator may."""
    answer = await wire.put(
        f"{ACCOUNT}/extension/{other}/presence", {"userStatus": "Busy"}
    )
    assert answer.json["userStatus"] == "Busy"


async def test_user_does_not_set_others(anonymous: Wire, emu: Emulator) -> None:
    """Anyone else may not, except for themselves."""
    user = next(x for x in emu.extension_ids if not emu.extension(x).admin)
    await anonymous.sign_in(user)
    path = f"{ACCOUNT}/extension/{emu.own_extension_id}/presence"
    answer = await anonymous.put(path, {"userStatus": "Busy"})
    assert (answer.status, answer.codes) == (403, ["CMN-404"])
    assert (await anonymous.put(PRESENCE, {"userStatus": "Busy"})).status == 200


@pytest.mark.parametrize("kind", ["Department", "ParkLocation", "IvrMenu", "Limited"])
async def test_users_only(wire: Wire, emu: Emulator, kind: str) -> None:
    """Only User-type extensions have a presence to set."""
    ext_id = emu.ids(type=kind)[0]
    answer = await wire.put(
        f"{ACCOUNT}/extension/{ext_id}/presence", {"userStatus": "Busy"}
    )
    assert (answer.status, answer.codes) == (403, ["CMN-403"])


async def test_account_presence_has_no_put(wire: Wire) -> None:
    """There is none."""
    assert (await wire.put(f"{ACCOUNT}/presence", {})).status == 404


async def test_edit_permission(wire: Wire, emu: Emulator) -> None:
    """PUT needs EditPresence, GET goes on."""
    emu.faults.set(permissions_removed=["EditPresence"])
    answer = await wire.put(PRESENCE, {"userStatus": "Busy"})
    assert (answer.status, answer.json["permissionName"]) == (403, "EditPresence")
    assert (await wire.get(PRESENCE)).status == 200


async def test_new_call_handling(wire: Wire, emu: Emulator) -> None:
    """Personal DND on and off, back to what dndStatus was."""
    emu.faults.set(new_call_handling=True)
    await wire.put(PRESENCE, {"dndStatus": "DoNotAcceptDepartmentCalls"})
    reply = (await wire.get(PRESENCE)).json
    assert reply["dndStatusPersonal"] == "TakeAllCalls"
    assert reply["acceptCallQueueCalls"] is True
    answer = await wire.put(PRESENCE, {"dndStatusPersonal": "DoNotAcceptAnyCalls"})
    assert answer.json["dndStatus"] == "DoNotAcceptAnyCalls"
    answer = await wire.put(PRESENCE, {"dndStatusPersonal": "TakeAllCalls"})
    assert answer.json["dndStatus"] == "DoNotAcceptDepartmentCalls"
