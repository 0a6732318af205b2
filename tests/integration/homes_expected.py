"""What the things of a home have to show at rest, by what has happened: each blueprint in a few words of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from homeassistant.components.light.const import ColorMode
from homeassistant.util import dt as dt_util

from .homes import Household, MoodyLamp, MoodyPlayer, MoodyPlug

RANK: Final = (
    "ringing",
    "on_call",
    "dialing",
    "on_hold",
    "in_meeting",
    "do_not_disturb",
    "busy",
)
# Seconds in which what a person does meets what an automation does.
MOMENT: Final = 12.0
# Seconds in which Home Assistant may not have seen yet what a person did.
UNSEEN: Final = 2.0
# Seconds in which all that happens is one.
AT_ONCE: Final = 0.1
LONG_AGO: Final = -1e9


@dataclass
class Written:
    """What is known of one thing: when it was written, and what people did with it."""

    before: set[str]
    # Since when it surely shows, and may have been written.
    surely: float = LONG_AGO
    perhaps: float = LONG_AGO
    hand_at: float = LONG_AGO
    hand: str = ""
    budget: int = 0

    def allows(self, shows: str, right: set[str], moment: float) -> bool:
        """Whether a thing may show this at rest, where this would be right without people."""
        if self.hand_at > self.perhaps + moment:
            return shows == self.hand
        if self.hand_at > self.surely - moment:
            return shows in right | {self.hand}
        return shows in right


class Expected:
    """What is right in one home."""

    name: str
    things: Sequence[Any]
    # Seconds after which everything is at rest.
    rest = 30.0

    def __init__(self, settings: dict[str, Any]) -> None:
        """Take the inputs, and what else there is."""
        self.settings = settings
        self.home: Household

    async def move_in(self, home: Household) -> None:
        """Bring the things, and the automation."""
        self.home = home
        await home.move_in(*self.things)
        await self.automate()

    async def automate(self) -> None:
        """Bring the automation, about everybody."""
        people = [self.home.device(key) for key in self.home.people]
        await self.home.automate(self.name, extensions=people, **self.settings)

    @property
    def now(self) -> float:
        """The time of the loop in seconds."""
        return self.home.loop.time()

    def seen(self) -> None:
        """Notice that a status has changed."""

    def began(self) -> None:
        """Notice that an automation was loaded."""

    def restarted(self) -> None:
        """Notice that memory is gone."""
        self.began()

    def by_hand(self, which: int, what: int) -> None:
        """Let somebody do something with a thing."""

    def power(self, which: int, *, on: bool) -> None:
        """Unplug a thing, or plug it in."""
        self.things[which % len(self.things)].power(on=on)

    def passed(self, before: datetime) -> bool:
        """Notice that time has passed, and return whether anything is to be shown anew."""
        return False

    def wrong(self) -> list[str]:
        """Return what is not as it should be."""
        raise NotImplementedError


class OfThings(Expected):
    """What is written to things when it changes: lamps and signs."""

    moment = MOMENT

    def __init__(self, settings: dict[str, Any], things: Sequence[Any]) -> None:
        """Take things as they are."""
        super().__init__(settings)
        self.things = things
        self.of = {thing.entity_id: Written({thing.shows}) for thing in things}
        self.target: Any = None
        # What was wanted before that, until when, and since when it was shown.
        self.earlier: tuple[Any, float, dict[str, float]] = (None, LONG_AGO, {})

    def wanted(self) -> Any:
        """Return what is to be shown now."""
        raise NotImplementedError

    def cost(self, target: Any) -> int:
        """Return how many commands to a thing this may take."""
        return 3

    def seen(self) -> None:
        target = self.wanted()
        is_new, before, self.target = target != self.target, self.target, target
        if is_new:
            back_to, until, surely = self.earlier
            self.earlier = (
                before,
                self.now,
                {key: written.surely for key, written in self.of.items()},
            )
            # What is over at once may never have been seen.
            is_new = target != back_to or self.now > until + 1
            for key, since in surely.items():
                if not is_new:
                    self.of[key].surely = since
        for thing in self.things:
            written = self.of[thing.entity_id]
            written.perhaps = self.now
            written.budget += self.cost(target) if is_new else 3
            if is_new and thing.available:
                written.surely = self.now

    def began(self) -> None:
        self.target = None
        self.seen()

    def by_hand(self, which: int, what: int) -> None:
        thing = self.things[which % len(self.things)]
        if not thing.available:
            return
        thing.by_hand(what)
        written = self.of[thing.entity_id]
        written.hand, written.hand_at = thing.shows, self.now
        self.touched(thing, written)

    def touched(self, thing: Any, written: Written) -> None:
        """Notice what a person did with a thing."""

    def power(self, which: int, *, on: bool) -> None:
        thing = self.things[which % len(self.things)]
        is_back = on and not thing.available
        thing.power(on=on)
        if is_back:
            # It is written alone, or with all.
            for each in self.things:
                self.of[each.entity_id].perhaps = self.now
                self.of[each.entity_id].budget += self.cost(self.target)
            self.of[thing.entity_id].surely = self.now

    def right(self, thing: Any, written: Written) -> set[str] | None:
        """Return what is right for a thing, None where anything is."""
        raise NotImplementedError

    def wrong(self) -> list[str]:
        target = self.wanted()
        found = []
        if target != self.target:
            found.append(f"{self.target} was noticed last, and it is {target}")
        for thing in self.things:
            written = self.of[thing.entity_id]
            if thing.commands > written.budget:
                found.append(
                    f"{thing.entity_id}: {thing.commands} commands, {written.budget} at the most"
                )
            if thing.available and not thing.has_failed:
                right = self.right(thing, written)
                if right is not None and not written.allows(
                    thing.shows, right, self.moment
                ):
                    found.append(
                        f"{thing.entity_id} shows {thing.shows}, not {right} ({target}, {written}, {self.now})"
                    )
        return found


class BusyLight(OfThings):
    """Lamps that show the most urgent status."""

    name = "busy_light"
    things: Sequence[MoodyLamp]

    def __init__(self, settings: dict[str, Any], lamps: Sequence[MoodyLamp]) -> None:
        """Take lamps as they are."""
        settings = {
            **settings,
            "lights": [lamp.entity_id for lamp in lamps],
            "busy_color": [9, 9, 255],
            "on_call_color": [200, 0, 0],
            "in_meeting_color": [200, 0, 90],
            "dialing_color": [200, 90, 0],
            "voicemail_color": [0, 9, 255],
        }
        super().__init__(settings, lamps)
        self.moment = MOMENT + settings["blink_for"]
        self.rest = self.moment + 15
        self.brings_back = "restore" in (
            settings["when_available"],
            settings["when_unknown"],
        )

    async def move_in(self, home: Household) -> None:
        self.home = home
        await home.move_in(*self.things)
        if self.settings.pop("shows_voicemail"):
            self.settings["voicemails"] = [await home.voicemails()]
        await self.automate()

    def seen(self) -> None:
        if self.home.is_in_trouble and "voicemails" in self.settings:
            # Found again, it may be what a plain lamp shows already.
            for written in self.of.values():
                written.before.add("off")
        super().seen()

    def wanted(self) -> tuple[str, str]:
        true = self.home.statuses()
        everything = {status for each in true for status in each}
        look = next(
            (
                status
                for status in RANK
                if status in self.settings["show"] and status in everything
            ),
            "",
        )
        if not look:
            waits = any(map(self.home.waiting, self.settings.get("voicemails", ())))
            is_free = everything - {"offline"}
            look = "voicemail" if waits else "available" if is_free else "unknown"
        way = {
            "available": self.settings["when_available"],
            "unknown": self.settings["when_unknown"],
        }.get(look, "color")
        if not self.is_time():
            return ("restore" if self.brings_back else "off"), "off duty"
        return way, look

    def is_time(self) -> bool:
        """Whether the light works at this time."""
        now = dt_util.now()
        begin, end = (
            time.fromisoformat(self.settings[key])
            for key in ("from_time", "until_time")
        )
        days = self.settings["days"]
        names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        today, yesterday = (
            names[now.weekday()] in days,
            names[now.weekday() - 1] in days,
        )
        at = now.time()
        if begin == end:
            return today
        if begin < end:
            return today and begin <= at < end
        return (today and at >= begin) or (yesterday and at < end)

    def passed(self, before: datetime) -> bool:
        if self.wanted() != self.target:
            self.seen()
            return True
        # Also where nothing changes it is written at these times.
        now = dt_util.now()
        is_new = False
        for key in ("from_time", "until_time"):
            at = time.fromisoformat(self.settings[key])
            if any(
                before <= datetime.combine(day.date(), at, day.tzinfo) <= now
                for day in (before, now)
            ):
                self.seen()
                is_new = True
        return is_new

    def cost(self, target: Any) -> int:
        blink = self.settings["ringing_blink"] if "ringing" in target else 0
        blink = self.settings["on_hold_blink"] if "on_hold" in target else blink
        blink = self.settings["voicemail_blink"] if "voicemail" in target else blink
        return 3 + (round(self.settings["blink_for"] / blink) + 2 if blink else 0)

    def began(self) -> None:
        super().began()
        if self.brings_back and (
            self.target[0] != "restore" or not self.home.statuses()
        ):
            # It may show the call already, so that nothing is known of before.
            for written in self.of.values():
                written.before.add("off")

    def restarted(self) -> None:
        super().restarted()
        for written in self.of.values():
            written.before.add("off")

    def touched(self, thing: Any, written: Written) -> None:
        is_quiet = self.now > written.perhaps + self.moment
        way = self.target[0]
        if is_quiet and way == "restore":
            written.before = {thing.shows}
        elif not is_quiet or way != "color":
            written.before.add(thing.shows)

    def power(self, which: int, *, on: bool) -> None:
        super().power(which, on=on)
        lamp = self.things[which % len(self.things)]
        self.of[lamp.entity_id].before.add(lamp.shows)

    def right(self, thing: Any, written: Written) -> set[str] | None:
        way, look = self.target
        if way == "keep":
            return None
        if way == "restore":
            right = set(written.before)
            if thing.shows in right:
                written.before = {thing.shows}
            return right
        if way == "off":
            is_theirs = self.brings_back and look != "available"
            return {"off", *(written.before if is_theirs else ())}
        if thing.color_mode is ColorMode.RGB:
            key = "available_brightness" if look == "available" else "brightness"
            color = {
                "ringing": "255,0,0",
                "on_call": "200,0,0",
                "dialing": "200,90,0",
                "on_hold": "255,180,0",
                "in_meeting": "200,0,90",
                "do_not_disturb": "150,0,255",
                "busy": "9,9,255",
                "voicemail": "0,9,255",
                "available": "0,255,0",
            }[look]
            return {f"{color} {self.settings[key]}%"}
        if look not in self.settings["plain_on"]:
            return {"off"}
        if thing.color_mode is ColorMode.ONOFF:
            return {"on"}
        key = "available_brightness" if look == "available" else "brightness"
        return {f"{self.settings[key]}%"}


class OnAir(OfThings):
    """Signs that are on while anyone is on a call."""

    name = "on_air"
    things: Sequence[MoodyPlug]

    def __init__(self, settings: dict[str, Any], signs: Sequence[MoodyPlug]) -> None:
        """Take signs as they are."""
        signs_of = [sign.entity_id for sign in signs]
        super().__init__({**settings, "signs": signs_of}, signs)
        self.moment = MOMENT + settings["linger"]
        self.rest = self.moment + 15

    def wanted(self) -> str:
        counts = {"on_call", "on_hold"}
        if self.settings["meetings"]:
            counts.add("in_meeting")
        is_on = any(counts & each for each in self.home.statuses())
        return "on" if is_on else "off"

    def right(self, thing: Any, written: Written) -> set[str] | None:
        return {self.target}

    def wrong(self) -> list[str]:
        if self.settings["linger"]:
            # A call within the time a sign lingers is no change to a sign that is on.
            for written in self.of.values():
                if written.hand_at > LONG_AGO:
                    written.surely = min(written.surely, written.hand_at - MOMENT)
        return super().wrong()


class QuietMedia(Expected):
    """Players that are quiet while it rings or somebody is on a call."""

    name = "media"
    things: Sequence[MoodyPlayer]

    def __init__(
        self, settings: dict[str, Any], players: Sequence[MoodyPlayer]
    ) -> None:
        """Take players as they are."""
        self.things = players
        names = [player.entity_id for player in players]
        super().__init__({**settings, "players": names})
        self.rest += settings["wait"]
        self.right = {player.entity_id: player.shows for player in players}
        # What was made quiet, and how it sounded before.
        self.quiet: dict[str, str] = {}
        # Of whom nothing is sure until the next rest.
        self.unsure: set[str] = set()
        self.is_known = self.has_reason = False
        self.over_at: float | None = None
        self.last = LONG_AGO

    def reason(self) -> tuple[bool, bool]:
        """Return whether anything is known, and whether there is a reason to be quiet."""
        true = self.home.statuses()
        counts: set[str] = set()
        if "ringing" in self.settings["quiet_while"]:
            counts.add("ringing")
        if "on_call" in self.settings["quiet_while"]:
            counts |= {"on_call", "on_hold"}
        return bool(true), any(counts & each for each in true)

    def seen(self) -> None:
        self.passed(dt_util.now())
        was_known, had = self.is_known, self.has_reason
        self.is_known, has = self.reason()
        if not self.is_known:
            if self.over_at is not None and self.now < self.over_at + AT_ONCE:
                # Of several extensions one becomes unavailable before the other.
                self.over_at, self.has_reason = None, True
            self.last = self.now
            return
        if has == had:
            if not was_known:
                self.last = self.now
            return
        if self.now < self.last + MOMENT + self.settings["wait"]:
            self.unsure.update(self.right)
        self.last, self.has_reason = self.now, has
        if not has:
            self.over_at = self.now
        elif self.over_at is not None:
            self.over_at = None
        elif was_known:
            self._begin()

    def _begin(self) -> None:
        for player in self.things:
            key, heard = player.entity_id, self.right[player.entity_id]
            if not player.available or player.has_failed or player.is_broken:
                self.unsure.add(key)
            elif heard in ("playing", "on"):
                can_pause = (
                    self.settings["how"] == "pause" and player.supported_features & 1
                )
                if can_pause and heard == "playing":
                    now = "paused"
                elif player.supported_features & 8:
                    now = f"{heard} muted"
                else:
                    continue
                if self.settings["bring_back"]:
                    self.quiet[key] = heard
                self.right[key] = now

    def passed(self, before: datetime) -> bool:
        wait = self.settings["wait"] + AT_ONCE
        if self.over_at is None or self.now < self.over_at + wait:
            return False
        self.over_at = None
        for player in self.things:
            if player.entity_id not in self.quiet:
                continue
            if not player.available or player.is_broken:
                self.unsure.add(player.entity_id)
            self.right[player.entity_id] = self.quiet.pop(player.entity_id)
        return False

    def restarted(self) -> None:
        self.quiet.clear()
        self.began()

    def began(self) -> None:
        # What goes on is found, and not begun.
        self.is_known, has_reason = self.reason()
        if has_reason or self.has_reason:
            self.unsure.update(self.right)
        self.has_reason, self.last = has_reason, self.now

    def by_hand(self, which: int, what: int) -> None:
        player = self.things[which % len(self.things)]
        if not player.available or player.state in ("on", "off"):
            return
        player.by_hand(what)
        key = player.entity_id
        if (
            self.now < self.last + MOMENT + self.settings["wait"]
            or player.is_volume_muted
        ):
            self.unsure.add(key)
        self.quiet.pop(key, None)
        self.right[key] = player.shows

    def power(self, which: int, *, on: bool) -> None:
        super().power(which, on=on)
        # Back again it is looked at, as one that was off.
        self.unsure.add(self.things[which % len(self.things)].entity_id)

    def wrong(self) -> list[str]:
        self.passed(dt_util.now())
        found = []
        _, has_reason = self.reason()
        for player in self.things:
            key = player.entity_id
            if key not in self.unsure and player.available and not player.has_failed:
                if player.shows != self.right[key]:
                    found.append(f"{key} is {player.shows}, not {self.right[key]}")
            # From here on it is as it is.
            if key in self.unsure:
                self.right[key] = player.shows
                if not has_reason:
                    self.quiet.pop(key, None)
        if not has_reason:
            self.unsure = {
                player.entity_id
                for player in self.things
                if not player.available or player.has_failed or player.is_broken
            }
        return found


class Undisturbed(Expected):
    """Do not disturb while there is a reason; ``which`` blueprint, and switches that are one."""

    def __init__(self, name: str, switches: Sequence[MoodyPlug]) -> None:
        """Take what is a reason."""
        # A minute's look is in it.
        self.name, self.rest = name, 75.0
        self.things = switches
        super().__init__({"switches": [each.entity_id for each in switches]})
        self.has_reason = False
        # What is so without us, and all that it may be.
        self.base = "TakeAllCalls"
        self.allowed: set[str] = {self.base}
        self.is_ours = self.is_off_by_hand = self.is_unsure = False
        # On by hand already when the reason began.
        self.is_theirs = False
        # What was a reason when it was last seen.
        self.stands: set[str] = set()
        # When the automation did something, and a person set it.
        self.last = self.set_at = LONG_AGO

    async def move_in(self, home: Household) -> None:
        self.home = home
        await home.move_in(*self.things)
        await home.automate(
            self.name, extension=home.device(home.people[0]), **self.settings
        )

    def _look(self, *, is_new: bool = False) -> None:
        """Notice what is a reason now."""
        has = any(each.available and each.is_on for each in self.things)
        self.stands = {
            each.entity_id
            for each in self.things
            if (each.is_on if each.available else each.entity_id in self.stands)
        }
        is_taken = self.is_ours or self.is_off_by_hand or self.is_theirs
        has = has or (self.has_reason and is_taken and bool(self.stands))
        had, self.has_reason = self.has_reason, has
        if has and (not had or is_new):
            self.changed()
            if self.base != "DoNotAcceptAnyCalls":
                self.is_ours, self.is_off_by_hand = True, False
            self.is_theirs = not self.is_ours
        elif had and not has:
            self.changed()
            self.is_ours = self.is_off_by_hand = self.is_theirs = False

    def changed(self) -> None:
        """Notice that the automation does something now; what a person did just before may be overtaken."""
        self.last = self.now
        if self.now < self.set_at + UNSEEN:
            self.is_unsure = True

    def by_hand(self, which: int, what: int) -> None:
        switch = self.things[which % len(self.things)]
        if not switch.available:
            return
        was_on = switch.is_on
        switch.by_hand(what)
        self._look(is_new=bool(what) and not was_on)

    def power(self, which: int, *, on: bool) -> None:
        super().power(which, on=on)
        self._look()

    def restarted(self) -> None:
        # Whether somebody had turned it off is not known any more.
        if self.is_off_by_hand or self.home.is_in_trouble:
            self.is_unsure = True
        if self.is_off_by_hand:
            # It is turned on again, and a reason that is away from then on is as it was.
            self.allowed.add("DoNotAcceptAnyCalls")
        self.is_off_by_hand = False
        self.last = self.now
        self._look()

    def set_by_hand(self, dnd: str) -> None:
        """Notice that a person has set do not disturb."""
        if self.now < self.last + MOMENT or self.home.is_in_trouble:
            self.is_unsure = True
        self.set_at = self.now
        self.allowed.add(dnd)
        if self.is_ours and dnd == "DoNotAcceptAnyCalls":
            return
        self.base = dnd
        if self.is_ours or self.is_theirs:
            self.is_ours, self.is_off_by_hand = False, True
            self.is_theirs = False

    def wrong(self) -> list[str]:
        has = self.home.emulator.truth()[self.home.people[0]]["dndStatus"]
        right = "DoNotAcceptAnyCalls" if self.is_ours else self.base
        found = []
        if self.is_unsure:
            if not self.has_reason and has not in self.allowed:
                found.append(f"{has} without a reason, not of {self.allowed}")
        elif has != right:
            found.append(f"{has}, not {right} ({vars(self)}, {self.now})")
        if not self.has_reason:
            self.base, self.is_unsure = has, False
            self.is_ours = self.is_off_by_hand = self.is_theirs = False
            self.allowed = {has}
        return found
