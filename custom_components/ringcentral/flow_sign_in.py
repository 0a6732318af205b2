"""The sign-in that a flow has opened, until an entry goes on with it or nobody does."""

from typing import TYPE_CHECKING, Any

from homeassistant.const import CONF_TOKEN
from homeassistant.core import HomeAssistant

from .const import CONF_AUTH, CONF_SERVER
from .oauth import OAuthTokens
from .signin import SignIn, end_session, hand_over, sign_in


class FlowSignIn:
    """One sign-in at most, and the credentials that it was opened with."""

    def __init__(self) -> None:
        """Begin without one."""
        self.data: dict[str, Any] = {}
        self._open: SignIn | None = None

    def is_at(self, way: str, server: str) -> bool:
        """Whether one is open that was opened this way, at this server."""
        return self._open is not None and (
            self.data[CONF_AUTH],
            self.data[CONF_SERVER],
        ) == (way, server)

    def open(self, hass: HomeAssistant, data: dict[str, Any]) -> SignIn:
        """Return a sign-in with these credentials, the one that is open where they are the same.

        Raises:
            Misconfigured: what was entered can never work.
        """
        if self._open is None or data != self.data:
            self.leave(hass)
            self.data = data
            self._open = sign_in(hass, data)
        return self._open

    def hand_over(self, hass: HomeAssistant) -> dict[str, Any]:
        """Let the entry go on with this sign-in, and return what the entry is to keep."""
        if TYPE_CHECKING:
            assert self._open is not None
        tokens, self._open = self._open.tokens, None
        if isinstance(tokens, OAuthTokens):
            # They may have been renewed meanwhile.
            self.data[CONF_TOKEN] = tokens.pair
        hand_over(hass, self.data, tokens)
        return self.data

    def leave(self, hass: HomeAssistant) -> None:
        """End the sign-in that is open."""
        if self._open is not None:
            end_session(hass, self._open.tokens)
            self._open = None
