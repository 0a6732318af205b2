"""Odd answers in a history: every kind that the emulator knows, for any path and frame."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from emulator.odd import FRAME_KINDS, HTTP_KINDS, KINDS, LIST_KINDS, MEMBER_KINDS

from .history import PAUSES, History, in_storms
from .resting import AT_LAST

_PATHS: Final = (
    "*",
    "*/presence",
    "*/presence*",
    "*/oauth/token",
    "*/oauth/wstoken",
    "*/oauth/revoke",
    "*/extension",
    "*/extension/~",
    "*/extension*",
    "*/presence/line",
    "*/favorite",
    "*/call-queue-presence",
    "*/subscription*",
    "/ws",
)
_FRAMES: Final = ("socket", "event", "event", "details", "heartbeat")
# Kinds that can make of a list one that is well formed and wrong.
_LIES: Final = frozenset((*MEMBER_KINDS, *LIST_KINDS)) - {"times", "calls"}
# Members that a client reads, by glob.
_MEMBERS: Final = (
    "*",
    "*.id",
    "*.status",
    "*Status",
    "*.startTime",
    "*activeCalls*",
    "*sequence",
    "*expiresIn*",
    "expires_in",
    "*.uri",
    "*eventFilters*",
    "body.*",
    "meta.*",
)
_VALUES: Final[tuple[Any, ...]] = (None, 5, -1, "", "Odd", [], {}, [None], True, 1e308)
# Bytes: more than is read of a reply or frame, and no more than has to be.
_GIANT: Final = 9 << 20


class Odd(History):
    """The service answers as nobody has seen it."""

    @in_storms
    @rule(
        kind=st.sampled_from([kind for kind in KINDS if kind not in FRAME_KINDS]),
        path=st.sampled_from(_PATHS),
        method=st.sampled_from(["*", "*", "GET", "PUT", "POST"]),
        count=st.sampled_from([1, 1, 2, 6]),
        skip=st.sampled_from([0, 0, 1]),
        status=st.sampled_from([None, None, 200, 204, 400, 401, 403, 404, 500, 503]),
        at=st.sampled_from(_MEMBERS),
        value=st.sampled_from(_VALUES),
        done=st.booleans(),
        pause=PAUSES,
    )
    def odd_reply(
        self,
        kind: str,
        path: str,
        count: int,
        status: int | None,
        pause: float | None,
        **others: Any,
    ) -> None:
        """Replies over HTTP or the socket are odd in one way."""
        if kind in _LIES:
            # What two readings say is believed: a service that lies twice in the same way is right.
            if self.world.lies:
                return
            self.world.lies += 1
            count = 1
        self._odd(kind, pause, path=path, next=count, status=status, **others)

    @in_storms
    @rule(
        kind=st.sampled_from([kind for kind in KINDS if kind not in HTTP_KINDS]),
        on=st.sampled_from(_FRAMES),
        count=st.sampled_from([1, 1, 2, 6]),
        at=st.sampled_from(_MEMBERS),
        value=st.sampled_from(_VALUES),
        pause=PAUSES,
    )
    def odd_frame(
        self, kind: str, on: str, count: int, pause: float | None, **others: Any
    ) -> None:
        """Frames are odd in one way."""
        self._odd(kind, pause, on=on, next=count, **others)

    def _odd(self, kind: str, pause: float | None, **members: Any) -> None:
        self._is_rough()
        world = self.world
        # What was read oddly, and looked like something, is right after the next re-read.
        world.right_in = max(world.right_in, AT_LAST)
        world.is_lossy = True
        world.undoing.is_late = True
        if kind not in ("set", "value"):
            members["value"] = None
        odd = {"kind": kind, "seconds": 3.0, "size": _GIANT, **members}
        self._fault(pause, odd=[*self._emulator.faults.as_dict()["odd"], odd])
