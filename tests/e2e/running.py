"""The running processes as tests see them: asked in the service's words, answered in Home Assistant's states."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
import re
import time
from typing import Any, Self

import pytest
import pytest_socket

from demo.entities import DETAILS, SETTINGS, Entities, differences
from demo.hass import HASS, free_port
from demo.office import Office, Plan
from demo.states import ABSENT
from tests.reports import is_report

# One loop for all, as the processes outlive a test; starting them takes a while on a busy machine.
END_TO_END = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

# Whom tests let call. Nothing of it may get into the log.
CALLER = {"from": "+14155550199", "from_name": "Zebulon Quagmire"}

# Seconds in which everything has to be right again after a lost connection.
PROMISED = 5.0
# Seconds for what comes at once: a busy machine may make it wait.
SOON = 20.0
# Seconds from a start of Home Assistant to every state.
START_TIMEOUT = 60.0


@dataclass(slots=True)
class Running:
    """Both processes, with the integration set up."""

    office: Office
    _connection: AsyncExitStack
    entry_id: str = ""
    entities: Entities = field(init=False)
    others: list[str] = field(default_factory=list)
    """Extensions besides the own one that are available at start."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, follow: Sequence[str], *, settings: bool = False
    ) -> AsyncGenerator[Self]:
        """Start both and add the integration, with `settings` also what is off by default.

        What the log tells is looked at in the end, whatever the tests did.
        """
        if not HASS.exists():
            pytest.fail("There is no Home Assistant to test with: run scripts/setup.")
        # The test plugin blocks sockets before every test; fixtures of more than one come first.
        pytest_socket.enable_socket()
        plan = Plan(port=free_port(), rate_limits=False, debug=True)
        async with Office.open(folder, plan) as office, AsyncExitStack() as stack:
            running = cls(office, stack)
            await running.connect()
            running.entry_id = await office.add_integration(follow)
            if settings:
                await running.enable_settings()
            running.entities = await office.entities()
            await running.agrees(timeout=START_TIMEOUT)
            running.others = [
                extension_id
                for extension_id in running.entities.extensions
                if extension_id != running.own
                and (extension_id, "presence_status") in running.entities
                and running.state(extension_id, "presence_status") == "available"
            ]
            yield running
        running.assert_clean_log()

    async def connect(self) -> None:
        """See the states of Home Assistant from now on."""
        await self._connection.enter_async_context(self.office.connected())

    async def start_hass(self) -> None:
        """Start Home Assistant and see its states."""
        await self.office.hass.start()
        await self.connect()

    async def stop_hass(self) -> None:
        """Stop Home Assistant as a restart of the machine does."""
        await self._connection.aclose()
        await self.office.hass.stop()

    async def enable_settings(self) -> None:
        """Switch on the entities that are off by default, and restart.

        Home Assistant would reload the entry half a minute later by itself, in the
        middle of some test.
        """
        entities = await self.office.entities()
        for (_owner, key), entity_id in entities.items():
            assert key not in SETTINGS or entity_id in entities.disabled
            if key in (*SETTINGS, *DETAILS) and entity_id in entities.disabled:
                await self.office.socket.call(
                    "config/entity_registry/update",
                    entity_id=entity_id,
                    disabled_by=None,
                )
        await self.stop_hass()
        await self.start_hass()

    @property
    def own(self) -> str:
        """The signed-in user's extension."""
        return str(self.office.emulator.info["own_extension_id"])

    def state(self, owner: str | None, key: str) -> str:
        """Return what Home Assistant shows."""
        return self.office.states.get(self.entities[owner, key], "absent")

    async def shows(self, owner: str | None, /, **states: str) -> None:
        """Wait until states by key are shown."""
        for key, state in states.items():
            await self.office.states.wait_for(self.entities[owner, key], state, SOON)

    async def agrees(self, timeout: float = SOON) -> None:
        """Wait until every state is what the service has at that moment."""
        wrong = ["never looked"]

        async def holds() -> bool:
            truth = await self.office.emulator.truth()
            wrong[:] = differences(self.entities, self.office.states, truth)
            return not wrong

        try:
            await eventually(holds, timeout)
        except TimeoutError:
            shown = "\n".join(wrong[:20])
            pytest.fail(f"{len(wrong)} states are wrong after {timeout:g} s:\n{shown}")

    async def call(self, extension_id: str, *script: str, **options: Any) -> Any:
        """Play a call script; returns after its first step unless `wait`."""
        return await self.office.emulator.post(
            "calls", extension_id=extension_id, script=script, **{**CALLER, **options}
        )

    async def kill_sockets(
        self, code: int | None = 1001, *, recoverable: bool = True
    ) -> None:
        """Close every socket of the emulator."""
        closed = await self.office.emulator.post(
            "disconnect", code=code, recoverable=recoverable
        )
        assert closed["closed"] >= 1, "there was a socket to close"

    async def reload(self) -> None:
        """Reload the entry, as the button of the user interface does."""
        await self.office.rest.post(
            f"/api/config/config_entries/entry/{self.entry_id}/reload"
        )
        await self.catch_up()
        await self.shows(None, push_connected="on")

    async def catch_up(self) -> None:
        """Know every state that Home Assistant has had until now.

        They come by a connection of their own, after the reply to what changed them perhaps. The
        reply to something that is asked there comes last.
        """
        await self.office.socket.call("get_config")

    async def follow(self, choices: Sequence[str], chosen: Sequence[str] = ()) -> None:
        """Change whom to follow, in the options."""
        flows = "/api/config/config_entries/options/flow"
        rest = self.office.rest
        step = await rest.post(flows, {"handler": self.entry_id})
        answers = [{"follow": list(choices), "caller_identity": "hidden"}]
        if "chosen" in choices:
            answers.append({"extensions": list(chosen)})
        for answer in answers:
            step = await rest.post(f"{flows}/{step['flow_id']}", answer)
        assert step["type"] == "create_entry", step
        await self.becomes("loaded")
        self.entities = await self.office.entities()
        await self.agrees()

    async def becomes(self, state: str) -> None:
        """Wait until the entry is in a state."""

        async def holds() -> bool:
            entry = await self.office.socket.call(
                "config_entries/get_single", entry_id=self.entry_id
            )
            return bool(entry["config_entry"]["state"] == state)

        await eventually(holds, START_TIMEOUT)

    def seen(self, entity_id: str) -> set[str]:
        """Return the states that an entity has had since Home Assistant was started."""
        known = {self.office.states.get(entity_id)}
        for change in self.office.states.changes:
            if change.entity_id == entity_id:
                known |= {change.old, change.new}
        return {state for state in known if state is not None} - set(ABSENT)

    def blinks(self, since: int = 0) -> list[str]:
        """Return the entities that lost their state after so many changes.

        That no call has begun, or none is in progress, is no loss.
        """
        ours = {
            entity_id
            for (_owner, key), entity_id in self.entities.items()
            if key not in ("call", "call_started")
        }
        return [
            change.entity_id
            for change in self.office.states.changes[since:]
            if change.entity_id in ours
            and change.new in (None, *ABSENT)
            and change.old not in (None, *ABSENT)
        ]

    def assert_clean_log(self) -> None:
        """Claim that the integration warned of nothing and told nothing of callers."""
        text = "".join(
            path.read_text(errors="replace")
            for path in sorted(self.office.hass.folder.glob("home-assistant.log*"))
        )
        assert "DEBUG" in text, "the log tells all it can"
        assert not complaints(text)
        info = self.office.emulator.info
        secrets = [info["client_secret"], info["jwt"], *CALLER.values()]
        assert not [secret for secret in secrets if secret in text]
        # Every number that the emulator makes up, and anything that signs in.
        assert not re.findall(
            r"\+1(?:415|650)555\d{4}|[Bb]earer [\w-]+|access_token=\w+", text
        )


def complaints(log: str) -> list[str]:
    """Return the lines of a log that the integration, or Home Assistant about it, complains in."""
    return [
        line
        for line in log.splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) ", line)
        and ("custom_components.ringcentral" in line or is_report(line))
        # On a busy machine any state may take long: the benchmark is for that.
        and not re.search(r"Updating state for .* took [0-9.]+ seconds", line)
    ]


async def eventually(holds: Callable[[], Awaitable[bool]], timeout: float) -> None:
    """Wait until something outside Home Assistant holds, which nobody announces."""
    deadline = time.monotonic() + timeout
    while not await holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(0.05)
