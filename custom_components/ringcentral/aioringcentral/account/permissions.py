"""Permissions of the app that single features need: when to ask for one again, and which were lost. No I/O.

A scope is a hint (docs/protocol.md 1.3): it says when asking again may help, and that alone.
"""

from collections.abc import Callable, Collection, Mapping
import logging

from ..auth import Token
from ..errors import APP_PERMISSION, PermissionMissing

_LOGGER = logging.getLogger(__name__)


class Permissions:
    """What the newest token names, and what RingCentral refused since.

    Each permission that was refused is asked for once with a newer token that names it. If it is refused
    with that, too, only a scope that lacked it meanwhile brings another try: the slow ones go on beside.

    Attributes:
        scope: the permissions that the newest token names.
        used: permissions of features that are in use: they have worked, if only in an earlier run.
        refused_before: permissions that an earlier run was refused, and that nobody has tried in this one.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        """Begin without a token; ``changed`` is called when `lost`, `used` or `refused` did."""
        self._changed = changed
        self.scope: frozenset[str] = frozenset()
        self.used: set[str] = set()
        self.refused_before: set[str] = set()
        self._token: str | None = None
        # What refused features, by permission, whether or not they are in use.
        self._missing: dict[str, PermissionMissing] = {}
        # Refused to the app since the newest token came, and asked for again because of that token.
        self._refused: set[str] = set()
        self._asked: set[str] = set()

    @property
    def refused(self) -> Collection[str]:
        """The permissions that something was refused for, in use or not, also in an earlier run."""
        return self._missing.keys() | self.refused_before

    @property
    def lost(self) -> Mapping[str, PermissionMissing]:
        """What refuses features that are in use, by permission."""
        return {key: why for key, why in self._missing.items() if key in self.used}

    def use(self, permission: str) -> None:
        """Note that a feature is in use that needs a permission."""
        if permission not in self.used:
            self.used.add(permission)
            self._changed()

    def works(self, permission: str) -> None:
        """Note that what needs a permission has worked, and is in use."""
        self.allowed(permission)
        self.use(permission)

    def allowed(self, permission: str) -> None:
        """Note that what needs a permission was not refused, in use or not."""
        self._refused.discard(permission)
        self._asked.discard(permission)
        if permission in self.refused:
            self._missing.pop(permission, None)
            self.refused_before.discard(permission)
            self._changed()

    def refuse(self, permission: str, error: PermissionMissing) -> None:
        """Note that what needs a permission was refused."""
        if error.code == APP_PERMISSION:
            self._note_refused({permission})
        if permission in self._missing:
            return
        self._missing[permission] = error
        _LOGGER.debug("What needs %s is left out: %s", permission, error)
        self._changed()

    def subscribed(self, lacking: Collection[str]) -> None:
        """Take the permissions of the app that refused filters lack, all of them."""
        self._asked.intersection_update(lacking)
        self._note_refused(lacking)

    def token(self, token: Token) -> frozenset[str]:
        """Return the permissions to ask for again, now that there is this token."""
        if token.value == self._token:
            return frozenset()
        is_first = self._token is None
        before, self._token = self.scope, token.value
        # What a reply leaves out is as it was.
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
        """Withdraw what the app is said to lack; nothing tells of a role."""
        found = [
            key
            for key, error in self._missing.items()
            if key in permissions and error.code == APP_PERMISSION
        ]
        for key in found:
            del self._missing[key]
        if found:
            self._changed()
