"""Voicemails in the media browser: who sees and hears them, and that nothing is kept."""

from http import HTTPStatus
import logging

from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    PlayMedia,
    Unresolvable,
    async_browse_media,
    async_resolve_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ringcentral.const import (
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    DOMAIN,
)
from emulator import Emulator

from .call_stories import following
from .stories import LOGGER_NAME, Story

NAME, NUMBER = "Zora Quill", "+14155550177"
ROOT = f"media-source://{DOMAIN}"
CONTENT = (
    "GET /restapi/v1.0/account/{id}/extension/{id}/message-store/{id}/content/{id}"
)

pytestmark = pytest.mark.messages


@pytest.fixture(autouse=True)
async def media(hass: HomeAssistant, socket_enabled: None) -> None:
    """Have the media browser, and all that serves anything, before anybody comes."""
    assert await async_setup_component(hass, "http", {})
    assert await async_setup_component(hass, "media_source", {})
    assert await async_setup_component(hass, DOMAIN, {})


async def browse(hass: HomeAssistant, identifier: str = "") -> list[BrowseMediaSource]:
    """Return what is in a folder."""
    found = await async_browse_media(hass, f"{ROOT}/{identifier}".rstrip("/"))
    return [
        each for each in found.children or () if isinstance(each, BrowseMediaSource)
    ]


async def resolve(hass: HomeAssistant, item: BrowseMediaSource) -> PlayMedia:
    return await async_resolve_media(hass, item.media_content_id, None)


def fetched(emulator: Emulator) -> int:
    return sum(
        count for name, count in emulator.counters.requests.items() if "content" in name
    )


async def first(story: Story) -> BrowseMediaSource:
    """Return the newest voicemail."""
    (account,) = await browse(story.hass)
    assert account.title == story.entry.title
    found, *_ = await browse(story.hass, account.identifier or "")
    return found


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        (CALLER_HIDDEN, "0:12"),
        (CALLER_NAME, f"0:12, {NAME}"),
        (CALLER_FULL, f"0:12, {NAME}, {NUMBER}"),
    ],
)
async def test_a_title_says_as_much_of_the_caller_as_is_shown(
    hass: HomeAssistant, emulator: Emulator, mode: str, shown: str
) -> None:
    emulator.mail.leave(emulator.own_extension_id, number=NUMBER, name=NAME, seconds=12)
    async with following(hass, emulator, caller_identity=mode) as story:
        found = await first(story)
        assert found.can_play
        assert found.title.partition(", ")[2] == shown


async def test_a_dot_marks_what_was_not_heard(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    own = emulator.own_extension_id
    message = emulator.mail.leave(own)
    async with following(hass, emulator) as story:
        unheard = (await first(story)).title
        emulator.mail.mark(own, message, read=True)
        assert unheard == f"● {(await first(story)).title}"


async def test_audio_is_fetched_when_it_is_played_and_at_no_other_time(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.mail.leave(emulator.own_extension_id, number=NUMBER, name=NAME)
    client = await hass_client()
    caplog.set_level(logging.DEBUG, LOGGER_NAME)
    async with following(hass, emulator) as story:
        media = await resolve(hass, await first(story))
        assert media.mime_type == "audio/x-wav"
        assert fetched(emulator) == 0
        for count in (1, 2):
            reply = await client.get(media.url)
            assert reply.status == HTTPStatus.OK
            assert reply.content_type == "audio/x-wav"
            assert reply.headers["Cache-Control"] == "no-store"
            assert (await reply.read()).startswith(b"RIFF")
            assert fetched(emulator) == count
        assert "RIFF" not in caplog.text
        assert NAME not in caplog.text
        assert story.now("voicemails") == "1"


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-1", HTTPStatus.PARTIAL_CONTENT, slice(2)),
        ("bytes=4-", HTTPStatus.PARTIAL_CONTENT, slice(4, None)),
        ("bytes=-5", HTTPStatus.PARTIAL_CONTENT, slice(-5, None)),
        ("bytes=0-99999999", HTTPStatus.PARTIAL_CONTENT, slice(None)),
        ("bytes=99999999-", HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, slice(0)),
        ("pages=1", HTTPStatus.OK, slice(None)),
    ],
)
async def test_a_player_gets_the_part_that_it_asks_for(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    asked: str,
    status: HTTPStatus,
    part: slice,
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    client = await hass_client()
    async with following(hass, emulator) as story:
        media = await resolve(hass, await first(story))
        whole = await (await client.get(media.url)).read()
        reply = await client.get(media.url, headers={"Range": asked})
        assert reply.status == status
        assert await reply.read() == whole[part]
        assert reply.headers["Accept-Ranges"] == "bytes"
        start, stop, _ = part.indices(len(whole))
        told = {
            HTTPStatus.PARTIAL_CONTENT: f"bytes {start}-{stop - 1}/{len(whole)}",
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: f"bytes */{len(whole)}",
        }
        assert reply.headers.get("Content-Range") == told.get(status)


async def test_who_may_not_see_the_sensor_hears_nothing(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    hass_admin_user: MockUser,
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    client = await hass_client()
    async with following(hass, emulator) as story:
        media = await resolve(hass, await first(story))
        hass_admin_user.groups = []
        hass_admin_user.mock_policy(
            {"entities": {"entity_ids": {"sensor.other": True}}}
        )
        reply = await client.get(media.url)
        assert reply.status == HTTPStatus.UNAUTHORIZED
        assert fetched(emulator) == 0


async def test_nobody_hears_anything_without_signing_in(
    hass: HomeAssistant, emulator: Emulator, hass_client_no_auth: ClientSessionGenerator
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    client = await hass_client_no_auth()
    async with following(hass, emulator) as story:
        media = await resolve(hass, await first(story))
        assert (await client.get(media.url)).status == HTTPStatus.UNAUTHORIZED
        assert fetched(emulator) == 0


async def test_odd_ids_lead_nowhere(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    async with following(hass, emulator) as story:
        entry_id = story.entry.entry_id
        for identifier in ("none", f"{entry_id}/", f"{entry_id}/1", f"{entry_id}/a.b"):
            with pytest.raises(Unresolvable):
                await async_resolve_media(hass, f"{ROOT}/{identifier}", None)
        with pytest.raises(BrowseError):
            await browse(hass, "none")
        for path, status in (
            ("none/1/1", HTTPStatus.NOT_FOUND),
            (f"{entry_id}/1/1", HTTPStatus.NOT_FOUND),
            (f"{entry_id}/1/a.b", HTTPStatus.NOT_FOUND),
        ):
            reply = await client.get(f"/api/{DOMAIN}/voicemail/{path}")
            assert reply.status == status, path


async def test_trouble_of_the_service_is_said(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    async with following(hass, emulator) as story:
        found = await first(story)
        emulator.faults.set(http_5xx=[{"path": "*/message-store*", "status": 503}])
        with pytest.raises(BrowseError) as browsing:
            await browse(hass, story.entry.entry_id)
        assert browsing.value.translation_key == "voicemail_failed"
        with pytest.raises(Unresolvable) as resolving:
            await resolve(hass, found)
        assert resolving.value.translation_key == "voicemail_failed"


async def test_a_voicemail_that_was_deleted_is_gone(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    own = emulator.own_extension_id
    message = emulator.mail.leave(own)
    client = await hass_client()
    async with following(hass, emulator) as story:
        found = await first(story)
        media = await resolve(hass, found)
        emulator.mail.delete(own, message)
        assert (await client.get(media.url)).status == HTTPStatus.NOT_FOUND
        with pytest.raises(Unresolvable) as resolving:
            await resolve(hass, found)
        assert resolving.value.translation_key == "no_voicemail"


async def test_audio_that_cannot_be_read_is_not_gone(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    client = await hass_client()
    async with following(hass, emulator) as story:
        media = await resolve(hass, await first(story))
        emulator.faults.set(http_5xx=[{"path": "*/message-store*", "status": 503}])
        assert (await client.get(media.url)).status == HTTPStatus.BAD_GATEWAY


async def test_an_account_without_voicemail_is_not_listed(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.faults.set(refuse_filters={"*/message-store*": "SUB-403"})
    async with following(hass, emulator):
        assert await browse(hass) == []
