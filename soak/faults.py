"""The faults, by name."""

from collections.abc import Awaitable, Callable, Mapping
import random
from typing import Final

from . import disorder, losses, oddities
from .world import World

type Fault = Callable[[World, random.Random], Awaitable[None]]
"""Makes a fault happen, and returns when it is over."""

RESTART: Final = "home_assistant_restarted"
PERMISSION: Final = "permission_lost"
ODD: Final = (
    "odd_replies",
    "odd_presence",
    "odd_events",
    "odd_frames",
    "odd_limits",
    "maintenance",
    "new_tokens_unknown",
)
RECOVERABLE: Final = ("drop", "cut", "idle_end", "access_token_expired")
FAULTS: Final[Mapping[str, Fault]] = {
    "drop": losses.drop,
    "cut": losses.cut,
    "idle_end": losses.idle_end,
    "access_token_expired": losses.access_expired,
    "drop_for_good": losses.drop_for_good,
    "recovery_refused": losses.recovery_refused,
    "ticket_refused": losses.ticket_refused,
    "connection_error": losses.connection_error,
    "subscribe_reply_lost": losses.subscribe_reply_lost,
    "silence": losses.silence,
    "service_gone": losses.service_gone,
    "tokens_revoked": losses.revoked,
    "sign_ins_superseded": losses.superseded,
    "refresh_token_expired": losses.refresh_expired,
    "refused_429": losses.refused,
    "penalty": losses.penalty,
    "server_errors": losses.server_errors,
    "slow_replies": losses.slow_replies,
    "events_reordered": disorder.reordered,
    "events_duplicated": disorder.duplicated,
    "events_delayed": disorder.delayed,
    "events_partial": disorder.partial,
    "unknown_words": disorder.unknown_words,
    "garbage_frames": disorder.garbage,
    "extension_added": disorder.added,
    "extension_removed": disorder.removed,
    "extension_disabled": disorder.disabled,
    "extension_renamed": disorder.renamed,
    "odd_replies": oddities.replies,
    "odd_presence": oddities.presence,
    "odd_events": oddities.events,
    "odd_frames": oddities.frames,
    "odd_limits": oddities.limits,
    "maintenance": oddities.maintenance,
    "new_tokens_unknown": oddities.new_tokens_unknown,
    PERMISSION: oddities.permission_lost,
    "entry_reloaded": disorder.reloaded,
    RESTART: disorder.restarted,
}
