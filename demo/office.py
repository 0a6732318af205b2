"""An emulator and a Home Assistant that follows it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
import fcntl
import json
from pathlib import Path
from typing import Self

import aiohttp

from .api import Rest, Socket
from .emulator import Emulator
from .entities import Entities
from .flow import add_ringcentral
from .hass import RESTART, HomeAssistant
from .onboarding import Owner, create_owner, lasting_token, settle_in
from .process import ProcessFailed
from .states import States

OWNER = Owner("Demo", "demo", "demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an office is made of; `--keep` starts the same one again."""

    port: int
    """Home Assistant's port."""
    emulator_port: int = 0
    """0 picks a free one."""
    extensions: int = 25
    seed: int = 1
    simulate: bool = False
    """Whether people act by themselves."""
    rate_limits: bool = True
    """Off for tests, which are so fast that they would exceed the service's limits."""
    debug: bool = False
    """Whether the integration logs all it can."""
    is_home: bool = False
    """Whether Home Assistant has a lamp, a radio, areas and everything else a person expects."""
    token: str = ""
    """The owner's token; empty for a Home Assistant that has no owner yet."""


class Office:
    """Both processes, and a connection to Home Assistant while `connected`."""

    rest: Rest
    socket: Socket
    states: States
    """The states that the open connection has seen; the next connection starts afresh."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        folder: Path,
        plan: Plan,
        say: Callable[[str], None],
    ) -> None:
        """Take what to start; `open` does it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.session = session
        self.emulator = Emulator(
            session,
            folder / "emulator.log",
            port=plan.emulator_port,
            extensions=plan.extensions,
            seed=plan.seed,
            simulate=plan.simulate,
            rate_limits=plan.rate_limits,
        )
        self.hass = HomeAssistant(folder / "config", plan.port)
        self._plan = plan
        self._token = plan.token
        self._say = say

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        plan: Plan,
        say: Callable[[str], None] = lambda _text: None,
    ) -> AsyncIterator[Self]:
        """Start both in a folder; stop both on leaving, whatever happened.

        Raises:
            ProcessFailed: one of them did not come up.
        """
        async with aiohttp.ClientSession() as session:
            office = cls(session, folder, plan, say)
            try:
                await office._start()
                yield office
            finally:
                # Stop Home Assistant first, so that it can still sign off from the service.
                await office.hass.stop()
                await office.emulator.stop()

    async def _start(self) -> None:
        self._say(f"Starting the emulator with {self._plan.extensions} extensions")
        await self.emulator.start()
        self._say("Starting Home Assistant")
        if self._token:
            await self.hass.start()
            return
        home = self.emulator.info["server"] if self._plan.is_home else ""
        self.hass.prepare(debug=self._plan.debug, emulator=home)
        await self.hass.start()
        self._say("Creating its owner")
        token = await create_owner(self.session, self.hass.url, OWNER)
        async with Socket.connect(self.session, self.hass.url, token) as socket:
            self._token = await lasting_token(socket)
            await settle_in(socket)
        self.hass.forget_http()

    @property
    def account_id(self) -> str:
        """The account that the emulator serves."""
        return str(self.emulator.info["account_id"])

    @property
    def own(self) -> str:
        """The signed-in user's extension."""
        return str(self.emulator.info["own_extension_id"])

    @asynccontextmanager
    async def signed_in(self) -> AsyncIterator[Self]:
        """Be connected to Home Assistant, without its states."""
        async with Socket.connect(self.session, self.hass.url, self._token) as socket:
            self.rest = Rest(self.session, self.hass.url, self._token)
            self.socket, self.states = socket, States()
            yield self

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Self]:
        """Be connected to Home Assistant, with its states."""
        async with self.signed_in():
            await self.states.follow(self.socket)
            yield self

    async def add_integration(
        self, follow: Sequence[str], extensions: Sequence[str] = ()
    ) -> str:
        """Add the integration through its config flow; return the entry's id."""
        return await add_ringcentral(self.rest, self.emulator.info, follow, extensions)

    async def entities(self) -> Entities:
        """Return the integration's entities."""
        return await Entities.read(self.socket, self.account_id)

    async def watch(self) -> None:
        """Run until one of the two ends by itself, which is an error.

        If Home Assistant is asked to restart, start it again.

        Raises:
            ProcessFailed: which one ended, and the end of its output.
        """
        emulator = asyncio.ensure_future(self.emulator.ended())
        try:
            while True:
                hass = asyncio.ensure_future(self.hass.ended())
                await asyncio.wait(
                    {emulator, hass}, return_when=asyncio.FIRST_COMPLETED
                )
                if emulator.done():
                    hass.cancel()
                    raise self.emulator.failure("ended by itself")
                if hass.result() != RESTART:
                    raise self.hass.failure("ended by itself")
                self._say("Starting Home Assistant again")
                await self.hass.start()
        finally:
            emulator.cancel()

    def plan_to_go_on(self) -> Plan:
        """Return the plan that starts this office again."""
        return replace(self._plan, emulator_port=self.emulator.port, token=self._token)


@contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Lock a folder, so that no second office is started in it.

    Raises:
        ProcessFailed: somebody else has locked it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ProcessFailed(f"another office is running in {folder}") from None
        yield


def is_in_use(folder: Path) -> bool:
    """Return whether an office is running in a folder."""
    try:
        with (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def write_plan(folder: Path, plan: Plan) -> None:
    """Store the plan in this folder."""
    (folder / "office.json").write_text(json.dumps(asdict(plan)))


def read_plan(folder: Path) -> Plan | None:
    """Return the plan stored in this folder, or None."""
    try:
        return Plan(**json.loads((folder / "office.json").read_text()))
    except OSError, ValueError, TypeError:
        return None
