"""Finds out which filters the service allows (docs/protocol.md 2.9). Pure: replies go in, what to ask for comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Any, Final

from ..error_codes import VERDICTS, error_from_reply
from ..errors import (
    APP_PERMISSION,
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    TokenRejected,
)
from ..filters import (
    UNKNOWN_REASON,
    VOICEMAILS,
    FilterPlan,
    disabled_filters,
    has_presence,
    is_optional,
    is_presence_filter,
    listed_filters,
    named_filters,
)
from .filter_memory import FilterMemory

_LOGGER = logging.getLogger(__name__)

# Refusals that concern single filters (docs/protocol.md 2.9); others concern the whole subscription.
_FILTER_CODES: Final = frozenset(
    f"SUB-{number}"
    for number in (402, 403, 404, 405, 406, 408, 412, 508, 518, 527, 530, 531)
) | frozenset(
    f"CMN-{number}" for number in (101, 102, 109, 401, 402, 403, 404, 408, 419)
)
# App permissions that only optional filters need.
_OPTIONAL_RIGHTS: Final = {"ReadMessages": VOICEMAILS}
# States of a subscription that gets no events (docs/protocol.md 2.9).
_ENDED: Final = ("Suspended", "Blacklisted")
# Most requests of one negotiation that search for what a refusal does not name; they belong to the Medium group,
# which allows 40 a minute.
_MOST_TRIES: Final = 30
# Most of them while nothing is granted yet and the code of every refusal is unknown.
_MOST_UNKNOWN: Final = 12
# Refusals in a row that name a filter, before the others are searched for any that is granted.
_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What the service agreed to.

    Attributes:
        live: filters whose events arrive.
        refused: filters that it refused, with the code of the reason or ``unknown``.
        unsure: filters that are left out for now, because at least one of them is refused and it is not yet
            known which.
    """

    live: tuple[str, ...]
    refused: dict[str, str]
    unsure: tuple[str, ...] = ()


class Negotiation:
    """Asks for filters until all that the service allows are live.

    If a refusal does not name its filter, that is searched for by halves. Each request that is granted replaces
    the socket's subscription, so the last one asks for everything that was found good.
    """

    def __init__(
        self,
        plan: FilterPlan,
        memory: FilterMemory | None = None,
        *,
        search: bool = False,
    ) -> None:
        """Begin with what is known; see `subscribe` for the arguments."""
        self._plan = plan
        self._memory = memory = FilterMemory() if memory is None else memory
        memory.keep_only(plan)
        self._searches = bool(memory.suspects) and (
            search or not has_presence(memory.granted)
        )
        self._refused_before = -1
        self._spared_granted = False
        self._live: tuple[str, ...] | None = None
        self._asked: tuple[str, ...] = ()
        self._tries = self._named = 0
        self._refusal: RingCentralError | None = None

    def ask(self) -> tuple[str, ...]:
        """Return the filters to ask for now; there are none once the negotiation is over.

        Raises:
            RingCentralError: nothing is left to ask for.
        """
        if self._searches and self._memory.suspects and self._tries < _MOST_TRIES:
            self._asked = self._next_group()
            return self._asked
        if self._searches:
            self._end_search()
        suspects = {name for group in self._memory.suspects for name in group}
        self._asked = tuple(
            name
            for name in self._plan.without(self._memory.refused)
            if name not in suspects
        )
        if not self._asked:
            raise self._nothing_left()
        if self._live is not None and set(self._asked) == set(self._live):
            self._asked = ()
        return self._asked

    def reply(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        """Learn from the reply to the last request.

        Raises:
            RingCentralError: the reply concerns the subscription as a whole, or cannot be read.
        """
        self._tries += 1
        if status >= 400:
            error = error_from_reply(status, body, headers)
            self._note_lacking(error)
            if not self._set_optional_aside(status, error):
                self._refuse(status, error, body)
            return
        disabled = disabled_filters(self._asked, body)
        listed = listed_filters(self._asked, body)
        is_ended = isinstance(body, Mapping) and body.get("status") in _ENDED
        if not 200 <= status < 300 or is_ended or not (listed or disabled):
            # The reply says nothing about the filters that were asked for, so perhaps no event will ever come.
            raise RetryLater(Reason.SERVICE_ERROR)
        live = tuple(x for x in self._asked if x in listed and x not in disabled)
        self._drop_suspects(self._asked)
        self._memory.refused |= {
            name: disabled.get(name, UNKNOWN_REASON)
            for name in self._asked
            if name not in live
        }
        self._memory.granted.update(live)
        self._memory.granted.difference_update(self._memory.refused)
        self._live, self._named = live, 0

    def result(self) -> Subscription:
        """Return what was agreed on.

        Raises:
            RingCentralError: no presence filter is live. List events alone are not worth watching.
        """
        live = self._live or ()
        if not has_presence(live):
            raise self._nothing_left()
        return Subscription(
            live=live,
            refused=dict(self._memory.refused),
            unsure=tuple(name for group in self._memory.suspects for name in group),
        )

    def _note_lacking(self, error: RingCentralError) -> None:
        """Remember which permission of the app is missing, if the service names it."""
        if isinstance(error, PermissionMissing) and error.code == APP_PERMISSION:
            self._memory.lacking |= {error.permission} if error.permission else set()

    def _next_group(self) -> tuple[str, ...]:
        """Return the widest group, so that a limit cuts off least, or the smallest one until presence is granted."""
        choose = max if has_presence(self._memory.granted) else min
        return choose(self._memory.suspects, key=len)

    def _end_search(self) -> None:
        self._searches = False
        if self._memory.suspects:
            _LOGGER.debug("Too many refused filters to find them all at once")
        elif len(self._memory.refused) == self._refused_before:
            if not self._spared_granted:
                if self._leave_out_optional():
                    return
                # Each part is granted by itself, so no single filter explains the refusal.
                raise self._nothing_left()
            # The filters that were granted before have to be searched after all.
            self._spared_granted = False
            self._memory.granted.clear()

    def _set_optional_aside(self, status: int, error: RingCentralError) -> bool:
        """Leave out optional filters if a refusal may be about them; return whether that was done.

        Keep them if the trouble is surely about something else, because another request would make it worse.
        """
        optional = [name for name in self._asked if is_optional(name)]
        if not optional or (len(optional) == len(self._asked) and not self._searches):
            return False
        right = error.permission if isinstance(error, PermissionMissing) else None
        if (name := _OPTIONAL_RIGHTS.get(right or "")) in optional:
            self._memory.refused[name] = error.code or UNKNOWN_REASON
            self._memory.granted.discard(name)
        elif error.code in _FILTER_CODES or not _is_about_request(status, error):
            return False
        else:
            self._leave_out_optional()
        self._drop_suspects(self._asked)
        if self._searches:
            rest = tuple(x for x in self._asked if x not in self._memory.refused)
            self._memory.suspects += [rest] if rest else []
        self._live = None
        return True

    def _leave_out_optional(self) -> bool:
        """Do without optional filters until the next negotiation; return whether there were any."""
        optional = [
            name
            for name in self._plan.without(self._memory.refused)
            if is_optional(name)
        ]
        self._memory.refused |= dict.fromkeys(optional, UNKNOWN_REASON)
        self._memory.granted.difference_update(optional)
        return bool(optional)

    def _is_of_filters(
        self, status: int, error: RingCentralError, named: tuple[str, ...]
    ) -> bool:
        """Whether a refusal may be about single filters: its code says so, or is new and says nothing else."""
        if error.code in _FILTER_CODES:
            return isinstance(error, PermissionMissing | Misconfigured)
        if error.code in VERDICTS or not _is_about_request(status, error):
            return False
        if named:
            return True
        is_hopeless = self._tries >= _MOST_UNKNOWN and not has_presence(
            self._memory.granted
        )
        return error.code is not None and not is_hopeless

    def _refuse(self, status: int, error: RingCentralError, body: Any) -> None:
        memory, asked = self._memory, self._asked
        named = named_filters(asked, body)
        if not self._is_of_filters(status, error, named):
            raise error
        self._refusal, self._live = error, None
        code = error.code
        reason = code if code is not None and code in VERDICTS else UNKNOWN_REASON
        if not named and len(asked) == 1:
            named = asked
        known_before = len(memory.refused)
        memory.refused |= dict.fromkeys(named, reason)
        memory.granted.difference_update(named)
        self._drop_suspects(asked)
        self._named += bool(named)
        rest = tuple(name for name in asked if name not in named)
        if not rest or (named and not self._searches and self._named < _MOST_NAMED):
            return
        if not self._searches:
            self._searches, self._refused_before = True, known_before
        memory.suspects += self._halves(rest)

    def _halves(self, names: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the groups in which to search; filters that were granted before are not the first suspects."""
        granted = self._memory.granted
        others = tuple(name for name in names if name not in granted)
        if 0 < len(others) < len(names):
            self._spared_granted = True
            return [others]
        granted.difference_update(names)
        optional = tuple(name for name in names if is_optional(name))
        if 0 < len(optional) < len(names):
            # One request tells whether the optional filters are to blame.
            return [optional, tuple(name for name in names if name not in optional)]
        middle = (len(names) + 1) // 2
        return [half for half in (names[:middle], names[middle:]) if half]

    def _drop_suspects(self, asked: tuple[str, ...]) -> None:
        if asked in self._memory.suspects:
            self._memory.suspects.remove(asked)

    def _nothing_left(self) -> RingCentralError:
        """Return the verdict, if RingCentral's codes amount to one for everything that was asked for."""
        is_any_granted = has_presence(self._memory.granted)
        if self._memory.suspects and (is_any_granted or self._refusal is None):
            return RetryLater(Reason.SERVICE_ERROR)
        if self._refusal is not None:
            # All that was tried was refused with a code, and that is to be reported, whatever else is left to try.
            return self._refusal
        codes = [
            code
            for name, code in self._memory.refused.items()
            if is_presence_filter(name) and code != UNKNOWN_REASON
        ]
        return (
            PermissionMissing(codes[0]) if codes else RetryLater(Reason.SERVICE_ERROR)
        )


def _is_about_request(status: int, error: RingCentralError) -> bool:
    """Whether another request may fare better, and not only the same at another time."""
    if not 400 <= status < 500 or status in (401, 429):
        return False
    if isinstance(error, PermissionMissing):
        return True
    if isinstance(error, Misconfigured):
        return error.reason in (Reason.INVALID_REQUEST, Reason.NOT_FOUND)
    return (
        isinstance(error, RetryLater)
        and not isinstance(error, TokenRejected)
        and error.code not in VERDICTS
        and error.reason is Reason.SERVICE_ERROR
    )
