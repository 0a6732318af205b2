"""Odd replies and frames: which one is odd, and how.

odd_bodies.py has what each kind does to a body, odd_frames.py what it does to a frame,
and odd_http.py what it does on the way over HTTP.
"""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

type On = Literal["reply", "http", "socket", "event", "details", "heartbeat"]
"""`reply` is a reply over either; `http` and `socket` mean only one of the two."""

type WholeKind = Literal[
    "as_is",
    "empty",
    "null",
    "list",
    "object",
    "value",
    "text",
    "html",
    "truncated",
    "not_utf8",
    "nested",
    "giant",
    "content_type",
    "headers",
]
type MemberKind = Literal[
    "types",
    "nulls",
    "numbers",
    "times",
    "words",
    "texts",
    "set",
    "remove",
    "calls",
]
type ListKind = Literal[
    "no_records",
    "null_records",
    "odd_records",
    "short_page",
    "no_navigation",
    "no_paging",
    "repeated_page",
    "duplicates",
    "same_id",
]
type SubscriptionKind = Literal["no_filters", "odd_filters", "free_reasons"]
type WayKind = Literal["lost", "cut", "slow"]
type HttpKind = Literal["bomb", "drip", "redirect"]
type FrameKind = Literal[
    "no_status",
    "odd_status",
    "other_type",
    "other_id",
    "no_id",
    "no_meta",
    "no_body",
    "not_a_list",
    "empty_frame",
    "binary",
    "twice",
]


WHOLE_KINDS: tuple[str, ...] = get_args(WholeKind.__value__)
"""What replaces the body."""
MEMBER_KINDS: tuple[str, ...] = get_args(MemberKind.__value__)
"""What happens to members of the body."""
LIST_KINDS: tuple[str, ...] = get_args(ListKind.__value__)
HTTP_KINDS: tuple[str, ...] = get_args(HttpKind.__value__)
FRAME_KINDS: tuple[str, ...] = get_args(FrameKind.__value__)
BODY_KINDS = (
    *WHOLE_KINDS,
    *MEMBER_KINDS,
    "error",
    *LIST_KINDS,
    *get_args(SubscriptionKind.__value__),
    *get_args(WayKind.__value__),
)
"""What applies to replies and to frames."""
KINDS = (*BODY_KINDS, *HTTP_KINDS, *FRAME_KINDS)
ONS: tuple[str, ...] = get_args(On.__value__)

MAX_SIZE = 1 << 29
"""Bytes of the largest body that a switch may request."""


@dataclass(slots=True)
class Odd:
    """One switch: it makes the next matching replies or frames odd."""

    kind: str = "as_is"
    on: str = "reply"
    path: str = "*"
    """Glob over the path, with or without its query; for an event, over `event`."""
    method: str = "*"
    next: int | None = None
    """How many; `None` means all of them."""
    skip: int = 0
    """How many matches first pass unchanged."""
    done: bool = True
    """Whether the request is carried out before the odd reply."""
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    at: str = "*"
    """Glob over the dotted path of members, as in `records.*.presenceStatus`."""
    value: Any = None
    seconds: float | None = None
    size: int | None = None
    turn: int = field(default=0, init=False)
    """How often it was used; each use starts elsewhere in the list of values."""
    first_pages: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Raise ValueError for an impossible combination."""
        if self.kind not in KINDS:
            raise ValueError(f"odd knows no kind {self.kind}")
        if self.on not in ONS:
            raise ValueError(f"odd: on is one of {', '.join(ONS)}")
        if self.kind in HTTP_KINDS and self.on not in ("reply", "http"):
            raise ValueError(f"odd: {self.kind} is for HTTP")
        if self.kind in FRAME_KINDS and self.on == "http":
            raise ValueError(f"odd: {self.kind} is for frames")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError("odd: a status is 200 to 599")
        if self.size is not None and not 0 < self.size <= MAX_SIZE:
            raise ValueError(f"odd: a size is 1 to {MAX_SIZE} bytes")
        if self.seconds is not None and not 0 <= self.seconds <= 86_400:
            raise ValueError("odd: seconds are 0 to 86400")

    def matches(self, on: str, method: str, path: str, query: str) -> bool:
        """Whether it applies to this reply (`http` or `socket`) or frame."""
        if self.next == 0 or not (
            self.on == on or (self.on == "reply" and on in ("http", "socket"))
        ):
            return False
        if self.kind in (FRAME_KINDS if on == "http" else HTTP_KINDS):
            return False
        return self.method in ("*", method) and (
            fnmatchcase(path, self.path)
            or (bool(query) and fnmatchcase(f"{path}?{query}", self.path))
        )


def next_odd(
    switches: list[Odd], on: str, method: str = "", path: str = "", query: str = ""
) -> Odd | None:
    """Use up and return the first switch that applies to a reply or frame."""
    for odd in switches:
        if not odd.matches(on, method, path, query):
            continue
        if odd.skip > 0:
            odd.skip -= 1
            continue
        if odd.next is not None:
            odd.next -= 1
        odd.turn += 1
        return odd
    return None
