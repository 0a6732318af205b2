"""Event filters: plans, and what the service's refusals mean."""

from typing import Any

import pytest

from aioringcentral.filters import (
    EVERYONE,
    FAVORITES,
    LINE_LIST,
    LINES,
    OWN,
    FilterMatcher,
    FilterPlan,
    disabled_filters,
    extension_filter,
    named_extensions,
    named_filters,
)

REAL = "/restapi/v1.0/account/4400001/extension"
QUERY = "?detailedTelephonyState=true"


def test_the_three_filters_of_the_mission() -> None:
    """As RingCentral documents them, with the details of calls."""
    assert (
        OWN
        == "/restapi/v1.0/account/~/extension/~/presence?detailedTelephonyState=true"
    )
    assert (
        LINES
        == "/restapi/v1.0/account/~/extension/~/presence/line/presence?detailedTelephonyState=true"
    )
    assert (
        FAVORITES
        == "/restapi/v1.0/account/~/extension/~/favorite/presence?detailedTelephonyState=true"
    )
    assert EVERYONE == "/restapi/v1.0/account/~/presence?detailedTelephonyState=true"


def test_a_refused_filter_is_replaced_and_costs_no_other() -> None:
    """The account filter falls back to one per extension."""
    plan = FilterPlan(
        wanted=(OWN, EVERYONE),
        instead={EVERYONE: (extension_filter("1"), extension_filter("2"))},
    )
    assert plan.without(()) == (OWN, EVERYONE)
    assert plan.without({EVERYONE}) == (
        OWN,
        extension_filter("1"),
        extension_filter("2"),
    )
    assert plan.without({EVERYONE, extension_filter("1")}) == (
        OWN,
        extension_filter("2"),
    )
    assert plan.without({OWN}) == (EVERYONE,)


def test_disabled_filters_are_named_with_real_ids() -> None:
    """The reply replaces ``~`` (docs/protocol.md 2.9)."""
    body = {
        "disabledFilters": [
            {
                "filter": f"{REAL}/5500101/presence/line/presence{QUERY}",
                "reason": "SUB-412",
            }
        ]
    }
    assert disabled_filters((OWN, LINES, LINE_LIST), body) == {LINES: "SUB-412"}


def test_of_two_filters_that_fit_the_plain_one_is_meant() -> None:
    """A chosen extension is not mistaken for the user's own."""
    chosen = extension_filter("5500102")
    assert (
        FilterMatcher((OWN, chosen)).find(f"{REAL}/5500102/presence{QUERY}") == chosen
    )
    assert FilterMatcher((OWN, chosen)).find(f"{REAL}/5500101/presence{QUERY}") == OWN
    assert FilterMatcher((chosen,)).find(f"{REAL}/5500101/presence{QUERY}") is None
    assert FilterMatcher((OWN,)).find(f"{REAL}/5500101/presence?sipData=true") is None


def test_a_refusal_of_everything_may_name_the_culprit() -> None:
    """In a parameter, or in its text."""
    error = {
        "errorCode": "SUB-531",
        "parameterName": "eventFilters",
        "parameterValue": f"{REAL}/5500101/presence/line/presence",
    }
    assert named_filters((OWN, LINES), {"errors": [error]}) == (LINES,)
    text = {
        "errorCode": "SUB-402",
        "message": f"Not for extension: [{REAL}/77/presence{QUERY}].",
    }
    assert named_filters((OWN, extension_filter("77")), {"errors": [text]}) == (
        extension_filter("77"),
    )
    assert (
        named_filters(
            (OWN, LINES),
            {"errors": [{"errorCode": "SUB-508", "message": "Bad / filters"}]},
        )
        == ()
    )


def test_bodies_of_another_shape_name_nothing() -> None:
    """Garbage in a reply is no refusal."""
    bodies: tuple[Any, ...] = (
        None,
        [],
        {"disabledFilters": {}},
        {"disabledFilters": [1, {}, {"filter": 3}]},
        {"errors": {}},
    )
    for body in bodies:
        assert disabled_filters((OWN,), body) == {}
        assert named_filters((OWN,), body) == ()


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"extensions": [{"extensionId": "7"}, {"extensionId": 8}]}, ("7", "8")),
        ({"extension": [{"id": 7}, {"id": "3"}], "sequence": 1}, ("7", "3")),
        ({"extensionId": 7}, ()),
        ({"extensions": {"extensionId": 7}, "extension": [7, {}, None]}, ()),
    ],
)
def test_whom_a_list_event_names(body: dict[str, Any], ids: tuple[str, ...]) -> None:
    assert named_extensions(body) == ids
