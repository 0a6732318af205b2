"""The call log: what ended how, a while later, within the Heavy budget."""

from typing import Any

import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, Wire

LOG = f"{OWN}/call-log"
SYNC = f"{OWN}/call-log-sync"


async def records(wire: Wire, path: str = SYNC) -> list[dict[str, Any]]:
    """Return the records of a reply."""
    answer = await wire.get(path)
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.json["records"]
    return found


@pytest.mark.parametrize(
    ("script", "result"),
    [
        (["ring", "missed"], "Missed"),
        (["ring", "abandoned"], "Abandoned"),
        (["ring", "hangup"], "Abandoned"),
        (["ring", "reject"], "Rejected"),
        (["ring", "elsewhere"], "Answered Elsewhere"),
        (["ring", "voicemail"], "Voicemail"),
        (["ring", "answer", "hangup"], "Accepted"),
        (["ring", "answer", "hold", "transfer"], "Accepted"),
        (["dial", "answer", "hangup"], "Call connected"),
        (["dial", "hangup"], "Hang Up"),
    ],
)
async def test_results(
    wire: Wire, emu: Emulator, script: list[str], result: str
) -> None:
    """One record a call, with the ids that presence had."""
    emu.faults.set(call_log_delay=0)
    played = await emu.play_call(emu.own_extension_id, script)
    record = (await records(wire))[0]
    assert record["result"] == result
    assert record["telephonySessionId"] == played["telephonySessionId"]
    assert record["sessionId"] == played["sessionId"]
    assert record["direction"] == ("Outbound" if script[0] == "dial" else "Inbound")
    assert ("message" in record) is (result == "Voicemail")
    if result == "Voicemail":
        left = emu.mail.all()[emu.own_extension_id][0]
        assert record["message"]["id"] == left["id"]


async def test_it_takes_its_time(wire: Wire, emu: Emulator) -> None:
    """15 to 30 seconds of the emulator's clock."""
    await emu.play_call(emu.own_extension_id, ["ring", "missed"])
    emu.clock.advance(14)
    assert await records(wire) == []
    emu.clock.advance(16)
    assert len(await records(wire)) == 1


async def test_durations(wire: Wire, emu: Emulator) -> None:
    """From the answer to the end; a missed call has none."""
    own = emu.own_extension_id
    await emu.play_call(own, ["ring", "answer"], key="a")
    emu.clock.advance(90)
    await emu.play_call(own, ["hangup"], key="a")
    await emu.play_call(own, ["ring", "missed"])
    emu.clock.advance(30)
    assert [each["duration"] for each in await records(wire)] == [0, 90]


async def test_sync(wire: Wire, emu: Emulator) -> None:
    """All of it, then what came since the token."""
    emu.faults.set(call_log_delay=0)
    own = emu.own_extension_id
    await emu.play_call(own, ["ring", "missed"])
    first = (await wire.get(f"{SYNC}?syncType=FSync&recordCount=10")).json
    assert len(first["records"]) == 1
    token = first["syncInfo"]["syncToken"]
    path = f"{SYNC}?syncType=ISync&syncToken={token}"
    assert await records(wire, path) == []
    await emu.play_call(own, ["ring", "reject"])
    assert [each["result"] for each in await records(wire, path)] == ["Rejected"]
    assert (await wire.get(f"{SYNC}?syncType=ISync&syncToken=x")).codes == ["CMN-101"]
    assert (await wire.get(f"{SYNC}?syncType=x")).codes == ["CMN-101"]


async def test_log(wire: Wire, emu: Emulator) -> None:
    """Paged and filtered, the newest first."""
    emu.faults.set(call_log_delay=0)
    own = emu.own_extension_id
    sessions = [
        (await emu.play_call(own, script))["telephonySessionId"]
        for script in (["ring", "missed"], ["dial", "hangup"], ["ring", "reject"])
    ]
    found = await records(wire, f"{LOG}?perPage=2")
    assert [each["telephonySessionId"] for each in found] == sessions[:0:-1]
    reply = (await wire.get(f"{LOG}?direction=Inbound")).json
    assert reply["paging"]["totalElements"] == 2
    one = await records(wire, f"{LOG}?telephonySessionId={sessions[0]}")
    assert [each["result"] for each in one] == ["Missed"]
    assert await records(wire, f"{LOG}?dateFrom=2100-01-01T00:00:00Z") == []
    assert await records(wire, f"{LOG}?type=Fax") == []
    assert (await wire.get(f"{LOG}?dateFrom=x")).codes == ["CMN-101"]
    assert (await wire.get(f"{LOG}?direction=x")).codes == ["CMN-101"]


@pytest.mark.parametrize("how", ["absent", "other"])
async def test_ids_that_do_not_match(wire: Wire, emu: Emulator, how: str) -> None:
    """A log that names the session otherwise, or not."""
    emu.faults.set(call_log_delay=0, call_log_ids=how)
    played = await emu.play_call(emu.own_extension_id, ["ring", "missed"])
    record = (await records(wire))[0]
    assert record.get("telephonySessionId") != played["telephonySessionId"]
    assert ("telephonySessionId" in record) is (how == "other")


async def test_a_queue(wire: Wire, emu: Emulator) -> None:
    """Who answered has the call, the others had it answered elsewhere."""
    emu.faults.set(call_log_delay=0)
    own = emu.own_extension_id
    queue = emu.ids(type="Department")[0]
    played = await emu.play_call(queue, ["ring", "answer", "hangup"], answered_by=own)
    assert [each["result"] for each in await records(wire)] == ["Accepted"]
    other = next(each for each in played["members"] if each != own)
    path = f"{ACCOUNT}/extension/{other}/call-log"
    assert [each["result"] for each in await records(wire, path)] == [
        "Answered Elsewhere"
    ]
    await emu.play_call(queue, ["ring", "missed"])
    path = f"{ACCOUNT}/extension/{queue}/call-log"
    assert (await records(wire, path))[0]["result"] == "Abandoned"


async def test_parked_and_retrieved(wire: Wire, emu: Emulator, other: str) -> None:
    """A record for each who had it."""
    emu.faults.set(call_log_delay=0)
    own = emu.own_extension_id
    await emu.play_call(own, ["ring", "answer", "park"], key="p")
    await emu.play_call(other, ["retrieve", "hangup"], key="p")
    assert [each["result"] for each in await records(wire)] == ["Accepted"]
    path = f"{ACCOUNT}/extension/{other}/call-log"
    assert [each["result"] for each in await records(wire, path)] == ["Accepted"]


async def test_permission_and_budget(
    wire: Wire, anonymous: Wire, emu: Emulator, other: str
) -> None:
    """ReadCallLog, own or as administrator, ten a minute for log and sync together."""
    emu.faults.set(permissions_removed=["ReadCallLog"])
    answer = await wire.get(SYNC)
    assert (answer.status, answer.json["permissionName"]) == (403, "ReadCallLog")
    emu.faults.clear()
    statuses = [(await wire.get(path)).status for path in (LOG, SYNC) * 5]
    assert statuses == [200] * 9 + [429]
    await anonymous.sign_in(other)
    path = f"{ACCOUNT}/extension/{emu.own_extension_id}/call-log"
    if not emu.extension(other).admin:
        assert (await anonymous.get(path)).codes == ["CMN-404"]
