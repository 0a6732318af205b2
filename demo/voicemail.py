"""Voicemail in the demo: leaves one from a second terminal, and checks it for `--check`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from .api import Json
from .entities import Entities
from .office import Office
from .ring import Line
from .states import ABSENT

# Who leaves a voicemail, and how many seconds it lasts.
_LEFT: Final[Json] = {
    "from": "+14155550123",
    "from_name": "Robin Lake",
    "seconds": 6,
}
# Seconds in which a voicemail has to show, and to be marked as heard.
SHOWN: Final = 10.0
_SOURCE: Final = "media-source://ringcentral"


async def leave(folder: Path, say: Callable[[str], None]) -> None:
    """Leave a voicemail for you in the demo of a folder.

    Raises:
        RingFailed: no demo is running there.
    """
    line = Line.read(folder)
    async with aiohttp.ClientSession() as session:
        await line.post(session, "voicemails", _LEFT)
    say(f"You have a voicemail. {line.desk} counts it")
    say("Listen to it under Media > RingCentral")


@dataclass(frozen=True, slots=True)
class Heard:
    """A voicemail that arrived, was played, and was marked as heard."""

    title: str
    """As the media browser lists it."""
    audio: bytes
    content_type: str


async def check_voicemail(office: Office, entities: Entities) -> Heard:
    """Leave a voicemail, see it counted, play it in the media browser, and mark all as heard.

    Raises:
        TimeoutError: it did not show, or was not marked, in time.
    """
    sensor = entities[office.own, "voicemails"]
    await office.states.wait_until(
        lambda: office.states.get(sensor) not in (None, *ABSENT), SHOWN, "voicemail"
    )
    before = int(office.states.get(sensor, ""))
    await office.emulator.post("voicemails", **_LEFT)
    await office.states.wait_for(sensor, str(before + 1), SHOWN)
    socket = office.socket
    accounts = await socket.call("media_source/browse_media", media_content_id=_SOURCE)
    account = accounts["children"][0]["media_content_id"]
    listed = await socket.call("media_source/browse_media", media_content_id=account)
    newest = listed["children"][0]
    played = await socket.call(
        "media_source/resolve_media", media_content_id=newest["media_content_id"]
    )
    async with office.session.get(f"{office.hass.url}{played['url']}") as reply:
        reply.raise_for_status()
        audio, content_type = await reply.read(), reply.content_type
    await office.rest.post(
        "/api/services/ringcentral/mark_voicemails_read", {"entity_id": sensor}
    )
    await office.states.wait_for(sensor, "0", SHOWN)
    return Heard(newest["title"], audio, content_type)
