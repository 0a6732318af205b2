"""What was learned about filters: which are granted, refused, or in doubt. No I/O."""

from dataclasses import dataclass, field
from typing import Final

from ..errors import APP_PERMISSION, ROLE_PERMISSIONS
from ..filters import UNKNOWN_REASON, FilterPlan, has_presence, is_presence_filter

# Reasons for a refusal that a right of the app or the user would lift; the others are about an extension.
RIGHTS: Final = frozenset({APP_PERMISSION, *ROLE_PERMISSIONS, "SUB-412"})


@dataclass(slots=True)
class FilterMemory:
    """What was learned about filters; it outlives sockets and attempts.

    Attributes:
        granted: filters that were granted the last time they were asked for.
        refused: filters that were refused, each with the code of the reason.
        suspects: groups of filters in which the refused ones have yet to be found.
        lacking: permissions of the app that refusals named.
    """

    granted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    suspects: list[tuple[str, ...]] = field(default_factory=list)
    lacking: set[str] = field(default_factory=set)

    def forget_refusals(self) -> None:
        """Forget refusals, so that refused filters are asked for again."""
        self.refused.clear()
        self.lacking.clear()

    def forget_missing_rights(self) -> bool:
        """Forget refusals for a right that the app or the user lacked, so that those filters are asked for again.

        Return whether there were any.
        """
        kept = {name: code for name, code in self.refused.items() if code not in RIGHTS}
        is_any = len(kept) < len(self.refused)
        self.refused = kept
        self.lacking.clear()
        return is_any

    def keep_only(self, plan: FilterPlan) -> None:
        """Forget what a plan does not ask for, refusals of everything, and refusals without a reason after a search."""
        names = {
            *plan.wanted,
            *(name for more in plan.instead.values() for name in more),
        }
        self.granted &= names
        self.suspects = [
            kept
            for group in self.suspects
            if (kept := tuple(name for name in group if name in names))
        ]
        # Keep what a search has found until it is over, or it would begin anew each time.
        is_searched = bool(self.suspects) and has_presence(self.granted)
        self.refused = {
            name: code
            for name, code in self.refused.items()
            if name in names and (is_searched or code != UNKNOWN_REASON)
        }
        if not has_presence(plan.without(self.refused)):
            self.refused.clear()
        if not has_presence(self.granted):
            self._forget_permission()
        if RIGHTS.isdisjoint(self.refused.values()):
            self.lacking.clear()

    def _forget_permission(self) -> None:
        """Begin afresh if the app lacked the permission for presence, which may have come back."""
        presence = {
            code for name, code in self.refused.items() if is_presence_filter(name)
        }
        if presence == {APP_PERMISSION}:
            self.refused.clear()
            self.suspects.clear()
