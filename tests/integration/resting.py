"""What has to be right when a history comes to rest, and when."""

from abc import ABC, abstractmethod
import asyncio
from typing import Final

from homeassistant.helpers import issue_registry as ir

from custom_components.ringcentral.const import DOMAIN

from .undoing import FIELDS, UNDONE_WITHIN
from .watched_home import WatchedHome

# Seconds until the slow re-read of everything: six hours without the waiting.
RESYNC: Final = 900.0
# Seconds after which everything is right again: where all events came, where a reading had failed, and
# where the service had lost something without a trace.
SOON: Final = 8.0
LATER: Final = 150.0
# Who left without a word is removed by the second of two readings; and lists are read once a minute while they
# change all the time.
MEMBERS: Final = 210.0
AT_LAST: Final = RESYNC + 60.0
# The same where extensions came, left or changed meanwhile: the re-read is the first of the two readings.
MEMBERS_AT_LAST: Final = RESYNC + MEMBERS
# A feature that never worked is asked for again with the next token whose scope names its permission.
WITH_NEXT_TOKEN: Final = 3_600.0 + LATER
# Seconds in which the connection is back once all faults are over: ten minutes between Home Assistant's own
# tries to set up. Where it was set up it is two minutes, or five after a missing permission.
BACK: Final = 700.0
# The same where the service has refused in its own words: an hour between tries.
BACK_AFTER_REFUSALS: Final = 3_700.0
# Repairs that vanish by themselves once the service grants what it had refused.
_PASSING_ISSUES: Final = (
    "permission_missing",
    "role_permission_missing",
    "lost_permission",
    "lost_role_permission",
    "subscription_limit",
)
# Seconds in which the sentinel shows: only an event is so quick.
LIVE: Final = 1.0


class Resting(WatchedHome, ABC):
    """A Home Assistant that is compared with the service at rest."""

    # Seconds until what happened so far has to be right again.
    right_in = SOON
    # Whether lists of extensions have changed since the last rest.
    have_lists_changed = False
    # How many lists were read as they are not.
    lies = 0

    @abstractmethod
    async def end_faults(self) -> None:
        """End every fault of the service."""

    async def rest(self) -> None:
        """End every fault, wait as long as is promised, and compare."""
        await self._finish()
        await self.end_faults()
        # What was done last has to be noticed first.
        await asyncio.sleep(1)
        if not await self._live():
            return
        await asyncio.sleep(self._until_right())
        if not await self._live():
            return
        await asyncio.sleep(SOON)
        await self._sentinel()
        self.complaints += self.differences()
        self.complaints += self.undoing.wrong(self._written)
        self.complaints += self._asked_for()
        self.undoing.forget()
        self.words.forget()
        if not self.is_gentle:
            self.was_always_gentle = False
            # What is left of the budgets was spent on trouble.
            await asyncio.sleep(61)
        self.penalties.delay = 0.0
        self.right_in = SOON
        self.have_lists_changed = False
        self.lies = 0
        self.is_gentle = self.is_unbroken = True

    def _until_right(self) -> float:
        """Return the seconds until everything has to be right and undone."""
        right_in = self.right_in
        if right_in == AT_LAST and self.have_lists_changed:
            right_in = MEMBERS_AT_LAST
        if not self.undoing.is_waiting:
            return right_in
        return max(
            right_in,
            UNDONE_WITHIN,
            self.undoing.over_at - self.loop.time(),
        )

    def _written(self, extension_id: str) -> dict[str, str] | None:
        """Return what a change for a time may have changed, unless it may not be undone."""
        ext = self.emulator._service.account.extensions.get(int(extension_id))
        issue = f"not_restored_{self.entry.entry_id}_{extension_id}"
        if (
            ext is None
            or ext.status != "Enabled"
            or (DOMAIN, issue) in ir.async_get(self.hass).issues
        ):
            return None
        return {name: getattr(ext, name) for name in FIELDS}

    def _asked_for(self) -> list[str]:
        """Return what the user is still asked for, although all is well."""
        flows = self.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        issues = [
            name
            for domain, name in ir.async_get(self.hass).issues
            if domain == DOMAIN and name.startswith(_PASSING_ISSUES)
        ]
        return [
            f"the user is still asked for {each}"
            for each in (*(flow["context"]["source"] for flow in flows), *issues)
        ]

    async def _live(self) -> bool:
        """Wait until events flow and what is shown is trusted, without anybody's help."""
        is_refused = self.words.allow_sign_in() or self.words.allow(
            "permission_missing"
        )
        until = self.loop.time() + (BACK_AFTER_REFUSALS if is_refused else BACK)
        while True:
            coordinator = self.coordinator
            if coordinator and coordinator.account.is_live and coordinator.available:
                return True
            if self.loop.time() > until:
                self.complaints.append(
                    f"not live {BACK:.0f} s after the last fault ({self.entry.state})"
                )
                return False
            await asyncio.sleep(1)

    async def _sentinel(self) -> None:
        """Change something and see it shown: events flow, and what came before it has come."""
        emulator = self.emulator
        followed = self.truth.followed(self.entry)
        who = next(
            (
                key
                for key in (emulator.own_extension_id, *followed)
                if key in followed and "userStatus" in emulator.truth_of(key)
            ),
            None,
        )
        if who is None:
            return
        is_on = emulator.truth_of(who)["ringOnMonitoredCall"]
        await emulator.set_presence(who, {"ringOnMonitoredCall": not is_on})
        entity_id = self.entities(who)["ring_on_monitored_call"]
        until = self.loop.time() + LIVE
        while self.hass.states.get(entity_id).state != ("off" if is_on else "on"):  # type: ignore[union-attr]
            if self.loop.time() > until:
                self.complaints.append(f"the sentinel at {who} does not show")
                return
            await asyncio.sleep(0.05)

    def verdict(self) -> list[str]:
        """Return everything there is to complain of."""
        found = [*self.complaints]
        found += [f"penalty: {each}" for each in self.penalties.broken]
        found += [f"logged: {each}" for each in self.log.errors]
        found += [f"secret in the log: {each}" for each in self.log.leaks]
        return found
