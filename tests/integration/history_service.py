"""What happens to the service of a history: connections, requests, sign-ins and events."""

import asyncio
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from custom_components.ringcentral.aioringcentral.voicemail import READ_PERMISSION

from .history import PAUSES, History, in_losses, in_storms
from .resting import AT_LAST, WITH_NEXT_TOKEN


class Service(History):
    """What goes wrong at the service, and on the way to it."""

    # What happens to the connection.

    @rule(
        code=st.sampled_from([1001, 1001, 1011, None, None]),
        is_recoverable=st.booleans(),
        pause=PAUSES,
    )
    def drop(self, code: int | None, is_recoverable: bool, pause: float | None) -> None:
        self.world.note_drop()
        self._do(
            lambda: self._emulator.disconnect(code, recoverable=is_recoverable), pause
        )

    @in_storms
    @rule(
        how=st.sampled_from(["revoke", "expire_access", "expire_refresh", "supersede"]),
        pause=PAUSES,
    )
    def end_sign_in(self, how: str, pause: float | None) -> None:
        # A sign-in, a ticket and an end of session: the budget of a minute may be spent by this.
        self._is_rough()
        emulator = self._emulator
        end = {
            "revoke": emulator.revoke_tokens,
            "expire_access": emulator.expire_access_tokens,
            "expire_refresh": emulator.expire_refresh_tokens,
            "supersede": emulator.supersede_sessions,
        }[how]
        self._do(end, pause)

    @rule(seconds=st.sampled_from([5.0, 61.0, 130.0, 400.0, 800.0]))
    def time_passes(self, seconds: float) -> None:
        self._do(lambda: asyncio.sleep(seconds), None)

    @in_storms
    @rule(seconds=st.sampled_from([1.0, 20.0, 70.0, 300.0]), pause=PAUSES)
    def silence(self, seconds: float, pause: float | None) -> None:
        """The line is half open: nothing comes, and nobody says so."""
        self._is_rough()

        async def last() -> None:
            self._emulator.faults.set(silent_sockets=True)
            await asyncio.sleep(seconds)
            self._emulator.faults.set(silent_sockets=False)
            # What was not sent waits for a recovery: on the old socket nobody would tell of it.
            await self._emulator.disconnect(None)

        self._do(lambda: self.world.in_background(last()), pause)

    @in_storms
    @precondition(lambda self: self.world.is_in_reach)
    @rule(forgets=st.booleans(), pause=PAUSES)
    def out_of_reach(self, forgets: bool, pause: float | None) -> None:
        """The network is gone, or the service is started anew and forgets its sockets."""
        self._is_rough()
        self._do(lambda: self.world.go_out_of_reach(forgets=forgets), pause)

    @in_storms
    @precondition(lambda self: not self.world.is_in_reach)
    @rule(pause=PAUSES)
    def in_reach_again(self, pause: float | None) -> None:
        self._do(self.world.come_in_reach, pause)

    @in_storms
    @rule(
        faults=st.fixed_dictionaries(
            {},
            optional={
                "connection_error": st.integers(0, 3),
                "lose_subscribe_replies": st.integers(0, 2),
                "lose_token_replies": st.integers(0, 2),
                "recovery": st.sampled_from(["normal", "fail", "WSG-1003", "WSG-1005"]),
                "wstoken_error": st.sampled_from(
                    [
                        None,
                        {"status": 503, "code": "CMN-201", "next": 2},
                        {"status": 401, "code": "OAU-213", "next": 1},
                    ]
                ),
                "reply_delay": st.sampled_from([0.0, 0.05, 1.0, 3.0]),
            },
        ),
        pause=PAUSES,
    )
    def trouble(self, faults: dict[str, Any], pause: float | None) -> None:
        self._is_rough()
        penalties = self.world.penalties
        penalties.delay = max(penalties.delay, faults.get("reply_delay", 0.0))
        self._fault(pause, **faults)

    # What happens to requests.

    @in_storms
    @rule(
        path=st.sampled_from(
            [
                "*",
                "*/presence",
                "*/oauth/token",
                "*/oauth/wstoken",
                "*/extension*",
                "*/subscription",
            ]
        ),
        status=st.sampled_from([500, 502, 503, 503, 408]),
        body=st.sampled_from(["json", "html", "empty"]),
        count=st.sampled_from([1, 2, 6]),
        retry_after=st.sampled_from([None, None, 2, 40]),
        pause=PAUSES,
    )
    def errors(
        self,
        path: str,
        status: int,
        body: str,
        count: int,
        retry_after: int | None,
        pause: float | None,
    ) -> None:
        self._is_rough()
        fault = {
            "path": path,
            "status": status,
            "body": body,
            "next": count,
            "retry_after": retry_after,
        }
        self._fault(pause, http_5xx=[fault])

    @in_storms
    @rule(
        group=st.sampled_from(["Light", "Medium", "Heavy", "Auth"]),
        count=st.integers(1, 3),
        retry_after=st.booleans(),
        pause=PAUSES,
    )
    def refused(
        self, group: str, count: int, retry_after: bool, pause: float | None
    ) -> None:
        self._is_rough()
        self._fault(
            pause, http_429={group: {"next": count, "retry_after": retry_after}}
        )

    @in_storms
    @rule(
        group=st.sampled_from(["Light", "Medium", "Heavy", "Auth"]),
        limit=st.integers(0, 3),
        pause=PAUSES,
    )
    def fewer_requests(self, group: str, limit: int, pause: float | None) -> None:
        """Others use the same app: what is left for us is little, and a penalty real."""
        self._is_rough()
        self._fault(pause, rate_limits={group: limit})

    @in_storms
    @rule(
        permission=st.sampled_from(
            [
                "ReadPresence",
                "ReadMessages",
                "WebSocket",
                "SubscriptionWebSocket",
                "ReadAccounts",
            ]
        ),
        pause=PAUSES,
    )
    def permission_lost(self, permission: str, pause: float | None) -> None:
        self._is_rough()
        # A limit of the protocol: no event tells that the permission is there again.
        within = WITH_NEXT_TOKEN if permission == READ_PERMISSION else AT_LAST
        self.world.right_in = max(self.world.right_in, within)
        self._fault(pause, permissions_removed=[permission])

    @in_storms
    @rule(code=st.sampled_from(["OAU-147", "OAU-121", "OAU-167"]), pause=PAUSES)
    def sign_in_refused(self, code: str, pause: float | None) -> None:
        self._is_rough()
        self._fault(pause, token_error={"code": code, "next": 2})

    @rule(seconds=st.sampled_from([0.0, 0.2, 1.5, 4.0]), pause=PAUSES)
    def slow_network(self, seconds: float, pause: float | None) -> None:
        """What is answered now arrives later, when it may no longer be true."""
        self.world.replies_late = seconds
        self._do(lambda: None, pause)

    # What happens to events.

    @rule(
        faults=st.fixed_dictionaries(
            {},
            optional={
                "duplicate_next": st.integers(0, 3),
                "reorder_next": st.integers(0, 3),
                "duplicate": st.sampled_from([0.0, 0.5]),
                "reorder": st.sampled_from([0.0, 0.5]),
                "delay": st.sampled_from([0.0, 0.02, 0.5, 3.0]),
            },
        ),
        pause=PAUSES,
    )
    def disorder(self, faults: dict[str, Any], pause: float | None) -> None:
        self._fault(pause, **faults)

    @in_losses
    @rule(
        faults=st.fixed_dictionaries(
            {},
            optional={
                "drop_next": st.integers(1, 3),
                "omit": st.sampled_from(
                    [
                        ["telephonyStatus"],
                        ["activeCalls"],
                        ["activeCalls", "totalActiveCalls"],
                        ["sequence"],
                        ["presenceStatus", "userStatus", "dndStatus"],
                        ["meetingStatus"],
                    ]
                ),
                "unknown_enums": st.sampled_from(
                    [["telephonyStatus"], ["dndStatus", "presenceStatus"]]
                ),
                "recovery_loses": st.integers(1, 3),
            },
        ),
        pause=PAUSES,
    )
    def loss(self, faults: dict[str, Any], pause: float | None) -> None:
        """The service loses something, and nothing tells."""
        self.world.right_in = max(self.world.right_in, AT_LAST)
        self.world.is_lossy = True
        self._fault(pause, **faults)

    @rule(
        frame=st.sampled_from(
            [
                "garbage",
                "[]",
                "[{}]",
                '[{"type": "Error", "status": 500}, {"errorCode": "WSG-500"}]',
                '[{"type": "SomethingNew", "messageId": "1"}, {}]',
                '[{"type": "ServerNotification"}, {"event": "/x", "body": {"extensionId": 7}}]',
                '[{"type": "ClientRequest", "messageId": "1", "status": 200}]',
                b"\x00\xff",
            ]
        ),
        pause=PAUSES,
    )
    def noise(self, frame: str | bytes, pause: float | None) -> None:
        self._do(lambda: self._emulator.send_frame(frame), pause)

    @in_storms
    @rule(
        code=st.sampled_from(["CMN-211", "MaintenanceMode"]),
        path=st.sampled_from(["*", "*", "*/presence", "*/subscription"]),
        count=st.sampled_from([1, 3, None]),
        retry_after=st.sampled_from([None, 2, 30]),
        pause=PAUSES,
    )
    def maintenance(
        self,
        code: str,
        path: str,
        count: int | None,
        retry_after: int | None,
        pause: float | None,
    ) -> None:
        self._is_rough()
        fault = {"code": code, "path": path, "next": count, "retry_after": retry_after}
        self._fault(pause, maintenance=fault)

    @in_storms
    @rule(count=st.sampled_from([1, 2, 5]), pause=PAUSES)
    def new_tokens_refused(self, count: int, pause: float | None) -> None:
        """Tokens are not known everywhere at once."""
        self._is_rough()
        self._fault(pause, new_tokens_refused=count)

    @in_storms
    @rule(pause=PAUSES)
    def permissions_given_back(self, pause: float | None) -> None:
        self._fault(pause, permissions_removed=[], user_permissions_removed=[])

    @in_storms
    @rule(
        permission=st.sampled_from(["ReadPresenceStatus", "EditPresenceStatus"]),
        pause=PAUSES,
    )
    def right_lost(self, permission: str, pause: float | None) -> None:
        """A role loses a permission, where the app still has all of them."""
        self._is_rough()
        self.world.right_in = max(self.world.right_in, AT_LAST)
        self._fault(pause, user_permissions_removed=[permission])
