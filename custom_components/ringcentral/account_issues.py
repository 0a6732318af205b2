"""Asks the user for what an account needs: another sign-in, a permission, or a look at its filters."""

from typing import override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .aioringcentral.account import AccountListener
from .aioringcentral.errors import (
    PermissionMissing,
    Reason,
    RingCentralError,
    SignInRequired,
)
from .aioringcentral.stream import Subscription
from .issues import (
    check_jwt,
    report_connected,
    report_permission_missing,
    report_subscription_limit,
    withdraw_subscription_limit,
)


class AccountIssues(AccountListener):
    """Opens repairs and a new sign-in for one entry, and withdraws what is no longer needed."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Keep the entry on whose behalf to ask."""
        self._hass = hass
        self._entry = entry

    @callback
    @override
    def account_connected(self, subscription: Subscription | None) -> None:
        """Say which filters are missing, and when the JWT expires."""
        check_jwt(self._hass, self._entry)
        report_connected(self._hass, self._entry, subscription)

    @callback
    @override
    def account_live(self) -> None:
        """Withdraw what was asked for: this sign-in works, and so does the subscription."""
        # A reading may have been refused with that code after the connection was made.
        withdraw_subscription_limit(self._hass, self._entry)
        flows = self._entry.async_get_active_flows(self._hass, {SOURCE_REAUTH})
        for flow in tuple(flows):
            self._hass.config_entries.flow.async_abort(flow["flow_id"])

    @callback
    @override
    def account_lost(self, error: RingCentralError) -> None:
        """Say that other programs hold all subscriptions, if that caused the loss."""
        if error.reason is Reason.SUBSCRIPTION_LIMIT:
            report_subscription_limit(self._hass, self._entry)

    @callback
    @override
    def account_failed(self, error: RingCentralError) -> None:
        """Ask for what would help: another sign-in, or a permission."""
        if isinstance(error, SignInRequired):
            self._entry.async_start_reauth(self._hass)
        if isinstance(error, PermissionMissing):
            report_permission_missing(self._hass, self._entry, error)
