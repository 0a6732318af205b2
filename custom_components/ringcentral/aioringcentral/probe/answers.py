"""What the records of a probe say about the open questions of docs/protocol.md. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from ..recording.recorder import Record
from .observed import Seen, closes, event_uris, events, readings, steps

NOT_SEEN: Final = "not seen"
# Most calls that an event lists, and seconds within which a second event may belong to the same hang-up.
_LISTED: Final = 7
_SAME_HANGUP: Final = 5.0
_DAY: Final = 86_400.0


def answers(records: Sequence[Record]) -> list[tuple[str, str]]:
    """Return each open question with what was observed about it, in words."""
    return [(question, answer(records)) for question, answer in _QUESTIONS]


def _account_filter(records: Sequence[Record]) -> str:
    found = []
    for step in ("account", "account_detailed"):
        seen = [each for each in events(records) if each.step == step]
        if seen:
            sequences = sum("sequence" in each.body for each in seen)
            calls = sum("activeCalls" in each.body for each in seen)
            found.append(
                f"{step}: of {len(seen)} events {sequences} with sequence, {calls} with activeCalls"
            )
    return "; ".join(found) or NOT_SEEN


def _uris(records: Sequence[Record]) -> str:
    found = event_uris(records)
    return (
        "; ".join(
            f"{step}: {', '.join(sorted(found[step]))}"
            for step in ("lines", "favorites", "queue", "own", "account")
            if step in found
        )
        or NOT_SEEN
    )


def _many_calls(records: Sequence[Record]) -> str:
    lists = [
        each for each in readings(records) if isinstance(each.get("activeCalls"), list)
    ]
    if not lists:
        return NOT_SEEN
    most = max(len(each["activeCalls"]) for each in lists)
    totals = sum("totalActiveCalls" in each for each in lists)
    seven = "" if most > _LISTED else ", no reading had more than seven"
    return f"at most {most} calls listed, total in {totals} of {len(lists)} readings with calls{seven}"


def _batch(records: Sequence[Record]) -> str:
    remaining: list[int] = []
    asked = 0
    for step, record in steps(records):
        if step != "batch" or record["kind"] != "reply":
            continue
        value = record.get("headers", {}).get("x-rate-limit-remaining")
        asked = max(asked, str(record.get("path")).count(",") + 1)
        if value is not None and value.isdecimal():
            remaining.append(int(value))
    if len(remaining) < 2 or asked < 2:
        return NOT_SEEN
    return f"a request for {asked} extensions took {remaining[0] - remaining[1]} of the limit"


def _hidden(records: Sequence[Record]) -> str:
    found = Counter(
        f"presenceStatus {each.get('presenceStatus')}, "
        f"telephonyStatus {each.get('telephonyStatus', 'absent')}"
        for each in readings(records)
        if each.get("allowSeeMyPresence") is False
    )
    refused = sum(
        1
        for _, record in steps(records)
        if record["kind"] == "reply"
        and record["status"] == 403
        and "/presence" in record["path"]
    )
    said = [f"{text} ({count})" for text, count in found.most_common()]
    if refused:
        said.append(f"{refused} readings refused with 403")
    return "; ".join(said) or NOT_SEEN


def _by_extension(records: Sequence[Record]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for each in events(records):
        found.setdefault(each.extension, []).append(each)
    return found


def _transitions(records: Sequence[Record]) -> str:
    found: Counter[str] = Counter()
    absent = 0
    for seen in _by_extension(records).values():
        before = "?"
        for each in seen:
            now = each.body.get("telephonyStatus")
            if now is None:
                absent += 1
                continue
            found[f"{before} -> {now}"] += 1
            before = str(now)
    if not found and not absent:
        return NOT_SEEN
    shown = ", ".join(f"{text} ({count})" for text, count in found.most_common(12))
    return f"{shown or 'never sent'}; absent in {absent} events"


def _hangups(records: Sequence[Record]) -> str:
    one = two = 0
    for seen in _by_extension(records).values():
        for place, each in enumerate(seen):
            if not any(_is_final(call) for call in each.calls or ()):
                continue
            after = seen[place + 1] if place + 1 < len(seen) else None
            if (
                after is not None
                and after.step == each.step
                and after.at - each.at < _SAME_HANGUP
                and not after.calls
                and after.body.get("telephonyStatus", "NoCall") == "NoCall"
            ):
                two += 1
            else:
                one += 1
    return (
        f"{one} as one event, {two} followed by one without the call"
        if one + two
        else NOT_SEEN
    )


def _is_final(call: object) -> bool:
    return isinstance(call, dict) and call.get("terminationType") == "final"


def _presence_status(records: Sequence[Record]) -> str:
    found: Counter[str] = Counter()
    for seen in _by_extension(records).values():
        known: dict[str, object] = {}
        for each in seen:
            known |= each.body
            facts = [
                str(known.get(field, "?"))
                for field in (
                    "telephonyStatus",
                    "userStatus",
                    "dndStatus",
                    "meetingStatus",
                )
            ]
            found[f"{', '.join(facts)}: {known.get('presenceStatus', '?')}"] += 1
    return (
        "; ".join(f"{text} ({count})" for text, count in found.most_common(16))
        or NOT_SEEN
    )


def _closes(records: Sequence[Record]) -> str:
    return (
        "; ".join(f"{step}: {code}" for step, code in dict.fromkeys(closes(records)))
        or NOT_SEEN
    )


def _sequences(records: Sequence[Record]) -> str:
    found: Counter[str] = Counter()
    longest = 0.0
    for seen in _by_extension(records).values():
        numbered = [each for each in seen if isinstance(each.body.get("sequence"), int)]
        for before, after in pairwise(numbered):
            step = after.body["sequence"] - before.body["sequence"]
            found[f"{step:+d}" if -2 < step < 4 else "other"] += 1
            longest = max(longest, after.at - before.at)
    if not found:
        return NOT_SEEN
    day = "" if longest > _DAY else ", nothing over a day"
    return (
        ", ".join(f"{step} ({count})" for step, count in found.most_common())
        + f" from one to the next, at most {longest:.0f} s apart{day}"
    )


_QUESTIONS: Final[tuple[tuple[str, Callable[[Sequence[Record]], str]], ...]] = (
    (
        "Do events of the account filter carry sequence and activeCalls?",
        _account_filter,
    ),
    ("Which event URIs do the filters have?", _uris),
    ("How many calls does a reading list, and does it give a total?", _many_calls),
    ("How does a batch request count against the limits?", _batch),
    ("What is seen of somebody who hides?", _hidden),
    ("What changes telephonyStatus?", _transitions),
    ("Is a hang-up one event or two?", _hangups),
    (
        "Which presenceStatus goes with telephonyStatus, userStatus, dndStatus and meetingStatus?",
        _presence_status,
    ),
    ("Which close codes end a connection?", _closes),
    ("How does sequence go on?", _sequences),
)
