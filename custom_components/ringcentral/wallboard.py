"""The wallboard card: serves it, and loads it into every dashboard."""

import hashlib
from pathlib import Path
from typing import Final

from homeassistant.components import frontend
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import HomeAssistant

from .const import DOMAIN

FOLDER: Final = Path(__file__).parent / "frontend"
URL: Final = f"/{DOMAIN}_wallboard"
LOADER: Final = "ringcentral.js"


async def async_setup_wallboard(hass: HomeAssistant) -> None:
    """Serve the card, and have pages load the few lines of it that fetch the rest when it is shown.

    It is a module of the frontend rather than a dashboard resource, so it works if dashboards are
    YAML, is there without a restart, and leaves nothing behind in the user's configuration.
    """
    if frontend.DOMAIN not in hass.config.components:
        return
    folder = f"{URL}/{await hass.async_add_executor_job(_version)}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(folder, str(FOLDER), cache_headers=True)]
    )
    frontend.add_extra_js_url(hass, f"{folder}/{LOADER}")


def _version() -> str:
    """Return a tag that changes with the files, since browsers cache them for a month.

    It is a folder in the address, so that the modules that a module imports have it, too.
    """
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*.js")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
