"""Each reading of presence says why it was made, and since when it was due."""

from aioringcentral.causes import Cause, LastReadings, Read, Why


def test_a_reading_stands_once_for_each_cause() -> None:
    """With the longest wait of those that it was made for."""
    last = LastReadings()
    lists = {"1": Why(Cause.LISTS, 5.0), "2": Why(Cause.LISTS, 3.0)}
    last.note({**lists, "3": Why(Cause.CALLS, 7.0)}, 10.0)
    assert list(last) == [
        Read(Cause.LISTS, 2, 3.0, 10.0),
        Read(Cause.CALLS, 1, 7.0, 10.0),
    ]


def test_the_last_readings_are_remembered() -> None:
    last = LastReadings()
    for number in range(30):
        last.note({"1": Why(Cause.ASKED, 0.0)}, float(number))
    assert [each.at for each in last] == list(range(10, 30))
    last.note({}, 31.0)
    assert last[-1].at == 29.0
