"""What Home Assistant reports of an integration that uses it in a way which will end.

`homeassistant.helpers.frame`, `.deprecation` and `homeassistant.util.loop` log it, each in
its own words: as `custom integration 'ringcentral'`, with slashes in the path of the file,
or as `was used from ringcentral`. None of these is the name of one of our loggers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import logging
import re
from typing import override

_OURS = re.compile(
    r"custom integration '?ringcentral\b"
    r"|custom_components[./]ringcentral\b"
    r"|\bfrom ringcentral\b"
    r"|'ringcentral' custom integration"
)
_REPORT = re.compile(
    r"\bDetected (?:that|code that|blocking call)\b"
    r"|will stop working|stops working|\bdeprecated\b|will be removed",
    re.IGNORECASE,
)


def is_report(text: str) -> bool:
    """Return whether what was logged, in one or more lines, is a report about this integration."""
    return bool(_OURS.search(text) and _REPORT.search(text))


class _Listener(logging.Handler):
    """Keeps the reports among all that is logged."""

    def __init__(self, reports: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._reports = reports

    @override
    def emit(self, record: logging.LogRecord) -> None:
        # Where Home Assistant found no integration, the stack alone shows whose it is.
        text = f"{record.getMessage()}\n{record.stack_info or ''}"
        if is_report(text):
            self._reports.append(text)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Collect the reports that are logged meanwhile."""
    reports: list[str] = []
    listener, root = _Listener(reports), logging.getLogger()
    root.addHandler(listener)
    try:
        yield reports
    finally:
        root.removeHandler(listener)
