"""Subscriptions: who gets which event, and in which form (docs/protocol.md 2.9, 4.1, 4.2)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
import itertools
import random
from typing import Any
import uuid

from . import events, events_messages as messages
from .account import (
    Account,
    Change,
    ExtensionChange,
    FavoritesChange,
    LinesChange,
    PresenceChange,
    QueueChange,
)
from .clock import Clock, iso
from .counters import Counters
from .delivery import Delivery, Envelope
from .errors import ApiError
from .faults import Faults
from .filters import Filter, Kind
from .grants import Granted, grant
from .messages import Mailboxes, MessageChange
from .shapes_lists import accepts_current

MAX_SUBSCRIPTIONS = 30
"""Per user and app; one more is SUB-505."""
LIFE = 86_400
"""Seconds; a subscription on a live socket renews itself."""


@dataclass(slots=True)
class Subscription:
    """One subscription and an index of its filters."""

    id: str
    owner_id: int
    client_id: str
    delivery: Delivery
    created: datetime
    expires: datetime
    granted: Granted
    parked: bool = False
    """Its socket is gone, but may still be recovered."""
    _by_target: dict[tuple[Kind, int], Filter] = field(default_factory=dict)

    def grant(self, granted: Granted) -> None:
        """Replace the filters."""
        self.granted = granted
        index: dict[tuple[Kind, int], Filter] = {}
        for each in granted.filters:
            key = (each.kind, each.target_id)
            # If both a simple and a detailed filter cover the same target, only the detailed counts.
            if key not in index or index[key].level < each.level:
                index[key] = each
        self._by_target = index

    def find(self, kind: Kind, target_id: int) -> Filter | None:
        """Return the filter of a kind on a target."""
        return self._by_target.get((kind, target_id))

    def watches(self, ext_id: int, account: Account) -> Filter | None:
        """Return the most detailed filter that sees an extension's presence."""
        best = self.find(Kind.PRESENCE, ext_id)
        for kind, target, sees in (
            (Kind.ACCOUNT_PRESENCE, account.id, None),
            (Kind.LINE_PRESENCE, self.owner_id, account.monitored_by),
            (Kind.FAVORITE_PRESENCE, self.owner_id, account.favored_by),
        ):
            found = self.find(kind, target)
            if (
                found is not None
                and (best is None or found.level > best.level)
                and (sees is None or ext_id in sees(self.owner_id))
            ):
                best = found
        return best


class Subscriptions:
    """All subscriptions of the account, and the dispatch of changes to them."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        faults: Faults,
        counters: Counters,
        rng: random.Random,
        mailboxes: Mailboxes,
    ) -> None:
        """Listen to the changes of the account and its mailboxes."""
        self._account, self._clock, self._faults = account, clock, faults
        self._counters, self._rng = counters, rng
        self._live: dict[str, Subscription] = {}
        self._uuids = itertools.count(rng.randrange(10**18, 9 * 10**18), 7)
        account.listen(self._on_change)
        mailboxes.listeners.append(self._on_message)

    def grant(self, asked: Iterable[str], owner_id: int) -> Granted:
        """Return which requested filters are granted; raise ApiError on a refusal."""
        return grant(asked, self._account, owner_id, self._faults)

    def create(
        self,
        granted: Granted,
        owner_id: int,
        client_id: str,
        sink: Callable[[Envelope], None],
        replaces: Subscription | None,
    ) -> Subscription:
        """Create a subscription on a socket, replacing the one it had."""
        if replaces is not None:
            self.delete(replaces)
        if len(self.of(owner_id, client_id)) >= MAX_SUBSCRIPTIONS:
            raise ApiError(403, "SUB-505", "Subscriptions limit exceeded")
        now = self._clock.utc()
        subscription = Subscription(
            str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            owner_id,
            client_id,
            Delivery(self._faults, self._rng, sink),
            now,
            now + timedelta(seconds=self._clock.announce(LIFE)),
            granted,
        )
        subscription.grant(granted)
        self._live[subscription.id] = subscription
        self._counters.subscriptions_created += 1
        self._count()
        return subscription

    def renew(self, subscription: Subscription) -> None:
        """Extend a subscription to its full lifetime from now."""
        subscription.expires = self._clock.utc() + timedelta(
            seconds=self._clock.announce(LIFE)
        )

    def park(self, subscription: Subscription, *, parked: bool) -> None:
        """Keep a subscription whose socket is gone, or resume it."""
        subscription.parked = parked
        self._count()

    def delete(self, subscription: Subscription) -> None:
        """End a subscription."""
        if self._live.pop(subscription.id, None) is not None:
            subscription.delivery.close()
            self._count()

    def close(self) -> None:
        """End every subscription."""
        for subscription in list(self._live.values()):
            self.delete(subscription)

    def get(self, sub_id: str, owner_id: int) -> Subscription | None:
        """Return a user's subscription."""
        found = self._live.get(sub_id)
        return found if found is not None and found.owner_id == owner_id else None

    def of(self, owner_id: int, client_id: str) -> list[Subscription]:
        """Return the subscriptions of a user and app that have a socket."""
        return [
            each
            for each in self._live.values()
            if not each.parked
            and each.owner_id == owner_id
            and each.client_id == client_id
        ]

    def describe(self, subscription: Subscription, base: str) -> dict[str, Any]:
        """Return `SubscriptionInfo`; `base` is empty over the socket."""
        left = subscription.expires - self._clock.utc()
        info: dict[str, Any] = {
            "uri": f"{base}/restapi/v1.0/subscription/{subscription.id}",
            "id": subscription.id,
            "eventFilters": [each.text for each in subscription.granted.filters],
            "creationTime": iso(subscription.created),
            "expirationTime": iso(subscription.expires),
            "expiresIn": max(1, int(left.total_seconds())),
            "status": "Active",
            "deliveryMode": {"transportType": "WebSocket", "encryption": False},
        }
        if subscription.granted.disabled:
            info["disabledFilters"] = list(subscription.granted.disabled)
        return info

    def deliver(self, ext_id: int, body: dict[str, Any]) -> int:
        """Send a presence event with exactly this body; return the number of receivers."""
        sent = 0
        for each in list(self._live.values()):
            if (found := each.watches(ext_id, self._account)) is not None:
                self._send(each, self._presence_uri(found, ext_id), body)
                sent += 1
        return sent

    def _count(self) -> None:
        self._counters.subscriptions = sum(
            not each.parked for each in self._live.values()
        )

    def _on_change(self, change: Change) -> None:
        if not self._live:
            return
        match change:
            case PresenceChange():
                self._presence(change)
            case LinesChange():
                self._plain(Kind.LINES, change.owner_id, events.lines(change))
            case FavoritesChange():
                body = events.favorites(change, self._faults)
                self._plain(Kind.FAVORITES, change.owner_id, body)
            case ExtensionChange():
                self._plain(
                    Kind.EXTENSION, change.extension_id, events.extension_info(change)
                )
                self._plain(
                    Kind.EXTENSION_LIST, self._account.id, events.extension_list(change)
                )
            case QueueChange():
                accepts = {
                    member: accepts_current(
                        self._account.extensions[member], change.queue_id
                    )
                    for member in change.member_ids
                }
                body = events.queue_members(change, accepts, self._faults)
                self._plain(Kind.QUEUE_PRESENCE, change.queue_id, body)

    def _on_message(self, change: MessageChange) -> None:
        """Send a change in a mailbox only to its owner's subscriptions."""
        message = change.message
        if (owner := self._account.extensions.get(message.owner_id)) is None:
            return
        for each in list(self._live.values()):
            if each.owner_id != owner.id:
                continue
            for found in each.granted.filters:
                if found.target_id != owner.id:
                    continue
                if found.kind is Kind.VOICEMAIL and change.new:
                    body = messages.voicemail(message, owner, self._account.id)
                elif found.kind is Kind.MESSAGES and messages.wanted(found.query):
                    body = messages.message_store(change, self._account.id)
                else:
                    continue
                self._send(each, found.text, body)

    def _presence(self, change: PresenceChange) -> None:
        ext_id = change.extension.id
        bodies: dict[tuple[int, bool, bool, bool], dict[str, Any] | None] = {}
        for each in list(self._live.values()):
            found = each.watches(ext_id, self._account)
            if found is not None:
                own = each.owner_id == ext_id
                calls = (
                    found.kind is not Kind.ACCOUNT_PRESENCE
                    or self._faults.account_detailed_calls
                )
                key = (found.level, own, calls, self._sequenced(found))
                if key not in bodies:
                    bodies[key] = events.presence(
                        change,
                        self._faults,
                        detailed=found.level > 0,
                        sip=found.level > 1,
                        calls=calls,
                        own=own,
                        sequence=key[3],
                    )
                if (body := bodies[key]) is not None:
                    self._send(each, self._presence_uri(found, ext_id), body)
            if (found := each.find(Kind.DND, ext_id)) is not None and (
                body := events.dnd(change, self._faults)
            ):
                self._send(each, found.text, body)

    def _sequenced(self, found: Filter) -> bool:
        """Whether events of a filter carry a sequence."""
        match self._faults.sequence:
            case "detailed":
                return found.level > 0
            case "not_account":
                return found.level > 0 and found.kind is not Kind.ACCOUNT_PRESENCE
            case choice:
                return choice == "all"

    def _plain(self, kind: Kind, target_id: int, body: dict[str, Any]) -> None:
        for each in list(self._live.values()):
            if (found := each.find(kind, target_id)) is not None:
                self._send(each, found.text, body)

    def _presence_uri(self, found: Filter, ext_id: int) -> str:
        """Return `event`: the filter, or the extension's path with its query."""
        if found.kind is Kind.PRESENCE or self._faults.event_uri == "filter":
            return found.text
        path = f"/restapi/v1.0/account/{self._account.id}/extension/{ext_id}/presence"
        return f"{path}?{found.query}" if found.query else path

    def _send(self, to: Subscription, event: str, body: dict[str, Any]) -> None:
        self._counters.events_generated += 1
        to.delivery.send(
            {
                "uuid": str(next(self._uuids)),
                "event": event,
                "timestamp": iso(self._clock.utc()),
                "subscriptionId": to.id,
                "ownerId": str(to.owner_id),
                "body": body,
            }
        )
