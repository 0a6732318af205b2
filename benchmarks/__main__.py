"""Measures everything, each figure next to its floor, and compares it with its promise."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
import sys
from typing import Any

# Import Home Assistant before anything that imports voluptuous.
import homeassistant.core  # noqa: F401
import orjson

from . import blocks, connection, event, startup, throughput

type Figures = dict[str, Any]


async def _event() -> Figures:
    sizes = [await event.measure(size) for size in (12, 102, 1_000)]
    return {
        "by_extensions": sizes,
        "own_microseconds": max(size["own_microseconds"] for size in sizes),
        "ratio": max(size["ratio"] for size in sizes),
        "largest_to_smallest": round(sizes[-1]["ratio"] / sizes[0]["ratio"], 2),
    }


_MEASURES: dict[str, Callable[[], Awaitable[Figures]]] = {
    "event": _event,
    "throughput": throughput.measure,
    "startup": lambda: startup.measure(1_000),
    "blocks": blocks.measure,
    "idle": connection.idle,
    "reconnect": connection.reconnect,
}

# Promises, as (measure, figure, upper or lower bound).
_AT_MOST: tuple[tuple[str, str, float], ...] = (
    ("event", "own_microseconds", 20),
    ("event", "ratio", 1.25),
    ("event", "largest_to_smallest", 1.1),
    ("startup", "first_rest_calls", 6),
    ("startup", "rest_calls", 6),
    ("startup", "ratio", 1.2),
    ("startup", "memory_kib_per_extension", 10),
    ("blocks", "longest_block_ms", 100),
    ("idle", "calls_per_hour", 2),
    ("reconnect", "longest_seconds", 2),
    ("reconnect", "rest_reads", 0),
    ("reconnect", "events_lost", 0),
    ("reconnect", "unavailable_states", 0),
)
_AT_LEAST: tuple[tuple[str, str, float], ...] = (("throughput", "ratio", 0.8),)


def broken(figures: dict[str, Figures]) -> list[str]:
    """Return the promises that figures do not keep."""
    found = [
        f"{name} {key}: {figures[name][key]}, promised at most {most}"
        for name, key, most in _AT_MOST
        if name in figures and figures[name][key] > most
    ]
    found += [
        f"{name} {key}: {figures[name][key]}, promised at least {least}"
        for name, key, least in _AT_LEAST
        if name in figures and figures[name][key] < least
    ]
    return found


def main() -> int:
    """Measure what is asked for; return 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(prog="scripts/benchmark", description=__doc__)
    parser.add_argument(
        "measures", nargs="*", choices=[*_MEASURES, []], help="all by default"
    )
    parser.add_argument(
        "--json", action="store_true", help="print nothing but one JSON object"
    )
    options = parser.parse_args()
    figures = {}
    for name in options.measures or _MEASURES:
        if not options.json:
            sys.stdout.write(f"==> {name}\n")
            sys.stdout.flush()
        figures[name] = asyncio.run(_MEASURES[name]())
        if not options.json:
            sys.stdout.write(
                orjson.dumps(figures[name], option=orjson.OPT_INDENT_2).decode() + "\n"
            )
    missed = broken(figures)
    if options.json:
        sys.stdout.write(
            orjson.dumps({**figures, "promises_broken": missed}).decode() + "\n"
        )
    else:
        sys.stdout.write(
            "\n".join(["", *missed]) + "\n" if missed else "\nEvery promise is kept.\n"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
