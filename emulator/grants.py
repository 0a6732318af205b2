"""Which filters of a subscription are granted (docs/protocol.md 2.9). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from .account import Account
from .errors import app_permission
from .faults import Faults
from .filters import Filter, Refusal, disabled, missing_permission, parse, refused


@dataclass(frozen=True, slots=True)
class Granted:
    """The result of a request for filters."""

    filters: tuple[Filter, ...]
    disabled: tuple[dict[str, str], ...] = ()


def grant(
    asked: Iterable[str], account: Account, owner_id: int, faults: Faults
) -> Granted:
    """Return which requested filters are granted; raise ApiError on a refusal."""
    filters: list[Filter] = []
    off: list[dict[str, str]] = []
    refusal: Refusal | None = None
    for text in asked:
        wanted = parse(text, account, owner_id)
        if isinstance(wanted, Refusal):
            raise wanted.error()
        if name := missing_permission(wanted, faults.permissions_removed):
            raise app_permission(name)
        if why := refused(wanted, account, owner_id, faults):
            if faults.refusal == "whole":
                raise why.error()
            refusal = refusal or why
            off.append(
                {"filter": wanted.text, "reason": why.code, "message": why.message}
            )
        elif record := disabled(wanted, faults):
            off.append(record)
        else:
            filters.append(wanted)
    if refusal and not filters:
        raise refusal.error()
    return Granted(tuple(filters), tuple(off))
