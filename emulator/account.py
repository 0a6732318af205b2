"""The account: its extensions, who monitors whom, and a stream of changes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from .extension import Extension, Visible
from .population import Population, populate

PRESENCE_FIELDS = (
    "user_status",
    "dnd_status",
    "meeting_status",
    "message",
    "allow_see_my_presence",
    "caller_id_visibility",
    "ring_on_monitored_call",
    "pick_up_calls_on_hold",
    "accept_call_queue_calls",
)


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """One extension's presence went from one state to another."""

    extension: Extension
    sequence: int
    before: Visible
    after: Visible


@dataclass(frozen=True, slots=True)
class LinesChange:
    """The monitored lines of a user changed: the ids of lines and extensions."""

    owner_id: int
    extension_id: int
    line_id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class FavoritesChange:
    """The favorites of a user changed."""

    owner_id: int


@dataclass(frozen=True, slots=True)
class ExtensionChange:
    """An extension was created, updated or deleted."""

    extension_id: int
    event_type: str
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueChange:
    """Members of a queue started or stopped taking its calls."""

    queue_id: int
    member_ids: tuple[int, ...]


type Change = (
    PresenceChange | LinesChange | FavoritesChange | ExtensionChange | QueueChange
)


@dataclass(frozen=True, slots=True)
class Line:
    """One monitored line; the first two are the user's own, and locked."""

    id: str
    extension_id: int
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Favorite:
    """One favorite: an extension of the account or an outside contact."""

    id: int
    extension_id: int | None = None
    contact_id: str | None = None


class Account:
    """The account; every change goes through a method here and is reported once."""

    def __init__(self, count: int, seed: int) -> None:
        """Fill the account; `count` and `seed` decide its whole content."""
        self._count, self._seed = count, seed
        start = populate(count, seed)
        self.id = start.account_id
        self.own_id = start.own_id
        self.extensions = start.extensions
        self.queues = start.queues
        self.locked_queues = set(start.locked_queues)
        """Queues whose members may not log in or out themselves."""
        self.lines: dict[int, list[Line]] = {}
        self.favorites: dict[int, list[Favorite]] = {}
        self._watched: dict[int, tuple[frozenset[int], frozenset[int]]] = {}
        self._line_sequence = start.account_id % 9000
        self._listeners: list[Callable[[Change], None]] = []
        self._lay_lists(start)

    @property
    def own(self) -> Extension:
        """The signed-in user's extension."""
        return self.extensions[self.own_id]

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Call the listener with every change, in order."""
        self._listeners.append(listener)

    def members(self, queue_id: int) -> list[int]:
        """Return the ids of a queue's members."""
        return self.queues.get(queue_id, [])

    def queues_of(self, ext_id: int) -> list[int]:
        """Return the ids of the queues that an extension is a member of."""
        return [queue for queue, ids in self.queues.items() if ext_id in ids]

    def lines_of(self, ext_id: int) -> list[Line]:
        """Return a user's monitored lines; everyone has two lines of their own."""
        return self.lines.get(ext_id) or self._own_lines(ext_id)

    def monitored_by(self, ext_id: int) -> frozenset[int]:
        """Return the extensions that a user monitors."""
        return self._watch_lists(ext_id)[0]

    def favored_by(self, ext_id: int) -> frozenset[int]:
        """Return the extensions among a user's favorites."""
        return self._watch_lists(ext_id)[1]

    def update(self, ext: Extension, **fields: Any) -> PresenceChange | None:
        """Set presence fields of an extension and report the change, if there is one.

        A change of only the message or the caller id visibility is not reported: events
        carry neither.
        """
        before = ext.visible()
        accepted = ext.accepts_queue_calls
        if ext.dnd_status != "DoNotAcceptAnyCalls":
            ext.dnd_before = ext.dnd_status
        for name, value in fields.items():
            setattr(ext, name, value)
        change = self._tell_presence(ext, before)
        if ext.accepts_queue_calls != accepted:
            for queue_id in self.queues_of(ext.id):
                self._tell(QueueChange(queue_id, (ext.id,)))
        return change

    def end_calls(self, ext: Extension, *, again: bool = False) -> None:
        """Drop ended calls from the list, with a second event if requested."""
        before = ext.visible()
        ext.legs = tuple(leg for leg in ext.legs if not leg.ended)
        if again:
            self._tell_presence(ext, before)

    def set_queue_calls(self, queue_id: int, accepts: dict[int, bool]) -> None:
        """Set which members take a queue's calls."""
        changed = []
        for member_id, accept in accepts.items():
            declined = self.extensions[member_id].queues_declined
            if accept == (queue_id in declined):
                changed.append(member_id)
                (declined.discard if accept else declined.add)(queue_id)
        if changed:
            self._tell(QueueChange(queue_id, tuple(changed)))

    def set_members(self, queue_id: int, member_ids: list[int]) -> None:
        """Replace the members of a queue; report each that joined or left."""
        before = self.queues[queue_id]
        self.queues[queue_id] = list(dict.fromkeys(member_ids))
        for ext_id in sorted({*before} ^ {*member_ids}):
            hints = ("CallQueueMembersChange",)
            self._tell(ExtensionChange(ext_id, "Update", hints))

    def set_lines(self, owner_id: int, extension_ids: Iterable[int]) -> None:
        """Replace the lines after the two locked ones; report each change."""
        old = {line.extension_id: line.id for line in self.lines_of(owner_id)[2:]}
        locked = self._own_lines(owner_id)
        wanted = [ext_id for ext_id in extension_ids if ext_id != owner_id]
        self.lines[owner_id] = locked + [
            Line(str(3 + index), ext_id) for index, ext_id in enumerate(wanted)
        ]
        self._watched.pop(owner_id, None)
        new = {line.extension_id: line.id for line in self.lines[owner_id][2:]}
        for ext_id in [*(old.keys() - new.keys()), *(new.keys() - old.keys())]:
            self._line_sequence += 1
            line_id = new.get(ext_id) or old[ext_id]
            self._tell(LinesChange(owner_id, ext_id, line_id, self._line_sequence))

    def set_favorites(self, owner_id: int, entries: Iterable[int | str]) -> None:
        """Replace the favorites: extension ids (int) or contact ids (str)."""
        made = [
            Favorite(index, extension_id=entry)
            if isinstance(entry, int)
            else Favorite(index, contact_id=entry)
            for index, entry in enumerate(entries, 1)
        ]
        if made != self.favorites.get(owner_id, []):
            self.favorites[owner_id] = made
            self._watched.pop(owner_id, None)
            self._tell(FavoritesChange(owner_id))

    def add(self, ext: Extension) -> None:
        """Add an extension."""
        self.extensions[ext.id] = ext
        self._tell(ExtensionChange(ext.id, "Create"))

    def remove(self, ext_id: int) -> None:
        """Delete an extension and all references to it."""
        if ext_id == self.own_id:
            raise ValueError("the signed-in user cannot be removed")
        del self.extensions[ext_id]
        self.queues.pop(ext_id, None)
        for members in self.queues.values():
            if ext_id in members:
                members.remove(ext_id)
        self._tell(ExtensionChange(ext_id, "Delete"))
        for owner_id, lines in list(self.lines.items()):
            self.set_lines(
                owner_id,
                [x.extension_id for x in lines[2:] if x.extension_id != ext_id],
            )
        for owner_id, favorites in list(self.favorites.items()):
            left = [x for x in favorites if x.extension_id != ext_id]
            if left != favorites:
                self.set_favorites(owner_id, [_entry(x) for x in left])

    def edit(self, ext: Extension, *, name: str | None, status: str | None) -> None:
        """Rename an extension or change its status."""
        before = ext.visible()
        hints = ["ExtensionInfo"]
        if name is not None:
            ext.name = name
            ext.first_name, _, last = name.partition(" ")
            ext.last_name = last or None
        if status is not None:
            ext.status = status
            hints.append("AccountStatus")
        self._tell(ExtensionChange(ext.id, "Update", tuple(hints)))
        self._tell_presence(ext, before)

    def reset(self) -> None:
        """Reset everything, and report the changes."""
        start = populate(self._count, self._seed)
        for ext_id in self.extensions.keys() - start.extensions.keys():
            self.remove(ext_id)
        self.queues = start.queues
        self.locked_queues = set(start.locked_queues)
        for ext_id, initial in start.extensions.items():
            ext = self.extensions.get(ext_id)
            if ext is None:
                self.add(initial)
                continue
            if (ext.name, ext.status) != (initial.name, initial.status):
                self.edit(ext, name=initial.name, status=initial.status)
                ext.first_name, ext.last_name = initial.first_name, initial.last_name
            for queue_id in list(ext.queues_declined):
                self.set_queue_calls(queue_id, {ext_id: True})
            legs = tuple(replace(leg, status="NoCall") for leg in ext.legs)
            values = {name: getattr(initial, name) for name in PRESENCE_FIELDS}
            self.update(ext, legs=legs, **values)
            self.end_calls(ext)
        self.set_lines(self.own_id, start.monitored)
        self.set_favorites(self.own_id, start.favorites)

    def _lay_lists(self, start: Population) -> None:
        self.set_lines(self.own_id, start.monitored)
        self.set_favorites(self.own_id, start.favorites)

    def _own_lines(self, ext_id: int) -> list[Line]:
        return [Line("1", ext_id, locked=True), Line("2", ext_id, locked=True)]

    def _watch_lists(self, ext_id: int) -> tuple[frozenset[int], frozenset[int]]:
        if (found := self._watched.get(ext_id)) is None:
            lines = frozenset(line.extension_id for line in self.lines_of(ext_id))
            favored = frozenset(
                favorite.extension_id
                for favorite in self.favorites.get(ext_id, [])
                if favorite.extension_id is not None
            )
            found = self._watched[ext_id] = (lines, favored)
        return found

    def _tell_presence(self, ext: Extension, before: Visible) -> PresenceChange | None:
        after = ext.visible()
        # An extension that has been removed since has no more events.
        if before == after or self.extensions.get(ext.id) is not ext:
            return None
        ext.sequence += 1
        change = PresenceChange(ext, ext.sequence, before, after)
        self._tell(change)
        return change

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)


def _entry(favorite: Favorite) -> int | str:
    if favorite.extension_id is not None:
        return favorite.extension_id
    return favorite.contact_id or ""
