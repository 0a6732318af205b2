"""One newcomer's walk, from the archive of a release to a permission that was given back, told in order."""

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from demo.flow import FLOWS
from demo.states import ABSENT

from .installed import Office
from .newcomer import FIX, OPTIONS, Newcomer
from .running import CALLER, SOON, START_TIMEOUT, eventually


@pytest.fixture
async def newcomer(release: Path, tmp_path: Path) -> AsyncGenerator[Newcomer]:
    """Start the newest Home Assistant with nothing but a release in it."""
    async with (
        Office.open(tmp_path, ".venv-ha", release, rate_limits=False) as office,
        # As the frontend tells where it was loaded from.
        aiohttp.ClientSession(headers={"HA-Frontend-Base": office.hass.url}) as browser,
    ):
        yield Newcomer(office, browser)


@pytest.mark.timeout(300)
async def test_a_newcomers_walk(newcomer: Newcomer) -> None:
    emulator = newcomer.emulator
    # As the settings of the app have to say.
    await emulator.post("faults", refresh_tokens=True)
    own = str(emulator.info["own_extension_id"])
    people = [
        key
        for key, presence in (await emulator.truth()).items()
        if presence.get("presenceStatus") == "Available" and key != own
    ]
    *first, late = people[:3]
    await emulator.post("membership", favorites=first)

    await signs_in(newcomer)
    await newcomer.follows(*first)
    await lets_callers_be_seen(newcomer)
    await newcomer.follows(*first)

    await a_favorite_joins(newcomer, [*first, late])
    await signs_in_again(newcomer, late)
    for permission, name in (
        ("WebSocket", "WebSocket Subscriptions"),
        ("ReadPresence", "Read Presence"),
    ):
        await misses_a_permission(newcomer, permission, name)
        await newcomer.follows(*first, late)
        await newcomer.is_live(late)

    await tells_nothing(newcomer, late)
    newcomer.office.hass.assert_clean_log()


async def signs_in(newcomer: Newcomer) -> None:
    """Add the integration in the browser; the app has to be entered first."""
    begin = {"handler": "ringcentral"}
    menu = await newcomer.rest.post(FLOWS, begin)
    step = await newcomer.answer(menu, {"next_step_id": "oauth"})
    assert (step["type"], step["reason"]) == ("abort", "missing_credentials")
    info = newcomer.emulator.info
    await newcomer.call(
        "application_credentials/create",
        domain="ringcentral",
        client_id=info["client_id"],
        client_secret=info["client_secret"],
        name="Presence app",
    )
    menu = await newcomer.rest.post(FLOWS, begin)
    form = await newcomer.allow(await newcomer.to_the_service(menu))
    assert form["step_id"] == "follow"
    step = await newcomer.answer(form, {"follow": ["favorites"]})
    assert step["type"] == "create_entry"
    newcomer.entry_id = step["result"]["entry_id"]


async def lets_callers_be_seen(newcomer: Newcomer) -> None:
    """Change an option, so that there is something to lose, and something to tell."""
    form = await newcomer.rest.post(OPTIONS, {"handler": newcomer.entry_id})
    chosen = {"follow": ["favorites"], "caller_identity": "full"}
    step = await newcomer.answer(form, chosen, OPTIONS)
    assert step["type"] == "create_entry"
    assert await newcomer.options() == chosen


async def a_favorite_joins(newcomer: Newcomer, favorites: list[str]) -> None:
    """Claim that a favorite who is added becomes a device while the others stay as they are."""
    states = newcomer.office.states
    known, before = set(newcomer.entities.values()), len(states.changes)
    await newcomer.emulator.post("membership", favorites=favorites)
    await newcomer.follows(*favorites)
    await newcomer.is_live(favorites[-1])
    lost = [
        change
        for change in states.changes[before:]
        if change.entity_id in known
        and change.new in (None, *ABSENT)
        and change.old not in (None, *ABSENT)
    ]
    assert lost == []


async def signs_in_again(newcomer: Newcomer, extension_id: str) -> None:
    """Claim that nothing is lost when the sign-in ends, and states are true after the next one."""
    before = await newcomer.belongings()
    followed = newcomer.entities.extensions
    newcomer.note_secrets()
    await newcomer.emulator.post("tokens", action="revoke")

    async def is_asked() -> bool:
        return await newcomer.flows() != []

    await eventually(is_asked, START_TIMEOUT)
    await newcomer.knows_nothing()
    (flow,) = await newcomer.flows()
    assert flow["context"]["source"] == "reauth"
    assert flow["context"]["entry_id"] == newcomer.entry_id
    # What happens meanwhile nobody hears of.
    await newcomer.emulator.set_presence(extension_id, userStatus="Busy")

    menu = await newcomer.look(flow)
    step = await newcomer.allow(await newcomer.to_the_service(menu))
    assert (step["type"], step["reason"]) == ("abort", "reauth_successful")
    await newcomer.follows(*followed)
    newcomer.note_secrets()
    assert await newcomer.belongings() == before
    assert await newcomer.flows() == []
    await newcomer.is_live(extension_id)


async def misses_a_permission(newcomer: Newcomer, permission: str, name: str) -> None:
    """Claim that a repair names what is missing, and mends it once it is there again."""
    emulator = newcomer.emulator
    await emulator.post("faults", permissions_removed=[permission])
    await emulator.post("disconnect", code=1001, recoverable=False)

    async def is_told() -> bool:
        return await newcomer.issues() != []

    await eventually(is_told, START_TIMEOUT)
    await newcomer.knows_nothing()
    (issue,) = await newcomer.issues()
    assert issue["translation_key"] == "permission_missing"
    assert issue["translation_placeholders"]["permission"] == name
    assert await newcomer.flows() == []

    await newcomer.downloads_diagnostics()

    await emulator.post("faults", permissions_removed=[])
    issued = (await emulator.counters())["tokens_issued"]
    form = await newcomer.rest.post(
        FIX, {"handler": "ringcentral", "issue_id": issue["issue_id"]}
    )
    assert form["description_placeholders"]["permission"] == name
    step = await newcomer.answer(form, {}, FIX)
    assert step["type"] == "create_entry"

    async def is_mended() -> bool:
        return await newcomer.issues() == []

    await eventually(is_mended, START_TIMEOUT)
    # What a token allows was fixed when it was issued.
    assert (await emulator.counters())["tokens_issued"] > issued


async def tells_nothing(newcomer: Newcomer, extension_id: str) -> None:
    """Claim that neither diagnostics nor the log say who works here, who calls, or what signs in."""
    await newcomer.emulator.post(
        "calls", extension_id=extension_id, script=["ring"], call="seen", **CALLER
    )
    shown = newcomer.entities[extension_id, "caller"]
    await newcomer.office.states.wait_for(shown, "known", SOON)
    state = await newcomer.rest.get(f"/api/states/{shown}")
    assert set(CALLER.values()) <= {*map(str, state["attributes"].values())}

    newcomer.note_secrets()
    await newcomer.downloads_diagnostics(devices=True)
    log = newcomer.office.hass.log.read_text(errors="replace")
    assert "DEBUG" in log, "it tells all it can"
    assert not await newcomer.private_in(log)
