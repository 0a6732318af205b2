"""What the service does where docs/protocol.md 10 leaves it open: counts, and nothing about anybody."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from .models import LISTED_CALLS, PresenceUpdate, TelephonyStatus
from .words import is_made_of_words

_OTHER: Final = "other"
# Telephony statuses that mean no call.
_NO_CALL: Final = (None, TelephonyStatus.NO_CALL)


@dataclass(slots=True, kw_only=True)
class Observations:
    """Counts since the sign-in began; docs/protocol.md 10.1 says what to conclude from each.

    Attributes:
        events_with_sequence, events_without_sequence: presence events.
        events_with_query, events_without_query: presence events whose URI does or does not ask for calls.
        account_events_with_calls, account_events_without_calls: events that came while the filter of the
            whole account was live, and that report a call of somebody else.
        readings_with_total, readings_without_total: readings that list a call.
        readings_over_seven: readings that list more calls than an event can.
        batches_counted_once, batches_counted_each, batches_unclear: requests for several extensions, by
            how much of the limit they used.
        unknown_words: by field of `Presence`, and by the word itself if it is made of words of the
            protocol.
    """

    events_with_sequence: int = 0
    events_without_sequence: int = 0
    events_with_query: int = 0
    events_without_query: int = 0
    account_events_with_calls: int = 0
    account_events_without_calls: int = 0
    readings_with_total: int = 0
    readings_without_total: int = 0
    readings_over_seven: int = 0
    batches_counted_once: int = 0
    batches_counted_each: int = 0
    batches_unclear: int = 0
    unknown_words: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def events(self) -> int:
        """How many presence events arrived."""
        return self.events_with_sequence + self.events_without_sequence

    def event(self, update: PresenceUpdate, *, by_account_filter: bool) -> None:
        """Count an event; ``by_account_filter`` if the filter of the whole account may have brought it."""
        if update.sequence is None:
            self.events_without_sequence += 1
        else:
            self.events_with_sequence += 1
        if update.detailed:
            self.events_with_query += 1
        else:
            self.events_without_query += 1
        if update.unknown:
            self.unknown(update)
        if by_account_filter and update.changes.get("telephony_status") not in _NO_CALL:
            if "active_calls" in update.changes:
                self.account_events_with_calls += 1
            else:
                self.account_events_without_calls += 1

    def reading(self, update: PresenceUpdate) -> None:
        """Count a reading of one extension."""
        if update.unknown:
            self.unknown(update)
        if not (calls := update.changes.get("active_calls")):
            return
        self.readings_over_seven += len(calls) > LISTED_CALLS
        if "total_active_calls" in update.changes:
            self.readings_with_total += 1
        else:
            self.readings_without_total += 1

    def batch(self, size: int, before: int | None, after: int | None) -> None:
        """Count a request for ``size`` extensions, by how much of the limit was left before and after it."""
        taken = None if before is None or after is None else before - after
        if taken == 1:
            self.batches_counted_once += 1
        elif taken == size:
            self.batches_counted_each += 1
        else:
            self.batches_unclear += 1

    def unknown(self, update: PresenceUpdate) -> None:
        """Count words that this version does not know."""
        for name, word in update.unknown:
            self.unknown_words[name, word if is_made_of_words(word) else _OTHER] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        words: dict[str, dict[str, int]] = {}
        for (name, word), count in sorted(self.unknown_words.items()):
            words.setdefault(name, {})[word] = count
        counts = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name != "unknown_words"
        }
        return {**counts, "unknown_words": words}
