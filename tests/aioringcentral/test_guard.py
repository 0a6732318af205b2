"""A failure of a listener costs itself, and is logged once."""

import logging

import pytest

from aioringcentral.stream.guard import Guard

LOGGER = logging.getLogger("tests.guard")


def test_what_raises_ends_there() -> None:
    guard, heard = Guard(LOGGER), list[int]()

    def listen(number: int) -> None:
        heard.append(number)
        if number % 2:
            raise ValueError(number)

    for number in range(4):
        guard(listen, number)
    assert heard == [0, 1, 2, 3]
    assert list(guard.failures.values()) == [2]


def test_each_cause_is_logged_once_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard = Guard(LOGGER)

    def divide() -> None:
        _ = 1 / 0

    def index() -> None:
        list[int]().pop()

    with caplog.at_level(logging.DEBUG, LOGGER.name):
        for _ in range(3):
            guard(divide)
        guard(index)
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "DEBUG", "DEBUG", "ERROR"]
    assert "ZeroDivisionError at test_guard.py" in caplog.messages[0]
    assert "IndexError at test_guard.py" in caplog.messages[3]
    assert sorted(guard.failures.values()) == [1, 3]


def test_no_text_of_an_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It may hold a number or a name."""

    def fail() -> None:
        cause = KeyError("+14155550177")
        raise ValueError("Zebulon Quagmire") from cause

    with caplog.at_level(logging.DEBUG):
        Guard(LOGGER)(fail)
    assert "ValueError" in caplog.text
    assert "4155550177" not in caplog.text
    assert "Zebulon" not in caplog.text


def test_a_deep_failure_has_a_short_cause(caplog: pytest.LogCaptureFixture) -> None:
    def recurse() -> None:
        recurse()

    guard = Guard(LOGGER)
    guard(recurse)
    (cause,) = guard.failures
    assert cause.startswith("RecursionError at")
    assert len(cause) < 300


def test_what_is_no_error_passes() -> None:
    """Cancellation and exits are no business of a guard."""

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Guard(LOGGER)(stop)


def test_it_says_whether_the_call_succeeded() -> None:
    guard = Guard(LOGGER)
    assert guard(len, "")
    assert not guard(len, 5)  # type: ignore[arg-type]
