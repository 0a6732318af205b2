"""One subscription with all that the service allows: what is refused is found, and costs nothing else."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    TokenRejected,
)
from aioringcentral.filters import (
    EVERYONE,
    EXTENSION_LIST,
    FAVORITES,
    LINES,
    OWN,
    FilterPlan,
    extension_filter,
)
from aioringcentral.stream.frames import Frame
from aioringcentral.stream.subscription import (
    Negotiation,
    Subscription,
    subscription_body,
)

MANY = tuple(extension_filter(str(number)) for number in range(100, 132))

type Refusal = Callable[[list[str]], Frame | RingCentralError | None]


def reply(status: int, **body: Any) -> Frame:
    """Return a reply to a request."""
    return Frame("ClientRequest", {"status": status}, body)


def error(status: int, code: str, message: str = "Not allowed", **more: str) -> Frame:
    """Return a refusal."""
    inner = {"errorCode": code, "message": message, **more}
    return reply(status, errorCode=code, message=message, errors=[inner])


@dataclass
class Service:
    """Stands in for a connection, and for the service's mind about filters."""

    forbidden: Collection[str] = ()
    code: str = "SUB-403"
    named: str | None = None
    """How a refusal tells which filter it means: in a field, in its text, or not at all."""
    partly: bool = False
    answer: Refusal = lambda _asked: None
    asked: list[list[str]] = field(default_factory=list)

    def request(self, filters: Iterable[str]) -> Frame:
        """Answer one request for filters."""
        body = subscription_body(filters)
        assert body["deliveryMode"] == {"transportType": "WebSocket"}
        asked: list[str] = body["eventFilters"]
        assert asked
        assert len(asked) == len(set(asked))
        self.asked.append(asked)
        answer = self.answer(asked)
        if isinstance(answer, RingCentralError):
            raise answer
        if answer is not None:
            return answer
        refused = [
            name
            for name in asked
            if any(fnmatchcase(name, glob) for glob in self.forbidden)
        ]
        if refused and not self.partly:
            match self.named:
                case "field":
                    return error(403, self.code, parameterValue=refused[0])
                case "text":
                    return error(403, self.code, f"No rights for [{refused[0]}].")
                case _:
                    return error(403, self.code)
        disabled = [
            {"filter": name.replace("~", "77"), "reason": self.code} for name in refused
        ]
        return reply(200, id="s-1", disabledFilters=disabled)

    def subscribe(self, *wanted: str, **instead: tuple[str, ...]) -> Subscription:
        """Ask for filters; those in place of one are given by its name here."""
        names = {"own": OWN, "lines": LINES, "favorites": FAVORITES, "all": EVERYONE}
        plan = FilterPlan(
            wanted=wanted,
            instead={names[name]: others for name, others in instead.items()},
        )
        negotiation = Negotiation(plan)
        while filters := negotiation.ask():
            reply = self.request(filters)
            negotiation.reply(reply.status, reply.headers, reply.body)
        return negotiation.result()


def test_everything_is_allowed() -> None:
    service = Service()
    found = service.subscribe(OWN, LINES, EXTENSION_LIST)
    assert found == Subscription(live=(OWN, LINES, EXTENSION_LIST), refused={})
    assert len(service.asked) == 1


def test_some_are_granted_and_silent() -> None:
    """Named with real ids in place of the ``~`` that was asked for."""
    service = Service(forbidden=[LINES], code="SUB-412", partly=True)
    found = service.subscribe(OWN, LINES)
    assert found == Subscription(live=(OWN,), refused={LINES: "SUB-412"})
    assert len(service.asked) == 1


@pytest.mark.parametrize("named", ["field", "text"])
def test_a_refusal_that_names_the_filter(named: str) -> None:
    service = Service(forbidden=[MANY[3], MANY[9]], named=named)
    found = service.subscribe(*MANY)
    assert found.refused == dict.fromkeys((MANY[3], MANY[9]), "SUB-403")
    assert set(found.live) == set(MANY) - {MANY[3], MANY[9]}
    # Once for each that is named, and once for the rest.
    assert len(service.asked) == 3


def test_a_refusal_that_names_nobody() -> None:
    """The culprit is found by halves: the last request is for all the others."""
    service = Service(forbidden=[MANY[17]])
    found = service.subscribe(*MANY)
    assert found.refused == {MANY[17]: "SUB-403"}
    assert set(service.asked[-1]) == set(found.live) == set(MANY) - {MANY[17]}
    assert len(service.asked) <= 12


def test_a_refusal_that_names_the_filter_only_when_asked_for_few() -> None:
    """Whoever words it: what is named is believed, else it is searched for."""
    service = Service(forbidden=[MANY[0]])

    def answer(asked: list[str]) -> Frame | None:
        if MANY[0] not in asked or len(asked) > 16:
            return None
        return error(403, "SUB-403", parameterValue=MANY[0])

    service.answer = answer
    found = service.subscribe(*MANY)
    assert found.refused == {MANY[0]: "SUB-403"}
    assert set(found.live) == set(MANY[1:])


@given(
    forbidden=st.sets(st.sampled_from(MANY[:16]), max_size=2),
    partly=st.booleans(),
    named=st.sampled_from(["field", "text", None]),
)
def test_whoever_is_refused_costs_nobody_else(
    forbidden: set[str], partly: bool, named: str | None
) -> None:
    service = Service(forbidden=forbidden, partly=partly, named=named)
    found = service.subscribe(*MANY[:16])
    assert set(found.refused) == forbidden
    assert set(found.live) == set(MANY[:16]) - forbidden
    # What is subscribed is what was asked for last: a subscription replaces the one before.
    assert set(service.asked[-1]) >= set(found.live)


@pytest.mark.parametrize("partly", [False, True])
def test_what_stands_in_for_a_refused_filter(partly: bool) -> None:
    service = Service(forbidden=[EVERYONE], partly=partly)
    found = service.subscribe(EVERYONE, EXTENSION_LIST, all=MANY)
    assert set(found.live) == {*MANY, EXTENSION_LIST}
    assert found.refused == {EVERYONE: "SUB-403"}
    assert set(service.asked[-1]) == {*MANY, EXTENSION_LIST}


def test_what_stands_in_may_be_refused_itself() -> None:
    service = Service(forbidden=[EVERYONE, MANY[0]])
    found = service.subscribe(EVERYONE, EXTENSION_LIST, all=MANY[:4])
    assert set(found.live) == {*MANY[1:4], EXTENSION_LIST}
    assert set(found.refused) == {EVERYONE, MANY[0]}


def test_tries_have_an_end() -> None:
    """Each is a request of forty a minute: what was not found good by then is done without."""
    service = Service(forbidden=MANY[::2])
    found = service.subscribe(*MANY)
    assert len(service.asked) < 40
    assert set(found.live) == set(MANY) - set(found.refused)
    assert set(found.refused) >= set(MANY[::2])
    assert found.live


@pytest.mark.parametrize("partly", [False, True])
@pytest.mark.parametrize("named", ["field", None])
def test_when_nothing_is_left(partly: bool, named: str | None) -> None:
    service = Service(forbidden=["*"], partly=partly, named=named)
    with pytest.raises(PermissionMissing) as raised:
        service.subscribe(OWN, LINES, own=MANY[:2])
    assert raised.value.code == "SUB-403"


@pytest.mark.parametrize("partly", [False, True])
def test_lists_alone_are_nothing_to_follow(partly: bool) -> None:
    service = Service(forbidden=["*detailedTelephonyState=true"], partly=partly)
    with pytest.raises(PermissionMissing):
        service.subscribe(OWN, EXTENSION_LIST, own=MANY[:1])


def test_a_missing_permission_of_the_app_is_named() -> None:
    message = "In order to call this, application needs to have [ReadPresence]"
    service = Service(answer=lambda _asked: error(403, "CMN-401", message))
    with pytest.raises(PermissionMissing) as raised:
        service.subscribe(OWN, EXTENSION_LIST)
    assert raised.value.permission == "ReadPresence"


@pytest.mark.parametrize(
    ("answer", "family", "reason"),
    [
        (error(403, "SUB-528"), PermissionMissing, Reason.PERMISSION_MISSING),
        (error(403, "SUB-505"), RetryLater, Reason.SUBSCRIPTION_LIMIT),
        (error(429, "CMN-301"), RetryLater, Reason.RATE_LIMITED),
        (error(503, "CMN-201"), RetryLater, Reason.SERVICE_ERROR),
        (error(401, "OAU-129"), TokenRejected, Reason.SERVICE_ERROR),
        (error(404, "CMN-120"), Misconfigured, Reason.NOT_FOUND),
    ],
    ids=lambda value: str(getattr(value, "body", ""))[:24],
)
def test_what_concerns_the_subscription_as_a_whole(
    answer: Frame, family: type[RingCentralError], reason: Reason
) -> None:
    """No single filter explains it: it is asked for once."""
    service = Service(answer=lambda _asked: answer)
    with pytest.raises(family) as raised:
        service.subscribe(*MANY)
    assert raised.value.reason is reason
    assert len(service.asked) == 1


def test_trouble_in_the_middle_of_a_search() -> None:
    """What was found so far is of no use: it begins anew with the next connection."""
    service = Service()

    def answer(_asked: list[str]) -> Frame | RingCentralError:
        if len(service.asked) == 1:
            return error(403, "SUB-403")
        return RetryLater(Reason.CANNOT_CONNECT)

    service.answer = answer
    with pytest.raises(RetryLater):
        service.subscribe(*MANY)
    assert len(service.asked) == 2


def test_a_service_that_changes_its_mind() -> None:
    """It refuses all together, and each half alone it grants: that is no filter's fault."""
    service = Service()
    service.answer = lambda asked: error(403, "SUB-403") if len(asked) > 16 else None
    with pytest.raises(PermissionMissing):
        service.subscribe(*MANY)
    assert len(service.asked) == 3


@pytest.mark.parametrize(
    "disabled",
    [None, {}, "text", [7, None], [{"filter": 7}], [{"filter": "/restapi/nobody"}]],
)
def test_a_reply_that_says_nothing_of_filters_grants_them(disabled: Any) -> None:
    service = Service(answer=lambda _asked: reply(200, disabledFilters=disabled))
    found = service.subscribe(OWN, LINES)
    assert found.live == (OWN, LINES)


def test_a_filter_that_is_refused_without_a_reason() -> None:
    service = Service(
        answer=lambda _asked: reply(200, disabledFilters=[{"filter": LINES}])
    )
    found = service.subscribe(OWN, LINES)
    assert found.refused == {LINES: "unknown"}
