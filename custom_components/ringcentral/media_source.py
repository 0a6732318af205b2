"""The user's voicemails in the media browser: listed when somebody looks, fetched when played, never kept."""

from typing import Final, override

from homeassistant.components.media_player.const import MediaClass
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .aioringcentral.errors import Reason, RingCentralError
from .aioringcentral.voicemail import Voicemail
from .const import DOMAIN
from .coordinator import RingCentralCoordinator
from .voicemail_audio import AUDIO_PATH, with_voicemail

# A dot as in mail programs; a word would need the user's language, which a media source does not know.
_UNHEARD: Final = "●"


async def async_get_media_source(hass: HomeAssistant) -> VoicemailSource:
    """Return the source."""
    return VoicemailSource(hass)


class VoicemailSource(MediaSource):
    """Lists voicemails by account; an identifier is an entry's id, followed by a message's id for a voicemail."""

    name = "RingCentral"

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant."""
        super().__init__(DOMAIN)
        self._hass = hass

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return the accounts, or the voicemails of one."""
        if not item.identifier:
            accounts = [
                _folder(entry.entry_id, entry.title)
                for entry in self._hass.config_entries.async_loaded_entries(DOMAIN)
                if entry.runtime_data.voicemail.mailbox.is_offered
            ]
            return _folder(None, self.name, accounts)
        coordinator = with_voicemail(self._hass, item.identifier)
        if coordinator is None:
            raise BrowseError(translation_domain=DOMAIN, translation_key="no_voicemail")
        try:
            found = await coordinator.account.sign_in.rest.voicemails.newest()
        except RingCentralError as err:
            raise BrowseError(
                translation_domain=DOMAIN,
                translation_key="voicemail_failed",
                translation_placeholders={"reason": str(err.reason)},
            ) from err
        entry = coordinator.config_entry
        messages = [_message(coordinator, each) for each in found.newest]
        return _folder(entry.entry_id, entry.title, messages)

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return the address from which a voicemail is played."""
        entry_id, _, message_id = item.identifier.partition("/")
        coordinator = with_voicemail(self._hass, entry_id)
        if coordinator is None or not message_id:
            raise Unresolvable(
                translation_domain=DOMAIN, translation_key="no_voicemail"
            )
        try:
            found = await coordinator.account.sign_in.rest.voicemails.one(message_id)
        except RingCentralError as err:
            # It was deleted since it was listed, so trying again later would not help.
            if err.reason is Reason.NOT_FOUND:
                raise Unresolvable(
                    translation_domain=DOMAIN, translation_key="no_voicemail"
                ) from err
            raise Unresolvable(
                translation_domain=DOMAIN,
                translation_key="voicemail_failed",
                translation_placeholders={"reason": str(err.reason)},
            ) from err
        path = f"{AUDIO_PATH}/{entry_id}/{found.id}/{found.attachment or found.id}"
        return PlayMedia(path, found.content_type)


def _folder(
    identifier: str | None,
    title: str,
    children: list[BrowseMediaSource] | None = None,
) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.DIRECTORY,
        media_content_type="",
        title=title,
        can_play=False,
        can_expand=True,
        children_media_class=MediaClass.MUSIC if identifier else MediaClass.DIRECTORY,
        children=children,
    )


def _message(
    coordinator: RingCentralCoordinator, voicemail: Voicemail
) -> BrowseMediaSource:
    """Return one voicemail: a dot if it is new, when it arrived, how long it is, and the caller as far as shown."""
    parts = []
    if voicemail.received_at is not None:
        parts.append(f"{dt_util.as_local(voicemail.received_at):%Y-%m-%d %H:%M}")
    if voicemail.duration is not None:
        minutes, seconds = divmod(round(voicemail.duration), 60)
        parts.append(f"{minutes}:{seconds:02}")
    parts += coordinator.caller(voicemail.name, voicemail.number).values()
    title = ", ".join(parts) or voicemail.id
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=f"{coordinator.config_entry.entry_id}/{voicemail.id}",
        media_class=MediaClass.MUSIC,
        media_content_type=voicemail.content_type,
        title=title if voicemail.is_read else f"{_UNHEARD} {title}",
        can_play=True,
        can_expand=False,
    )
