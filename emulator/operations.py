"""The whole emulator as tests and the control paths use it: its company, connection and sign-ins."""

from typing import Any

from .api import Api
from .company import Company
from .counters import Counters
from .gateway import Gateway
from .rest_account import ROUTES as ACCOUNT_ROUTES
from .rest_calllog import ROUTES as CALL_LOG_ROUTES
from .rest_membership import ROUTES as MEMBERSHIP_ROUTES
from .rest_messages import ROUTES as MESSAGE_ROUTES
from .rest_presence import ROUTES as PRESENCE_ROUTES
from .rest_subscription import ROUTES as SUBSCRIPTION_ROUTES
from .service import Service, jwt_for
from .tickets import Tickets
from .waiting import Waiters

ROUTES = [
    *PRESENCE_ROUTES,
    *ACCOUNT_ROUTES,
    *MEMBERSHIP_ROUTES,
    *SUBSCRIPTION_ROUTES,
    *MESSAGE_ROUTES,
    *CALL_LOG_ROUTES,
]


class Operations(Company):
    """A company with its connections and sign-ins, independent of where it listens."""

    def __init__(self, service: Service, seed: int) -> None:
        """Take the state; the seed decides numbers, ids and the office."""
        super().__init__(service, seed)
        self._seed = seed
        self.clock = service.clock
        self.counters: Counters = service.counters
        self.client_id, self.client_secret = service.client_id, service.client_secret
        self._tickets = Tickets(
            service.clock, service.faults, service.counters, service.tokens
        )
        self._waiters = Waiters()
        self._gateway = Gateway(
            service, Api(service, ROUTES), self._tickets, self._waiters.notice
        )

    # What it is.

    @property
    def ws_url(self) -> str:
        """The address of the socket, without a ticket."""
        return f"ws{self.url.removeprefix('http')}/ws"

    @property
    def jwt(self) -> str:
        """The JWT of the signed-in user."""
        return self.jwt_for(self.own_extension_id)

    def info(self) -> dict[str, Any]:
        """Return what the command prints as its JSON line."""
        return {
            "server": self.url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "jwt": self.jwt,
            "account_id": self.account_id,
            "own_extension_id": self.own_extension_id,
            "extension_ids": self.extension_ids,
        }

    def jwt_for(self, ext_id: str) -> str:
        """Return a JWT that signs in an enabled user."""
        return jwt_for(self._seed, self.extension(ext_id).id)

    # What happens to the connection.

    async def disconnect(
        self, code: int | None = 1001, *, recoverable: bool = True
    ) -> int:
        """Close every socket, or cut it if `code` is None; return how many."""
        return self._gateway.close_all(code, recoverable=recoverable)

    def restart_sequences(self) -> None:
        """Restart the sequence of every extension, as after a restart of the service."""
        for ext in self._service.account.extensions.values():
            ext.sequence = 0

    async def send_frame(self, frame: str | bytes) -> int:
        """Send a raw frame to every socket; return how many."""
        for socket in self._gateway.sockets:
            socket.send(frame, loud=True)
        return len(self._gateway.sockets)

    async def deliver(self, ext_id: str, body: dict[str, Any]) -> int:
        """Send a presence event with exactly this body; return the number of receivers."""
        return self._service.subscriptions.deliver(int(ext_id), body)

    def revoke_tokens(self) -> None:
        """End every OAuth session and its sockets."""
        self._service.tokens.end_all()

    def expire_access_tokens(self) -> None:
        """Expire every access token; the sockets of their sessions close."""
        self._service.tokens.expire_access()

    def expire_refresh_tokens(self) -> None:
        """Expire every refresh token."""
        self._service.tokens.expire_refresh()

    def supersede_sessions(self) -> None:
        """Sign the user in five times elsewhere, which ends every older session."""
        for _ in range(5):
            self._service.tokens.sign_in(self.client_id, int(self.own_extension_id))

    def reset(self) -> None:
        """Reset switches, presence, calls, limits and counters to the initial state.

        Sign-ins, sockets and subscriptions stay, and get the changes as events.
        """
        for task in self._calls:
            task.cancel()
        self.faults.clear()
        self._service.account.reset()
        self._service.mailboxes.clear()
        self._service.call_log.clear()
        self._service.limiter.clear()
        self.counters.clear()
