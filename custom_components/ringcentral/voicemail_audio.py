"""The audio of voicemails, fetched from RingCentral when somebody plays it, and never kept."""

from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView

from .aioringcentral.errors import Reason, RingCentralError
from .aioringcentral.voicemail import Audio
from .const import DOMAIN
from .coordinator import RingCentralCoordinator

AUDIO_PATH: Final = f"/api/{DOMAIN}/voicemail"


def async_setup_voicemail_audio(hass: HomeAssistant) -> None:
    """Serve voicemails, if Home Assistant has an HTTP server."""
    if "http" in hass.config.components:
        hass.http.register_view(VoicemailView())


class VoicemailView(HomeAssistantView):
    """Passes on the audio of a voicemail to users who may see that there are voicemails."""

    url = f"{AUDIO_PATH}/{{entry_id}}/{{message_id}}/{{attachment_id}}"
    name = f"api:{DOMAIN}:voicemail"

    async def get(
        self,
        request: web.Request,
        entry_id: str,
        message_id: str,
        attachment_id: str,
    ) -> web.Response:
        """Fetch the audio now, and keep nothing."""
        hass = request.app[KEY_HASS]
        coordinator = with_voicemail(hass, entry_id)
        if coordinator is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        if not _may_hear(hass, coordinator, request[KEY_HASS_USER]):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        try:
            audio = await coordinator.account.sign_in.rest.voicemails.audio(
                message_id, attachment_id
            )
        except RingCentralError as err:
            is_gone = err.reason is Reason.NOT_FOUND
            return web.Response(
                status=HTTPStatus.NOT_FOUND if is_gone else HTTPStatus.BAD_GATEWAY
            )
        return _part(request, audio)


def _part(request: web.Request, audio: Audio) -> web.Response:
    """Return the audio, or the part of it that was asked for: Safari on iOS asks for parts first."""
    size = len(audio.content)
    headers = {"Cache-Control": "no-store", "Accept-Ranges": "bytes"}
    status, content = HTTPStatus.OK, audio.content
    try:
        start, stop, _ = request.http_range.indices(size)
        is_part = hdrs.RANGE in request.headers
    except ValueError:
        # Ignore a header that is not a range.
        is_part = False
    if is_part and start >= stop:
        headers[hdrs.CONTENT_RANGE] = f"bytes */{size}"
        return web.Response(
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers
        )
    if is_part:
        headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{size}"
        status, content = HTTPStatus.PARTIAL_CONTENT, content[start:stop]
    return web.Response(
        status=status, body=content, content_type=audio.content_type, headers=headers
    )


def with_voicemail(hass: HomeAssistant, entry_id: str) -> RingCentralCoordinator | None:
    """Return the coordinator of an entry, if its account has voicemail."""
    entry = hass.config_entries.async_get_entry(entry_id)
    if (
        entry is None
        or entry.domain != DOMAIN
        or entry.state is not ConfigEntryState.LOADED
    ):
        return None
    coordinator: RingCentralCoordinator = entry.runtime_data
    return coordinator if coordinator.voicemail.mailbox.is_offered else None


def _may_hear(
    hass: HomeAssistant, coordinator: RingCentralCoordinator, user: User
) -> bool:
    if (entity_id := coordinator.voicemail.sensor(hass)) is None:
        return user.is_admin
    return user.permissions.check_entity(entity_id, POLICY_READ)
