"""One subscription with all that the service allows: what is refused is found, and costs nothing else."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    TokenRejected,
)
from aioringcentral.filters import (
    EVERYONE,
    EXTENSION_LIST,
    FAVORITES,
    LINES,
    OWN,
    VOICEMAILS,
    FilterPlan,
    extension_filter,
    queue_filter,
)
from aioringcentral.stream.filter_memory import FilterMemory
from aioringcentral.stream.frames import Frame
from aioringcentral.stream.negotiation import Negotiation, Subscription
from aioringcentral.stream.subscription import subscription_body

MANY = tuple(extension_filter(str(number)) for number in range(100, 132))

QUEUES = tuple(queue_filter(str(number)) for number in range(400, 405))

type Refusal = Callable[[list[str]], Frame | RingCentralError | None]


def reply(http_status: int, **body: Any) -> Frame:
    """Return a reply to a request."""
    return Frame("ClientRequest", {"status": http_status}, body)


def error(status: int, code: str, message: str = "Not allowed", **more: str) -> Frame:
    """Return a refusal."""
    inner = {"errorCode": code, "message": message, **more}
    return reply(status, errorCode=code, message=message, errors=[inner])


def real(name: str) -> str:
    """Return a filter as replies name it: with real ids in place of ``~``."""
    return name.replace("~", "77")


def listing(filters: Iterable[str], **more: Any) -> dict[str, Any]:
    """Return the body of a subscription to filters."""
    found = [real(name) for name in filters]
    return {"id": "s-1", "status": "Active", "eventFilters": found, **more}


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
    memory: FilterMemory = field(default_factory=FilterMemory)

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
        disabled = [{"filter": real(name), "reason": self.code} for name in refused]
        granted = [name for name in asked if name not in refused]
        return reply(200, **listing(granted), disabledFilters=disabled)

    def subscribe(self, *wanted: str, **instead: tuple[str, ...]) -> Subscription:
        """Ask for filters; those in place of one are given by its name here."""
        names = {"own": OWN, "lines": LINES, "favorites": FAVORITES, "all": EVERYONE}
        plan = FilterPlan(
            wanted=wanted,
            instead={names[name]: others for name, others in instead.items()},
        )
        return self.follow(plan)

    def follow(self, plan: FilterPlan, *, search: bool = False) -> Subscription:
        """Subscribe to a plan, with what was learned before."""
        negotiation = Negotiation(plan, self.memory, search=search)
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


@pytest.mark.parametrize("named", ["field", "text", None])
@pytest.mark.parametrize(
    "code", ["CMN-109", "CMN-403", "CMN-404", "CMN-419", "SUB-999", "CMN-999"]
)
def test_whoever_is_refused_with_any_code_costs_nobody_else(
    code: str, named: str | None
) -> None:
    service = Service(forbidden=[MANY[3], MANY[30]], code=code, named=named)
    found = service.subscribe(*MANY)
    assert set(found.refused) == {MANY[3], MANY[30]}
    assert set(found.live) == set(MANY) - {MANY[3], MANY[30]}
    service.forbidden = []
    service.memory.forget_refusals()
    assert set(service.subscribe(*MANY).live) == set(MANY)


@pytest.mark.parametrize("named", ["field", "text"])
def test_a_refusal_in_other_words_that_names_a_filter(named: str) -> None:
    service = Service(forbidden=[MANY[3]], code="NotForYou", named=named)
    found = service.subscribe(*MANY)
    assert found.refused == {MANY[3]: "unknown"}
    assert set(found.live) == set(MANY) - {MANY[3]}


def test_a_new_code_for_everything_is_no_verdict_and_costs_few_requests() -> None:
    service = Service(forbidden=["*"], code="SUB-999")
    for _ in range(2):
        before = len(service.asked)
        with pytest.raises(RetryLater):
            service.subscribe(OWN, *MANY)
        assert len(service.asked) - before <= 13
    service.forbidden = []
    assert set(service.subscribe(OWN, *MANY).live) == {OWN, *MANY}


@pytest.mark.parametrize("count", [20, 40, 60])
def test_a_search_for_many_with_a_new_code_goes_on_where_it_ended(count: int) -> None:
    """Each attempt has more of them than the one before, and none is without any."""
    everyone = [extension_filter(str(number)) for number in range(100)]
    hidden = set(Random(3).sample(everyone, count))
    service = Service(forbidden=[EVERYONE, *hidden], code="SUB-999")
    names = {EVERYONE: tuple(everyone)}
    plan = FilterPlan(wanted=(EVERYONE, EXTENSION_LIST), instead=names)
    live = set[str]()
    for attempt in range(12):
        found = set(service.follow(plan, search=attempt > 0).live)
        assert found >= live
        live = found
    assert live == {EXTENSION_LIST, *everyone} - hidden


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
    """Each is a request of forty a minute: what was not found good by then is done without for now."""
    service = Service(forbidden=MANY[::2])
    found = service.subscribe(*MANY)
    assert len(service.asked) < 40
    assert set(found.live) == set(MANY) - set(found.refused) - set(found.unsure)
    assert set(found.refused) <= set(MANY[::2]) <= {*found.refused, *found.unsure}
    assert found.live


@pytest.mark.parametrize("partly", [False, True])
@pytest.mark.parametrize("named", ["field", None])
def test_when_nothing_is_left(partly: bool, named: str | None) -> None:
    service = Service(forbidden=["*"], partly=partly, named=named)
    with pytest.raises(PermissionMissing) as raised:
        service.subscribe(OWN, LINES, own=MANY[:2])
    assert raised.value.code == "SUB-403"


@pytest.mark.parametrize("partly", [False, True])
@pytest.mark.parametrize("more", [EXTENSION_LIST, VOICEMAILS])
def test_lists_and_voicemail_alone_are_nothing_to_follow(
    partly: bool, more: str
) -> None:
    service = Service(forbidden=["*detailedTelephonyState=true"], partly=partly)
    for _ in range(3):
        with pytest.raises(PermissionMissing):
            service.subscribe(OWN, more, own=MANY[:1])
    service.forbidden = []
    assert set(service.subscribe(OWN, more, own=MANY[:1]).live) == {OWN, more}


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
        (error(401, "OAU-236"), SignInRequired, Reason.EXTENSION_DISABLED),
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

    def answer(asked: list[str]) -> Frame | None:
        return error(403, "SUB-403") if len(asked) > 16 else None

    service.answer = answer
    with pytest.raises(PermissionMissing):
        service.subscribe(*MANY)
    assert len(service.asked) == 3


@pytest.mark.parametrize(
    "disabled",
    [None, {}, "text", [7, None], [{"filter": 7}], [{"filter": "/restapi/nobody"}]],
)
def test_refusals_that_cannot_be_read_refuse_nothing(disabled: Any) -> None:
    body = listing([OWN, LINES], disabledFilters=disabled)
    service = Service(answer=lambda _asked: reply(200, **body))
    found = service.subscribe(OWN, LINES)
    assert found.live == (OWN, LINES)


NAME = "Refused by Zebulon Quagmire"


@pytest.mark.parametrize(
    "reason", [None, "", NAME, "SUB-412 " + NAME, "SUB-41", 412, ["SUB-412"], {}]
)
def test_a_reason_that_is_no_code_is_dropped(reason: Any) -> None:
    """It may hold a name, and would be shown in diagnostics."""
    disabled = [{"filter": real(LINES), "reason": reason}]
    body = listing([OWN], disabledFilters=disabled)
    service = Service(answer=lambda _asked: reply(200, **body))
    found = service.subscribe(OWN, LINES)
    assert found.refused == {LINES: "unknown"}
    assert found.live == (OWN,)


# Replies that are no subscription.


OTHER = "/restapi/v1.0/account/77/extension/78/message-store"
LIVE = [real(OWN)]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"id": "s-1", "eventFilters": []}),
        (200, {"id": "s-1", "eventFilters": [OTHER]}),
        (200, {"id": "s-1", "eventFilters": [None, 7, [], {"filter": LIVE[0]}]}),
        (200, {"id": "s-1", "eventFilters": LIVE[0]}),
        (200, {"id": "s-1", "eventFilters": None}),
        (200, {"id": "s-1"}),
        (200, {}),
        (200, None),
        (200, []),
        (200, "fine"),
        (200, {"status": "Suspended", "eventFilters": LIVE}),
        (200, {"status": "Blacklisted", "eventFilters": LIVE}),
        (204, None),
        (0, {"eventFilters": LIVE}),
        (302, {"eventFilters": LIVE}),
        (100, {"eventFilters": LIVE}),
    ],
)
def test_a_reply_that_lists_nothing_asked_for_is_not_live(
    status: int, body: Any
) -> None:
    """Silently stale otherwise: it is tried again."""
    service = Service(
        answer=lambda _asked: Frame("ClientRequest", {"status": status}, body)
    )
    with pytest.raises(RetryLater) as raised:
        service.subscribe(OWN, LINES)
    assert raised.value.reason is Reason.SERVICE_ERROR
    service.answer = lambda _asked: None
    assert service.subscribe(OWN, LINES).live == (OWN, LINES)


def test_a_filter_that_the_reply_leaves_out_is_not_live() -> None:
    """What stands in for it takes its place; and it is asked for again the next time."""
    service = Service()

    def answer(asked: list[str]) -> Frame:
        return reply(200, **listing(name for name in asked if name != EVERYONE))

    service.answer = answer
    found = service.subscribe(EVERYONE, EXTENSION_LIST, all=MANY[:3])
    assert set(found.live) == {EXTENSION_LIST, *MANY[:3]}
    assert found.refused == {EVERYONE: "unknown"}
    service.answer = lambda _asked: None
    found = service.subscribe(EVERYONE, EXTENSION_LIST, all=MANY[:3])
    assert found.live == (EVERYONE, EXTENSION_LIST)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, None),
        (403, None),
        (404, {}),
        (400, {"message": "Bad / filters"}),
        (403, {"errorCode": "MaintenanceMode"}),
        (403, {"errorCode": "FeatureNotAvailable", "message": "for Alice"}),
        (403, {"errorCode": ["SUB-528"]}),
        (503, {"errors": [{"errorCode": "CMN-211"}]}),
        (405, "<html>"),
        (451, []),
    ],
)
def test_a_refusal_without_a_code_is_no_verdict(status: int, body: Any) -> None:
    service = Service(
        answer=lambda _asked: Frame("ClientRequest", {"status": status}, body)
    )
    with pytest.raises(RetryLater):
        service.subscribe(OWN, LINES)
    assert len(service.asked) == 1


def test_refusals_without_codes_of_all_there_is_are_no_verdict() -> None:
    """And nothing of them is remembered: it may be otherwise the next time."""
    disabled = [{"filter": real(name), "reason": NAME} for name in (OWN, LINES)]
    service = Service(answer=lambda _asked: reply(200, disabledFilters=disabled))
    for _ in range(2):
        with pytest.raises(RetryLater):
            service.subscribe(OWN, LINES)
    assert len(service.asked) == 2


# What was learned.


PEOPLE = tuple(extension_filter(str(number)) for number in range(1_000, 1_100))


def found_all(service: Service, forbidden: Collection[str], most: int = 6) -> None:
    """Let the stream go on searching, and see that each forbidden filter costs itself alone."""
    plan = FilterPlan(wanted=PEOPLE)
    searches = 0
    while True:
        before = len(service.asked)
        try:
            found = service.follow(plan, search=bool(searches))
        except RetryLater:
            found = None
        assert len(service.asked) - before <= 40
        searches += 1
        if found is not None and not found.unsure:
            break
        assert searches < most
    assert set(found.refused) == set(forbidden)
    assert set(found.live) == set(PEOPLE) - set(forbidden)


@given(
    forbidden=st.sets(st.sampled_from(PEOPLE), min_size=1, max_size=6),
    named=st.sampled_from(["field", "text", None]),
)
def test_few_of_many_are_hidden(forbidden: set[str], named: str | None) -> None:
    found_all(Service(forbidden=forbidden, named=named), forbidden)


@pytest.mark.parametrize("named", ["field", None])
@pytest.mark.parametrize("step", [2, 3, 7])
def test_many_of_many_are_hidden(named: str | None, step: int) -> None:
    """It takes some minutes, each of which leaves more behind it."""
    found_all(Service(forbidden=PEOPLE[::step], named=named), PEOPLE[::step], most=12)


def test_most_are_live_from_the_beginning() -> None:
    """Widest first: what the limit cuts off is least."""
    service = Service(forbidden=PEOPLE[9::20])
    found = service.follow(FilterPlan(wanted=PEOPLE))
    assert len(found.live) >= 60
    assert set(found.live).isdisjoint(PEOPLE[9::20])
    assert set(service.asked[-1]) == set(found.live)


def test_what_was_found_is_not_searched_again() -> None:
    """Neither on another socket nor in another attempt."""
    service = Service(forbidden=PEOPLE[9::20])
    found_all(service, PEOPLE[9::20])
    service.asked.clear()
    found = service.follow(FilterPlan(wanted=PEOPLE))
    assert len(service.asked) == 1
    assert set(found.refused) == set(PEOPLE[9::20])


def test_trouble_in_the_middle_of_a_search_loses_nothing_of_it() -> None:
    """No place in the budget, or a lost socket: the next attempt goes on."""
    service, allowed = Service(forbidden=[PEOPLE[70]]), 4

    def answer(_asked: list[str]) -> Frame | RingCentralError | None:
        return RetryLater(Reason.RATE_LIMITED) if len(service.asked) > allowed else None

    service.answer = answer
    for _ in range(9):
        try:
            found = service.follow(FilterPlan(wanted=PEOPLE), search=True)
        except RetryLater:
            service.asked.clear()
            continue
        break
    assert found.refused == {PEOPLE[70]: "SUB-403"}
    assert len(found.live) == 99


def test_a_reconnect_does_without_what_is_in_doubt() -> None:
    """What is known to be good is live at once; the search goes on beside it."""
    service = Service(forbidden=PEOPLE[::5])
    plan = FilterPlan(wanted=PEOPLE)
    first = service.follow(plan)
    assert first.unsure
    service.asked.clear()
    second = service.follow(plan)
    assert service.asked == [list(first.live)]
    assert second == first
    third = service.follow(plan, search=True)
    assert set(third.live) > set(first.live)


def test_asking_again_risks_nothing_that_is_live() -> None:
    """Only what was refused is searched; one of the two may be watched by now."""
    service = Service(forbidden=[PEOPLE[3], PEOPLE[60]])
    found_all(service, service.forbidden)
    service.forbidden = [PEOPLE[60]]
    service.memory.forget_refusals()
    service.asked.clear()
    found = service.follow(FilterPlan(wanted=PEOPLE), search=True)
    assert found.refused == {PEOPLE[60]: "SUB-403"}
    assert len(service.asked) <= 5


def test_what_was_granted_may_be_refused_later() -> None:
    service = Service()
    found_all(service, ())
    service.forbidden = [PEOPLE[42]]
    found_all(service, [PEOPLE[42]])


def test_what_was_granted_is_refused_while_what_was_refused_is_granted() -> None:
    """What was good is not suspected first, but it is suspected."""
    service = Service(forbidden=[PEOPLE[3]])
    found_all(service, service.forbidden)
    service.forbidden = [PEOPLE[42]]
    service.memory.forget_refusals()
    found_all(service, [PEOPLE[42]])


def test_another_plan_asks_for_what_is_new_in_it() -> None:
    """And keeps what is known of the rest."""
    service = Service(forbidden=[PEOPLE[1], PEOPLE[4]])
    service.follow(FilterPlan(wanted=PEOPLE[:3]))
    service.asked.clear()
    found = service.follow(FilterPlan(wanted=PEOPLE[:4]))
    assert service.asked == [[PEOPLE[0], PEOPLE[2], PEOPLE[3]]]
    assert found.refused == {PEOPLE[1]: "SUB-403"}
    found = service.follow(FilterPlan(wanted=PEOPLE[:5]))
    assert set(found.refused) == {PEOPLE[1], PEOPLE[4]}
    service.forbidden = []
    assert service.follow(FilterPlan(wanted=PEOPLE[2:5])).live == PEOPLE[2:4]
    assert service.follow(FilterPlan(wanted=PEOPLE[4:5])).live == PEOPLE[4:5]


def test_thousands_are_matched_in_a_moment() -> None:
    """No loop over them within another."""
    many = tuple(extension_filter(str(number)) for number in range(5_000))
    service = Service(forbidden=many[5::1_000], partly=True)
    found = service.follow(FilterPlan(wanted=many))
    assert len(found.live) == 4_995


def test_a_new_session_asks_again_for_what_a_right_was_missing_for() -> None:
    """Not for what depends on somebody's own settings."""
    memory = FilterMemory(
        granted={OWN}, refused={LINES: "SUB-412", PEOPLE[1]: "SUB-403"}
    )
    memory.forget_missing_rights()
    assert memory == FilterMemory(granted={OWN}, refused={PEOPLE[1]: "SUB-403"})


# What is optional is never in the way of presence.


def lacking(permission: str, *globs: str) -> Refusal:
    """Answer as an app that lacks a permission, which refusals name."""

    def answer(asked: list[str]) -> Frame | None:
        if not any(fnmatchcase(name, glob) for name in asked for glob in globs):
            return None
        return error(403, "CMN-401", f"application needs to have [{permission}]")

    return answer


@pytest.mark.parametrize("last_try", ["verdict", "trouble"])
@pytest.mark.parametrize("more", [VOICEMAILS, EXTENSION_LIST])
def test_a_permission_for_presence_that_comes_back_is_found_at_once(
    more: str, last_try: str
) -> None:
    """Also where other filters are granted all the time, and people are too many to search in one go."""
    plan = FilterPlan(wanted=(EVERYONE, more), instead={EVERYONE: MANY})
    service = Service()
    service.follow(plan)
    service.answer = lacking("ReadPresence", "*detailedTelephonyState=true")
    for _ in range(3):
        with pytest.raises(PermissionMissing):
            service.follow(plan)
    if last_try == "trouble":
        service.answer = lambda _asked: RetryLater(Reason.CANNOT_CONNECT)
        with pytest.raises(RetryLater):
            service.follow(plan)
    service.answer = lambda _asked: None
    service.asked.clear()
    assert set(service.follow(plan).live) == {EVERYONE, more}
    assert len(service.asked) == 1


@pytest.mark.parametrize("before", [False, True], ids=["from the start", "later"])
@pytest.mark.parametrize(
    "refusal",
    [
        error(403, "CMN-401", "application needs to have [ReadMessages]"),
        error(403, "CMN-401"),
        error(403, "SUB-406"),
        error(403, "SUB-508", parameterValue=real(VOICEMAILS)),
        error(403, "CMN-419"),
        error(403, "BIL-103"),
        error(400, "CMN-103"),
        reply(403, errorCode="InsufficientPermissions"),
        reply(400),
    ],
    ids=lambda frame: str(frame.body.get("errorCode")),
)
def test_a_refused_filter_for_voicemail_costs_two_requests_more_at_most(
    refusal: Frame, before: bool
) -> None:
    """However the service refuses the whole for it, and however many are followed."""
    plan = FilterPlan(wanted=(*PEOPLE, VOICEMAILS))
    service = Service()
    if before:
        service.follow(plan)
        service.asked.clear()
    service.answer = lambda asked: refusal if VOICEMAILS in asked else None
    found = service.follow(plan)
    assert set(found.live) == set(PEOPLE)
    assert set(found.refused) == {VOICEMAILS}
    assert found.unsure == ()
    assert len(service.asked) <= 3


def test_a_limit_of_filters_costs_voicemail_first() -> None:
    """Each is granted alone, and all together are not."""
    service = Service()
    service.answer = lambda asked: error(403, "SUB-406") if len(asked) > 2 else None
    found = service.subscribe(OWN, LINES, VOICEMAILS)
    assert set(found.live) == {OWN, LINES}


@pytest.mark.parametrize("before", [False, True], ids=["from the start", "later"])
@pytest.mark.parametrize(
    "refusal",
    [
        error(403, "SUB-408"),
        error(403, "SUB-508", parameterValue=real(QUEUES[0])),
        error(403, "CMN-401"),
        error(403, "CMN-419"),
        reply(400),
    ],
    ids=lambda frame: str(frame.body.get("errorCode")),
)
def test_a_refused_filter_for_a_queue_costs_no_presence(
    refusal: Frame, before: bool
) -> None:
    plan = FilterPlan(wanted=(*PEOPLE, VOICEMAILS, *QUEUES))
    service = Service()
    if before:
        service.follow(plan)
        service.asked.clear()
    service.answer = lambda asked: refusal if QUEUES[0] in asked else None
    found = service.follow(plan)
    assert set(PEOPLE) <= set(found.live)
    assert QUEUES[0] in found.refused
    assert found.unsure == ()
    assert len(service.asked) <= 10


def test_of_queues_alone_nothing_is_followed() -> None:
    service = Service(forbidden=["*detailedTelephonyState=true"])
    with pytest.raises(PermissionMissing):
        service.subscribe(OWN, *QUEUES)


@pytest.mark.parametrize("named", ["field", "text", None])
def test_every_queue_that_may_be_watched_is(named: str | None) -> None:
    service = Service(forbidden=[QUEUES[2]], named=named)
    found = service.subscribe(OWN, VOICEMAILS, *QUEUES)
    assert set(found.live) == {OWN, VOICEMAILS, *QUEUES} - {QUEUES[2]}


@pytest.mark.parametrize(
    "trouble",
    [
        error(403, "SUB-505"),
        error(429, "CMN-301"),
        error(503, "CMN-211"),
        error(401, "OAU-129"),
        error(403, "OAU-167"),
    ],
    ids=lambda frame: str(frame.body["errorCode"]),
)
def test_trouble_that_is_not_about_voicemail_is_not_asked_about_twice(
    trouble: Frame,
) -> None:
    service = Service(answer=lambda _asked: trouble)
    with pytest.raises(RetryLater):
        service.subscribe(OWN, VOICEMAILS)
    assert len(service.asked) == 1


@given(
    forbidden=st.sets(st.sampled_from((*MANY[:12], VOICEMAILS)), max_size=3),
    partly=st.booleans(),
    named=st.sampled_from(["field", "text", None]),
    before=st.booleans(),
)
def test_whoever_is_refused_beside_voicemail_costs_nobody_else(
    forbidden: set[str], partly: bool, named: str | None, before: bool
) -> None:
    plan = FilterPlan(wanted=(*MANY[:12], VOICEMAILS))
    service = Service(partly=partly, named=named)
    if before:
        service.follow(plan)
    service.forbidden = forbidden
    found = service.follow(plan)
    assert set(found.live) == set(plan.wanted) - forbidden
    assert set(found.refused) == forbidden
