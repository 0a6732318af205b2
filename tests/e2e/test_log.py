"""The log of Home Assistant, at its most talkative: no complaint, no secret, nobody who calls.

Every other module's log is looked at too, when its processes end.
"""

from .running import CALLER, END_TO_END, Running

pytestmark = END_TO_END


async def test_nothing_but_what_anyone_may_read(running: Running) -> None:
    who, other = running.others[:2]
    await running.call(who, "ring", "answer", call="one", wait=True)
    await running.call(
        who, "dial", call="two", to="+14155550142", to_name=CALLER["from_name"]
    )
    await running.call(other, "ring", "missed", call="three", wait=True)
    await running.office.emulator.post(
        "deliver",
        extension_id=other,
        body={
            "extensionId": other,
            "activeCalls": [{"from": CALLER["from"], "telephonyStatus": 7}],
        },
    )
    await running.office.emulator.post(
        "frame", text=f'[{{"from": "{CALLER["from"]}"}}, '
    )
    await running.kill_sockets(recoverable=False)
    await running.agrees()
    await running.reload()
    await running.agrees()

    running.assert_clean_log()
