"""Turns what the service sends into what it should not."""

from collections.abc import Callable, Iterator
import copy
import json
import random
from typing import Any, Final

type Json = Any
type _Place = tuple[Any, Any]

VALUES: Final[tuple[Json, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    7,
    999,
    2**31 - 1,
    2**31,
    2**63 - 1,
    -(2**63),
    2**64 - 1,
    10**30,
    0.0,
    -0.5,
    1e-9,
    1e308,
    "",
    " ",
    "0",
    "-1",
    "~",
    "x" * 300,
    "null",
    "NoCall",
    "Ringing",
    "CallConnected",
    "OnHold",
    "ParkedCall",
    "Available",
    "Busy",
    "Unknown",
    "SomethingNew",
    "final",
    "intermediate",
    "Inbound",
    "Outbound",
    "conference",
    "Ünïcödé \u202e\u0000\ufeff",
    "\U0001f4de",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-11-24",
    "20261124T101112Z",
    "ServerNotification",
    "ConnectionDetails",
    "ClientRequest",
    "Heartbeat",
    "Error",
    "WSG-902",
    "OAU-213",
    "CMN-301",
    "SUB-528",
    "/restapi/v1.0/account/~/extension",
    "?detailedTelephonyState=true",
    [],
    [None],
    [[]],
    {},
    {"id": None},
    {"errorCode": []},
)


class Mutator:
    """A repeatable source of mistakes."""

    def __init__(self, seed: int) -> None:
        """Begin at a seed."""
        self.chance = random.Random(seed)

    def value(self, depth: int = 3) -> Json:
        """Return any JSON value."""
        kind = self.chance.randrange(10)
        if depth and kind == 0:
            return [self.value(depth - 1) for _ in range(self.chance.randrange(4))]
        if depth and kind == 1:
            return {
                self.word(): self.value(depth - 1)
                for _ in range(self.chance.randrange(4))
            }
        if kind == 2:
            return self.chance.randrange(-(10**12), 10**12)
        if kind == 3:
            return self.word()
        return copy.deepcopy(self.chance.choice(VALUES))

    def word(self) -> str:
        """Return some text."""
        return "".join(
            chr(self.chance.choice((self.chance.randrange(32, 127), 0x20AC, 0x1F4DE)))
            for _ in range(self.chance.randrange(12))
        )

    def json(self, real: Json) -> Json:
        """Return a value with one to four mistakes in it."""
        root = [copy.deepcopy(real)]
        for _ in range(self.chance.randint(1, 4)):
            if places := list(_places(root)):
                where, key = self.chance.choice(places)
                self.chance.choice(self._mistakes)(self, where, key, places)
        return root[0] if root else None

    def text(self, real: Json) -> str:
        """Return a text that was JSON once, or still is."""
        kind = self.chance.randrange(10)
        if kind == 0:
            return json.dumps(self.value())
        if kind == 1:
            return self.word() * self.chance.choice((1, 1, 50))
        if kind == 2:
            depth = self.chance.choice((10, 500, 2_000))
            return "[" * depth + "]" * self.chance.choice((depth, 0))
        text = json.dumps(self.json(real), ensure_ascii=self.chance.random() < 0.5)
        if kind < 6:
            return self._spoil(text)
        return text

    def _spoil(self, text: str) -> str:
        """Cut, repeat or change a part of a text."""
        one, two = sorted(self.chance.choices(range(len(text) + 1), k=2))
        middle = self.chance.choice(
            (
                "",
                text[one:two] * 2,
                text[one:two][::-1],
                self.word(),
                "\\ud800",
                "1e999",
                "NaN",
                "-",
                '"',
                "}",
                "]",
                "\u0000",
            )
        )
        return text[:one] + middle + text[two:]

    def _replace(self, where: Any, key: Any, _places: list[_Place]) -> None:
        where[key] = self.value()

    def _remove(self, where: Any, key: Any, _places: list[_Place]) -> None:
        del where[key]

    def _rename(self, where: Any, key: Any, _places: list[_Place]) -> None:
        if isinstance(where, dict):
            where[self.word()] = where.pop(key)

    def _repeat(self, where: Any, key: Any, _places: list[_Place]) -> None:
        if isinstance(where, list):
            where.extend([copy.deepcopy(where[key])] * self.chance.choice((1, 2, 20)))

    def _wrap(self, where: Any, key: Any, _places: list[_Place]) -> None:
        where[key] = self.chance.choice(([where[key]], {"value": where[key]}))

    def _retype(self, where: Any, key: Any, _places: list[_Place]) -> None:
        """Write a number as text, and a text as a number."""
        value = where[key]
        if isinstance(value, bool) or not isinstance(value, int | str):
            return
        where[key] = str(value) if isinstance(value, int) else len(value)

    def _take_another(self, where: Any, key: Any, places: list[_Place]) -> None:
        """Put what stands elsewhere here."""
        other, at = self.chance.choice(places)
        if at in other if isinstance(other, dict) else at < len(other):
            where[key] = copy.deepcopy(other[at])

    _mistakes: tuple[Callable[[Mutator, Any, Any, list[_Place]], None], ...] = (
        _replace,
        _replace,
        _replace,
        _remove,
        _rename,
        _repeat,
        _wrap,
        _retype,
        _take_another,
    )


def _places(node: Any) -> Iterator[_Place]:
    """Yield every place of a value that can hold another: its container and key."""
    items: Any = ()
    if isinstance(node, list):
        items = enumerate(node)
    elif isinstance(node, dict):
        items = node.items()
    for key, value in items:
        yield node, key
        yield from _places(value)
