"""Somebody new at a browser: what a newcomer asks of Home Assistant and of the service, by HTTP."""

from html import unescape
import json
import re
from typing import Any

import aiohttp
from yarl import URL

from demo.api import Json, Rest
from demo.entities import Entities, differences
from demo.flow import FLOWS

from .installed import Office
from .running import CALLER, SOON, START_TIMEOUT, eventually

OPTIONS = "/api/config/config_entries/options/flow"
FIX = "/api/repairs/issues/fix"
CALLBACK = "/auth/external/callback"


class Newcomer:
    """Somebody at a browser, and what they have come to so far."""

    def __init__(self, office: Office, session: aiohttp.ClientSession) -> None:
        """Take the office, and the browser's session."""
        self.office, self.emulator = office, office.emulator
        self._browser = session
        self.rest = Rest(session, office.hass.url, office.token)
        self.entry_id = ""
        self.entities: Entities
        self.secrets: set[str] = set()
        """All that signs in, or did."""

    # The service's page.

    async def allow(self, step: Json) -> Json:
        """Sign in on the service's page, come back with its answer, and return the next step."""
        assert step["type"] == "external", step
        page = URL(step["url"])
        assert page.query["redirect_uri"] == f"{self.office.hass.url}{CALLBACK}"
        async with self._browser.get(page) as reply:
            html = await reply.text()
        fields = re.findall(r'<input[^>]* name="(.*?)" value="(.*?)"', html)
        form = {name: unescape(value) for name, value in fields}
        async with self._browser.post(
            page.with_query(None),
            data={**form, "action": "allow"},
            allow_redirects=False,
        ) as reply:
            assert reply.status == 302
            back = URL(reply.headers["Location"])
        assert back.query["state"] == page.query["state"]
        self.secrets |= {back.query["code"], back.query["state"]}
        async with self._browser.get(back) as reply:
            assert reply.status == 200
        return await self.look(step)

    async def look(self, step: Json) -> Json:
        """Return the step that a flow is at."""
        found: Json = await self.rest.get(f"{FLOWS}/{step['flow_id']}")
        return found

    async def answer(self, step: Json, answer: Json, flows: str = FLOWS) -> Json:
        """Answer a step, and return the next one."""
        next_step: Json = await self.rest.post(f"{flows}/{step['flow_id']}", answer)
        assert not next_step.get("errors"), next_step["errors"]
        return next_step

    async def to_the_service(self, menu: Json) -> Json:
        """Choose to sign in in the browser, and return the step that opens the service's page."""
        assert "oauth" in menu["menu_options"]
        form = await self.answer(menu, {"next_step_id": "oauth"})
        return await self.answer(form, {"server": self.emulator.info["server"]})

    # What Home Assistant tells.

    async def call(self, command: str, **fields: Any) -> Any:
        """Ask by the WebSocket API."""
        return await self.office.socket.call(command, **fields)

    async def flows(self) -> list[Json]:
        """Return the flows that wait for somebody."""
        found: list[Json] = await self.call("config_entries/flow/progress")
        return found

    async def issues(self) -> list[Json]:
        """Return the integration's issues among the repairs."""
        found = await self.call("repairs/list_issues")
        return [each for each in found["issues"] if each["domain"] == "ringcentral"]

    async def options(self) -> Json:
        """Return the options, as their form shows them."""
        await self.is_loaded()
        form = await self.rest.post(OPTIONS, {"handler": self.entry_id})
        await self.rest.delete(f"{OPTIONS}/{form['flow_id']}")
        return {
            each["name"]: each["description"]["suggested_value"]
            for each in form["data_schema"]
        }

    async def devices(self) -> Json:
        """Return the devices by id: name, area, identifiers."""
        return {
            each["id"]: (each["name"], each["area_id"], each["identifiers"])
            for each in await self.call("config/device_registry/list")
            if self.entry_id in each["config_entries"]
        }

    async def belongings(self) -> Json:
        """Return all that must not get lost."""
        entries = await self.call("config_entries/get", domain="ringcentral")
        entities = await self.call("config/entity_registry/list")
        kept = ("id", "entity_id", "unique_id", "device_id", "disabled_by", "area_id")
        return {
            "entries": [(each["entry_id"], each["title"]) for each in entries],
            "devices": await self.devices(),
            "entities": [
                {key: each[key] for key in kept}
                for each in entities
                if each["config_entry_id"] == self.entry_id
            ],
            "options": await self.options(),
        }

    # What has to come true.

    async def follows(self, *extension_ids: str) -> None:
        """Wait until there are devices for these, and every state is what the service has."""

        async def holds() -> bool:
            account_id = str(self.emulator.info["account_id"])
            self.entities = await Entities.read(self.office.socket, account_id)
            truth = await self.emulator.truth()
            return self.entities.devices.keys() == set(extension_ids) and not (
                differences(self.entities, self.office.states, truth)
            )

        await eventually(holds, START_TIMEOUT)

    async def is_loaded(self) -> None:
        """Wait until the entry is set up."""

        async def holds() -> bool:
            entries = await self.call("config_entries/get", domain="ringcentral")
            return bool(entries[0]["state"] == "loaded")

        await eventually(holds, START_TIMEOUT)

    async def is_live(self, extension_id: str) -> None:
        """Claim that a call shows while it rings, and that it is over."""
        for word, state in (("ring", "on"), ("missed", "off")):
            await self.emulator.post(
                "calls",
                extension_id=extension_id,
                script=[word],
                call="is live",
                **CALLER,
            )
            entity_id = self.entities[extension_id, "ringing"]
            await self.office.states.wait_for(entity_id, state, SOON)

    async def knows_nothing(self) -> None:
        """Wait until it is told that there is no connection, and nothing else."""
        states = self.office.states
        push = self.entities[None, "push_connected"]
        shown = set(self.entities.values()) & states.keys()
        await states.wait_until(
            lambda: (
                {states[entity_id] for entity_id in shown - {push}} == {"unavailable"}
                and states[push] == "off"
            ),
            START_TIMEOUT,
            "losing all states",
        )

    async def downloads_diagnostics(self, *, devices: bool = False) -> None:
        """Claim that diagnostics of the account, and of each device, are there and discreet."""
        root = f"/api/diagnostics/config_entry/{self.entry_id}"
        paths = [root]
        if devices:
            paths += [f"{root}/device/{each}" for each in await self.devices()]
        info = self.emulator.info
        ids = {str(info["account_id"]), *info["extension_ids"]}
        for path in paths:
            file = await self.rest.get(path)
            assert file["data"]["connection"]["connects"] > 0, "it tells something"
            told = json.dumps(file)
            assert not await self.private_in(told)
            assert not [each for each in ids if each in told]

    async def private_in(self, told: str) -> list[str]:
        """Return what of names, numbers and secrets is in a text."""
        names = " ".join(name for name, *_ in (await self.devices()).values())
        info = self.emulator.info
        known = {
            info["client_secret"],
            info["jwt"],
            *self.secrets,
            *CALLER.values(),
        }
        private = [
            # Whatever signs in, and every number that the emulator makes up.
            r"EM[UR][\w-]{20,}|[Bb]earer [\w-]{8,}|access_token=\w+|\+1\d{10}",
            *map(re.escape, known),
            # Also as a part of an entity's id.
            *(
                rf"(?<![A-Za-z])(?i:{word})(?![A-Za-z])"
                for word in set(re.findall(r"\w+", names)) - {"RingCentral"}
            ),
        ]
        return re.findall("|".join(private), told)

    def note_secrets(self) -> None:
        """Learn the tokens that the entry keeps now."""
        stored = self.office.hass.folder / ".storage/core.config_entries"
        for entry in json.loads(stored.read_text())["data"]["entries"]:
            if entry["domain"] == "ringcentral":
                token = entry["data"]["token"]
                self.secrets |= {token["access_token"], token["refresh_token"]}
