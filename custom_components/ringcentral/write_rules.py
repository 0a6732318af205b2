"""Rules for changing presence: which extensions and values, what to send, and what a refusal means to the user."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .aioringcentral.auth import names
from .aioringcentral.errors import (
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)
from .aioringcentral.models import DndStatus, Extension, Presence, UserStatus
from .const import DOMAIN

EDIT_PERMISSION: Final = "EditPresence"

LONGEST_DURATION: Final = timedelta(days=366)
# The service keeps a status message of 75 characters (docs/protocol.md 2.4).
LONGEST_MESSAGE: Final = 75

# Types whose presence the service lets anyone set (docs/protocol.md 2.5: "User-type extensions only").
_EDITABLE_TYPES: Final = frozenset(
    {"User", "DigitalUser", "VirtualUser", "FlexibleUser"}
)
_ALWAYS: Final = (DndStatus.TAKE_ALL_CALLS, DndStatus.DO_NOT_ACCEPT_ANY_CALLS)


def may_edit(extension: Extension, own: Extension, scope: Collection[str]) -> bool:
    """Whether to offer controls for an extension: for the user's own, and to an admin for any user's.

    An empty scope forbids nothing; in that case the first refused change tells.
    """
    if not names(scope, EDIT_PERMISSION):
        return False
    if extension.id == own.id:
        return True
    return own.is_admin and extension.type in _EDITABLE_TYPES


def dnd_choices(
    presence: Presence, earlier: DndStatus | None, *, queue_member: bool
) -> list[DndStatus]:
    """Return the do-not-disturb values that the service accepts for an extension.

    The department values are for members of call queues. ``TakeDepartmentCallsOnly`` can only be set in old user
    interfaces (docs/protocol.md 2.5): it is listed while it is set, and refused when chosen.
    """
    department = DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS
    choices = list(_ALWAYS)
    if queue_member or department in (presence.dnd_status, earlier):
        choices.append(department)
    if presence.dnd_status is DndStatus.TAKE_DEPARTMENT_CALLS_ONLY:
        choices.append(DndStatus.TAKE_DEPARTMENT_CALLS_ONLY)
    return choices


def dnd_to_send(
    current: DndStatus | None, earlier: DndStatus | None, wanted: DndStatus
) -> DndStatus:
    """Return the value to send: ending do-not-disturb restores the earlier department setting.

    In other clients, users have lost that setting this way (docs/protocol.md 2.5). To take all calls, they choose once
    more.
    """
    ends = (
        current is DndStatus.DO_NOT_ACCEPT_ANY_CALLS
        and wanted is DndStatus.TAKE_ALL_CALLS
    )
    return (
        earlier
        if ends and earlier is DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS
        else wanted
    )


def attempts_of(
    values: Mapping[str, Any], current: DndStatus | None, earlier: DndStatus | None
) -> list[Mapping[str, Any]]:
    """Return the values to send, each to be tried if the service refuses those before it.

    The earlier department setting is refused once the user has left all queues (docs/protocol.md 2.5), but
    do-not-disturb has to end all the same.
    """
    wanted = values.get("dnd_status")
    if wanted is None or (sent := dnd_to_send(current, earlier, wanted)) is wanted:
        return [values]
    return [{**values, "dnd_status": sent}, values]


def without_department(values: Mapping[str, str]) -> Mapping[str, str]:
    """Return the values to write for somebody who is no longer in any queue."""
    if values.get("dnd_status") != DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS:
        return values
    return {**values, "dnd_status": DndStatus.TAKE_ALL_CALLS}


def is_refused_value(error: RingCentralError) -> bool:
    """Whether the service refused a value, and so carried out nothing of the request."""
    return error.reason is Reason.INVALID_REQUEST


def dnd_to_bring_back(before: DndStatus | None) -> DndStatus | None:
    """Return the value to set in place of an earlier one, since that of old user interfaces cannot be set."""
    return (
        DndStatus.TAKE_ALL_CALLS
        if before is DndStatus.TAKE_DEPARTMENT_CALLS_ONLY
        else before
    )


def check_values(
    presence: Presence, user_status: UserStatus | None, dnd_status: DndStatus | None
) -> None:
    """Refuse values that the service never accepts.

    Raises:
        ServiceValidationError: says what to do instead.
    """
    if dnd_status is DndStatus.TAKE_DEPARTMENT_CALLS_ONLY:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="legacy_dnd_status"
        )
    if user_status is not None and presence.allow_see_my_presence is False:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="presence_hidden"
        )


def check_duration(duration: timedelta | None) -> None:
    """Refuse a duration that is longer than anyone needs.

    Raises:
        ServiceValidationError: names the longest duration.
    """
    if duration is not None and not timedelta() <= duration <= LONGEST_DURATION:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="duration_too_long",
            translation_placeholders={"days": str(LONGEST_DURATION.days)},
        )


def unknown_before() -> ServiceValidationError:
    """Return what to raise if a value to bring back is unknown."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key="unknown_before"
    )


def not_kept() -> HomeAssistantError:
    """Return what to raise if what has to be undone cannot be written to disk."""
    return HomeAssistantError(translation_domain=DOMAIN, translation_key="not_kept")


def not_connected(account: str) -> ServiceValidationError:
    """Return what to raise for an account that is not loaded."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_loaded",
        translation_placeholders={"account": account},
    )


def is_in_doubt(error: RingCentralError) -> bool:
    """Whether a change may have been made although no reply says so."""
    return isinstance(error, RetryLater) and error.may_have_worked


def in_doubt() -> HomeAssistantError:
    """Return what to raise for a change that may or may not have been made."""
    return HomeAssistantError(
        translation_domain=DOMAIN, translation_key="change_in_doubt"
    )


def refused_change(error: RingCentralError) -> HomeAssistantError:
    """Return what to raise for a change that failed, or whose outcome is unknown."""
    if (
        isinstance(error, RetryLater)
        and error.may_have_worked
        # Both say that the request was not carried out, but a reading checks that all the same.
        and error.status
        not in (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
    ):
        return in_doubt()
    if isinstance(error, PermissionMissing):
        return ServiceValidationError(
            translation_domain=DOMAIN, translation_key="may_not_edit"
        )
    if isinstance(error, RetryLater):
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="change_failed",
            translation_placeholders={"reason": str(error.reason)},
        )
    if isinstance(error, SignInRequired):
        return HomeAssistantError(
            translation_domain=DOMAIN, translation_key="sign_in_required"
        )
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key="change_refused"
    )


def refused_reading(error: RingCentralError) -> HomeAssistantError:
    """Return what to raise for a refused reading."""
    if isinstance(error, PermissionMissing):
        return ServiceValidationError(
            translation_domain=DOMAIN, translation_key="may_not_read"
        )
    if isinstance(error, SignInRequired):
        return HomeAssistantError(
            translation_domain=DOMAIN, translation_key="sign_in_required"
        )
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="read_failed",
        translation_placeholders={"reason": str(error.reason)},
    )


def error_word(error: RingCentralError) -> str:
    """Return the word in a response for why an extension could not be read."""
    if isinstance(error, PermissionMissing):
        return "may_not_read"
    if isinstance(error, SignInRequired):
        return "sign_in_required"
    return str(error.reason)


def summary_of(errors: Sequence[HomeAssistantError], total: int) -> HomeAssistantError:
    """Return what to raise for a change of several extensions that failed for some."""
    if len(errors) == total and len({error.translation_key for error in errors}) == 1:
        return errors[0]
    doubtful = sum(error.translation_key == "change_in_doubt" for error in errors)
    refused = sum(
        isinstance(error, ServiceValidationError)
        and error.translation_key != "not_loaded"
        for error in errors
    )
    numbers = {
        "total": total,
        "changed": total - len(errors),
        "refused": refused,
        "doubtful": doubtful,
        "failed": len(errors) - refused - doubtful,
    }
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="change_partial",
        translation_placeholders={name: str(one) for name, one in numbers.items()},
    )
