"""The app's permissions that single features need: when to ask for one again, and which were lost. No I/O.

A scope is a hint (docs/protocol.md 1.3): it says when asking again may help, and nothing else.
"""

from collections.abc import Callable, Collection, Mapping
import logging

from ..auth import Token
from ..errors import APP_PERMISSION, PermissionMissing

_LOGGER = logging.getLogger(__name__)


class Permissions:
    """What the newest token names, and what RingCentral has refused since.

    Each permission that was refused is asked for once with a newer token that names it. If it is refused with
    that token, too, a token brings another try only after a scope has lacked it; the slow tries go on regardless.

    Attributes:
        scope: the permissions that the newest token names.
        used: permissions of features in use, which have worked, if only in an earlier run.
        refused_before: permissions that were refused in an earlier run and have not been tried in this one.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        """Begin without a token; ``changed`` is called when `lost`, `used` or `refused` changed."""
        self._changed = changed
        self.scope: frozenset[str] = frozenset()
        self.used: set[str] = set()
        self.refused_before: set[str] = set()
        self._token: str | None = None
        # The errors that refused features, by permission, whether or not the features are in use.
        self._missing: dict[str, PermissionMissing] = {}
        # Refused to the app since the newest token came, and asked for again because of that token.
        self._refused: set[str] = set()
        self._asked: set[str] = set()

    @property
    def refused(self) -> Collection[str]:
        """The permissions for want of which anything was refused, in use or not, in this run or an earlier one."""
        return self._missing.keys() | self.refused_before

    @property
    def lost(self) -> Mapping[str, PermissionMissing]:
        """The errors that refuse features in use, by permission."""
        return {key: why for key, why in self._missing.items() if key in self.used}

    def use(self, permission: str) -> None:
        """Note that a feature that needs this permission is in use."""
        if permission not in self.used:
            self.used.add(permission)
            self._changed()

    def works(self, permission: str) -> None:
        """Note that a feature that needs this permission has worked, and so is in use."""
        self.allowed(permission)
        self.use(permission)

    def allowed(self, permission: str) -> None:
        """Note that a request that needs this permission was not refused, whether or not a feature is in use."""
        self._refused.discard(permission)
        self._asked.discard(permission)
        if permission in self.refused:
            self._missing.pop(permission, None)
            self.refused_before.discard(permission)
            self._changed()

    def refuse(self, permission: str, error: PermissionMissing) -> None:
        """Note that a request that needs this permission was refused."""
        if error.code == APP_PERMISSION:
            self._note_refused({permission})
        if permission in self._missing:
            return
        self._missing[permission] = error
        _LOGGER.debug("What needs %s is left out: %s", permission, error)
        self._changed()

    def subscribed(self, lacking: Collection[str]) -> None:
        """Take the complete set of app permissions that refused filters lack."""
        self._asked.intersection_update(lacking)
        self._note_refused(lacking)

    def token(self, token: Token) -> frozenset[str]:
        """Return the permissions to ask for again, now that there is this token."""
        if token.value == self._token:
            return frozenset()
        is_first = self._token is None
        before, self._token = self.scope, token.value
        # A reply without a scope leaves it unchanged.
        self.scope = scope = token.scope or before
        if is_first:
            return frozenset()
        back = (scope - before) | (self._refused & token.scope)
        self._refused -= back
        self._asked = (self._asked & scope) | back
        self._came_back(back)
        return back

    def _note_refused(self, permissions: Collection[str]) -> None:
        self._refused.update(each for each in permissions if each not in self._asked)

    def _came_back(self, permissions: Collection[str]) -> None:
        """Withdraw what the app is said to lack; a token says nothing about a role."""
        found = [
            key
            for key, error in self._missing.items()
            if key in permissions and error.code == APP_PERMISSION
        ]
        for key in found:
            del self._missing[key]
        if found:
            self._changed()
