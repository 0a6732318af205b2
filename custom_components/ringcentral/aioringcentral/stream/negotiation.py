"""Finding out which filters the service allows (docs/protocol.md 2.9). Pure: replies go in, what to ask for comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import logging
from typing import Any, Final

from ..errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    error_from_reply,
)
from ..filters import (
    UNKNOWN_REASON,
    FilterPlan,
    disabled_filters,
    is_presence_filter,
    listed_filters,
    named_filters,
)

_LOGGER = logging.getLogger(__name__)

# Refusals that concern single filters (docs/protocol.md 2.9); others concern the whole subscription.
_FILTER_CODES: Final = frozenset(
    f"SUB-{number}"
    for number in (402, 403, 404, 405, 406, 408, 412, 508, 518, 527, 530, 531)
) | frozenset(f"CMN-{number}" for number in (101, 102, 401, 402, 408))
# Those that a right of the app or the user would lift; the others are about an extension.
_RIGHTS: Final = frozenset({"CMN-401", "CMN-402", "CMN-408", "SUB-412"})
# Words for a subscription without events (docs/protocol.md 2.9).
_ENDED: Final = ("Suspended", "Blacklisted")
# Requests of one negotiation that search for what a refusal does not name; they are of the Medium group, of
# which there are 40 a minute.
_MOST_TRIES: Final = 30
# Refusals in a row that name a filter, before the others are searched for something that is granted.
_MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What the service agreed to.

    Attributes:
        live: filters whose events arrive.
        refused: filters it refused, with the code of the reason or ``unknown``.
        unsure: filters left out for now: one of them at least is refused, and it is not yet known which.
    """

    live: tuple[str, ...]
    refused: dict[str, str]
    unsure: tuple[str, ...] = ()


@dataclass(slots=True)
class FilterMemory:
    """What was learned about filters; outlives sockets and attempts.

    Attributes:
        granted: filters that were granted the last time they were asked for.
        refused: filters that were refused, with the code of the reason.
        suspects: groups of filters; what is refused in them has yet to be found.
    """

    granted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    suspects: list[tuple[str, ...]] = field(default_factory=list)

    def forget_refusals(self) -> None:
        """Have what was refused asked for again."""
        self.refused.clear()

    def forget_missing_rights(self) -> None:
        """Have asked for again what was refused for a right that the app or the user lacked."""
        self.refused = {
            name: code for name, code in self.refused.items() if code not in _RIGHTS
        }

    def keep_only(self, plan: FilterPlan) -> None:
        """Forget what a plan does not ask for, refusals without a reason, and refusals of everything."""
        names = {
            *plan.wanted,
            *(name for more in plan.instead.values() for name in more),
        }
        self.granted &= names
        self.refused = {
            name: code
            for name, code in self.refused.items()
            if name in names and code != UNKNOWN_REASON
        }
        self.suspects = [
            kept
            for group in self.suspects
            if (kept := tuple(name for name in group if name in names))
        ]
        if not any(is_presence_filter(name) for name in plan.without(self.refused)):
            self.refused.clear()


class Negotiation:
    """Asks for filters until what is live is all that the service allows.

    A refusal that does not name its filter is searched for by halves. Each request that is granted replaces
    the socket's subscription, so the last one is for everything that was found good.
    """

    def __init__(
        self,
        plan: FilterPlan,
        memory: FilterMemory | None = None,
        *,
        search: bool = False,
    ) -> None:
        """Begin with what is known; see `subscribe`."""
        self._plan = plan
        self._memory = memory = FilterMemory() if memory is None else memory
        memory.keep_only(plan)
        self._searches = bool(memory.suspects) and (search or not memory.granted)
        self._refused_before = -1
        self._spared_granted = False
        self._live: tuple[str, ...] | None = None
        self._asked: tuple[str, ...] = ()
        self._tries = self._named = 0
        self._refusal: RingCentralError | None = None

    def ask(self) -> tuple[str, ...]:
        """Return the filters to ask for now, none when the negotiation is over.

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
        """Learn from the reply to what was asked for.

        Raises:
            RingCentralError: it concerns the subscription as a whole, or cannot be read.
        """
        self._tries += 1
        if status >= 400:
            self._refuse(error_from_reply(status, body, headers), body)
            return
        disabled = disabled_filters(self._asked, body)
        listed = listed_filters(self._asked, body)
        is_ended = isinstance(body, Mapping) and body.get("status") in _ENDED
        if not 200 <= status < 300 or is_ended or not (listed or disabled):
            # It says nothing of what was asked for: no event may ever come.
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
        """Return what was agreed.

        Raises:
            RingCentralError: no presence filter is live. Lists alone are nothing to watch.
        """
        live = self._live or ()
        if not any(is_presence_filter(name) for name in live):
            raise self._nothing_left()
        return Subscription(
            live=live,
            refused=dict(self._memory.refused),
            unsure=tuple(name for group in self._memory.suspects for name in group),
        )

    def _next_group(self) -> tuple[str, ...]:
        """Return the widest group, so that what a limit cuts off is least; but something good is needed first."""
        choose = max if self._memory.granted else min
        return choose(self._memory.suspects, key=len)

    def _end_search(self) -> None:
        self._searches = False
        if self._memory.suspects:
            _LOGGER.debug("Too many refused filters to find them all at once")
        elif len(self._memory.refused) == self._refused_before:
            if not self._spared_granted:
                # Each part alone is granted: no single filter explains the refusal.
                raise self._nothing_left()
            # What was granted before is to be searched after all.
            self._spared_granted = False
            self._memory.granted.clear()

    def _refuse(self, error: RingCentralError, body: Any) -> None:
        if (
            not isinstance(error, PermissionMissing | Misconfigured)
            or error.code not in _FILTER_CODES
        ):
            raise error
        self._refusal, self._live = error, None
        memory, asked = self._memory, self._asked
        named = named_filters(asked, body)
        if not named and len(asked) == 1:
            named = asked
        known_before = len(memory.refused)
        memory.refused |= dict.fromkeys(named, error.code)
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
        """Return the groups in which to search: what was granted before is not suspected first."""
        granted = self._memory.granted
        others = tuple(name for name in names if name not in granted)
        if 0 < len(others) < len(names):
            self._spared_granted = True
            return [others]
        granted.difference_update(names)
        middle = (len(names) + 1) // 2
        return [half for half in (names[:middle], names[middle:]) if half]

    def _drop_suspects(self, asked: tuple[str, ...]) -> None:
        if asked in self._memory.suspects:
            self._memory.suspects.remove(asked)

    def _nothing_left(self) -> RingCentralError:
        """Return the verdict, where RingCentral's codes give one for everything that was asked for."""
        is_any_granted = any(map(is_presence_filter, self._memory.granted))
        if self._memory.suspects and (is_any_granted or self._refusal is None):
            return RetryLater(Reason.SERVICE_ERROR)
        if self._refusal is not None:
            # Whatever was tried was refused with a code: that is the news, whoever else is left to try.
            return self._refusal
        codes = [
            code
            for name, code in self._memory.refused.items()
            if is_presence_filter(name) and code != UNKNOWN_REASON
        ]
        return (
            PermissionMissing(codes[0]) if codes else RetryLater(Reason.SERVICE_ERROR)
        )
