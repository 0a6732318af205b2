"""What is looked at all the time: penalties, the log, and what is left at the end."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import logging
import re
from typing import Any, Final, override
from unittest.mock import patch

from homeassistant.core import HassJob

from custom_components.ringcentral.aioringcentral.http import Http
from custom_components.ringcentral.aioringcentral.limits import RateGroup
from custom_components.ringcentral.const import DOMAIN
from emulator.ratelimit import RateLimiter, Verdict

# Seconds between a refusal and a request that had crossed it on the wire, beside those the service takes for each.
_CROSSED: Final = 0.3

_SECRET = re.compile(
    r"\+1(?:415|650)555\d{4}|[Bb]earer [\w-]+|access_token=\w+|(?<!\w)[sp]-[0-9a-f]{32}"
)


class Penalties:
    """Sees every request that the service counts, and which came although they had been told to wait."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock of the loop."""
        self.broken: list[str] = []
        # Seconds that the service takes to look at a request.
        self.delay = 0.0
        self._clock = clock
        # By group: when the last refusal was given, until when it holds, and whether it was heard.
        self._refusals: dict[str, tuple[float, float]] = {}
        self._heard: set[str] = set()

    def forget(self) -> None:
        """Know of no refusal: nor does a Home Assistant that was restarted."""
        self._heard.clear()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at what the service's limiter says, and at what the client hears of it."""
        ask, learn_from_reply = RateLimiter.ask, Http.learn_from_reply

        def asked(
            limiter: RateLimiter, client: str, owner: int, group: str, weight: int = 1
        ) -> Verdict:
            now = self._clock()
            since, until = self._refusals.get(group, (0.0, 0.0))
            crossed = since + _CROSSED + self.delay
            if crossed < now < until and group in self._heard:
                self.broken.append(
                    f"{group} request {now - since:.1f} s after a refusal for "
                    f"{until - since:.0f} s"
                )
            verdict = ask(limiter, client, owner, group, weight)
            if verdict.refused:
                # Protocol: "if missing wait >= 30 s". Rounding belongs to the service.
                wait = 30.0 if verdict.retry_after is None else verdict.retry_after
                self._refusals[group] = (now, now + wait - 0.5)
                self._heard.discard(group)
            return verdict

        def heard(http: Http, group: RateGroup, *reply: Any) -> None:
            if reply[1] == 429:
                self._heard.add(group.capitalize())
            learn_from_reply(http, group, *reply)

        with (
            patch.object(RateLimiter, "ask", asked),
            patch.object(Http, "learn_from_reply", heard),
        ):
            yield


class Log(logging.Handler):
    """Sees everything that the integration logs, and errors of all others."""

    def __init__(self, secrets: list[str]) -> None:
        """Take what must never be logged."""
        super().__init__(logging.DEBUG)
        self.leaks: list[str] = []
        self.errors: list[str] = []
        self._secrets = [secret for secret in secrets if secret]

    @override
    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.startswith(f"custom_components.{DOMAIN}")
        # A set-up that Home Assistant itself cuts short when it stops is its own affair.
        is_cut = "cancelled" in record.getMessage()
        if record.levelno >= logging.ERROR and not is_cut:
            trace = self.formatException(record) if record.exc_info else ""
            self.errors.append(f"{record.name}: {record.getMessage()} {trace}")
        if ours:
            text = record.getMessage() + self.formatException(record)
            if _SECRET.search(text) or any(each in text for each in self._secrets):
                self.leaks.append(text)

    @staticmethod
    def formatException(record: logging.LogRecord) -> str:  # noqa: N802
        """Return the traceback of a record."""
        if not record.exc_info:
            return ""
        return logging.Formatter().formatException(record.exc_info)


def our_tasks() -> list[str]:
    """Return the names of the integration's tasks that run."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith("ringcentral")]


def is_ours(handle: asyncio.TimerHandle) -> bool:
    """Whether a timer will call the integration."""
    if handle.cancelled():
        return False
    parts: list[Any] = [handle._callback, *(handle._args or ())]  # type: ignore[attr-defined]
    jobs = [part for part in parts if isinstance(part, HassJob)]
    if any(job.cancel_on_shutdown for job in jobs):
        # Meant to outlive an unload.
        return False
    parts += [job.target for job in jobs]
    parts += [part.job.target for part in parts if hasattr(part, "job")]
    return any(f"custom_components.{DOMAIN}" in _home(part) for part in parts)


def _home(part: Any) -> str:
    return str(getattr(getattr(part, "__func__", part), "__module__", ""))
