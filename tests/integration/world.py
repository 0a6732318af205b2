"""A world for the state machine: a service, a Home Assistant that follows it, and time that does not have to be waited for.

Both live in one event loop whose clock stands while anything happens, and jumps to the next timer when
nothing does. So everything keeps its real waits (a back-off of two minutes, a grace of thirty seconds, a
token of an hour, a penalty of a minute), an hour of quiet passes in milliseconds, and how busy the machine
is makes no difference.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from itertools import count
import logging
import traceback
from typing import Any, override
from unittest.mock import patch

from aiohttp import web
from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers import aiohttp_client, translation
from homeassistant.helpers.entity import Entity
from pytest_homeassistant_custom_component.common import mock_storage

from custom_components.ringcentral.aioringcentral.account import (
    call_log,
    full_rereads,
    mailbox,
    queues,
)
from custom_components.ringcentral.aioringcentral.call_log import (
    READ_PERMISSION as READ_CALL_LOG,
)
from custom_components.ringcentral.aioringcentral.voicemail import READ_PERMISSION
from demo.hass import free_port
from emulator import Emulator, tokens

from . import entry_for
from .resting import AT_LAST, MEMBERS, RESYNC, Resting
from .skipping import SkippingLoop
from .truth import Json
from .watching import Log


class World(Resting):
    """One history: a service, a Home Assistant that follows it, and what there was to complain of."""

    def __init__(
        self,
        loop: SkippingLoop,
        *,
        extensions: int,
        kind: Json,
        follow: list[str],
        caller_identity: str,
        rate_limits: bool = True,
        has_voicemail: bool = False,
        has_call_log: bool = False,
        door: Callable[[str], AbstractAsyncContextManager[str]] = nullcontext,
    ) -> None:
        """Take how large the company is, what kind of account it has, and whom to follow.

        The app may read messages where there is to be voicemail, and the call log where that is to be. With a door the service is reached through another address.
        """
        # A history is the same whenever it is played.
        loop.ticks = count()
        self._port = free_port()
        super().__init__(
            loop,
            Emulator(
                extensions=extensions, seed=1, port=self._port, rate_limits=rate_limits
            ),
            calls_are_listed=kind.get("account_detailed_calls", True),
        )
        # Made before the clock was ours.
        self.emulator.clock._start = loop.time() - 1.0
        self.kind = kind
        self.is_in_reach = False
        self.calls = 0
        self.last_drop = -60.0
        self.has_begun = False
        self._door = door
        self.has_voicemail = has_voicemail
        self.has_call_log = has_call_log
        self._follow, self._caller_identity = follow, caller_identity
        self._stack = AsyncExitStack()

    def run[ResultT](self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Do something to its end."""
        return self.loop.run_until_complete(work)

    async def begin(self) -> None:
        """Start the service and Home Assistant, and add the integration."""
        stack, emulator = self._stack, self.emulator
        self.loop.set_exception_handler(self._on_exception)
        stack.enter_context(mock_storage())
        stack.enter_context(self.penalties.watched())
        stack.enter_context(self.words.listening())
        stack.enter_context(self.undoing.watched())
        stack.enter_context(self._sign_ins_watched())
        stack.enter_context(self._client_watched())
        stack.enter_context(patch.object(full_rereads, "RESYNC_EVERY", RESYNC))
        stack.enter_context(patch.object(queues, "_EACH_OF_WAKES", 1))
        # What voicemail is asked for again after, once a day.
        stack.enter_context(patch.object(mailbox, "_ASK_AGAIN_AFTER", RESYNC))
        stack.enter_context(patch.object(call_log, "_ASK_AGAIN_AFTER", RESYNC))
        scope = dict.fromkeys((*tokens.SCOPE, READ_PERMISSION, READ_CALL_LOG))
        if not self.has_voicemail:
            del scope[READ_PERMISSION]
        if not self.has_call_log:
            del scope[READ_CALL_LOG]
        stack.enter_context(patch.object(tokens, "SCOPE", tuple(scope)))
        stack.enter_context(
            patch.object(Entity, "entity_registry_enabled_default", True)
        )
        await emulator.start()
        self.is_in_reach = True
        emulator.url = await stack.enter_async_context(self._door(emulator.url))
        emulator.faults.set(**self.kind)
        self.entry = entry_for(
            emulator,
            follow=self._follow,
            extensions=emulator.extension_ids[1:4] if "chosen" in self._follow else (),
            caller_identity=self._caller_identity,
        )
        self.log = Log(
            [
                emulator.client_secret,
                emulator.jwt,
                *(
                    emulator.extension(key).name
                    for key in emulator.ids(type="User", status="Enabled")
                    # Home Assistant itself logs the entry's title, which is the user's own name.
                    if key != emulator.own_extension_id
                ),
            ]
        )
        root, ours = logging.getLogger(), logging.getLogger("custom_components")
        root.addHandler(self.log)
        stack.callback(root.removeHandler, self.log)
        ours.addHandler(self.log)
        stack.callback(ours.removeHandler, self.log)
        await self.start_hass()
        self.has_begun = True

    async def end(self) -> None:
        """Unload, and look whether anything is left."""
        await self._finish()
        await self.unload()
        await self.nothing_left()

    async def close(self) -> None:
        """Stop everything, whatever state it is in."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.has_begun:
            await self.hass.async_stop(force=True)
        await self._hass_stack.aclose()
        await self.emulator.stop()
        await self._stack.aclose()
        # The test plugin's stand-ins remember every call, and each Home Assistant with it.
        for stand_in in (
            aiohttp_client._async_make_resolver,
            translation._async_get_component_strings,
        ):
            stand_in.reset_mock()  # type: ignore[union-attr]

    def note_members(self) -> None:
        """Note that somebody joined, left or is called otherwise."""
        self.have_lists_changed = True
        self.right_in = max(self.right_in, MEMBERS)
        if self.entry.state is not ConfigEntryState.LOADED:
            # A start reads its lists once, before it subscribes: what changes between is told to nobody.
            self.right_in = max(self.right_in, AT_LAST)

    def note_drop(self) -> None:
        """Note that sockets are dropped: often, and the budget for tickets leaves us without one for a while."""
        self.is_unbroken = False
        if self.loop.time() - self.last_drop < 60:
            self.is_gentle = False
        self.last_drop = self.loop.time()

    # The service.

    def heal(self) -> None:
        """End every fault; the kind of account stays."""
        self.replies_late = 0.0
        self.emulator.faults.clear()
        self.emulator.faults.set(**self.kind)

    async def go_out_of_reach(self, *, forgets: bool) -> None:
        """Cut every connection and let nobody connect."""
        self.is_in_reach = False
        runner = self.emulator._runner
        assert runner is not None
        assert runner.server is not None
        for site in tuple(runner.sites):
            await site.stop()
        if forgets:
            await self.emulator.disconnect(None, recoverable=False)
            for extension in self.emulator._service.account.extensions.values():
                # It goes on from what it had saved.
                extension.sequence = max(0, extension.sequence - 20)
            contexts = self.emulator._gateway.contexts
            for context in {
                id(each): each for each in contexts._by_token.values()
            }.values():
                contexts.drop(context)
        for connection in tuple(runner.server.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def come_in_reach(self) -> None:
        """Let the service be reachable again."""
        runner = self.emulator._runner
        if not self.is_in_reach and runner is not None:
            self.is_in_reach = True
            await web.TCPSite(runner, "127.0.0.1", self._port).start()

    @override
    async def end_faults(self) -> None:
        self.heal()
        await self.come_in_reach()

    def _on_exception(
        self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        error = context.get("exception")
        trace = "" if error is None else "".join(traceback.format_exception(error))
        self.complaints.append(f"{context['message']}: {error!r} {trace}")
