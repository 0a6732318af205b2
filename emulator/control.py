"""The control paths under /emulator/, for tests and demos."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
import orjson

from .operations import Operations

ROOT = "/emulator"

type Body = dict[str, Any]


class Control:
    """The control paths: JSON in, JSON out; a bad request gets 400 with `error`."""

    def __init__(self, emulator: Operations) -> None:
        """Take the emulator to control."""
        self._emulator = emulator

    def add_to(self, app: web.Application) -> None:
        """Register the paths."""
        gets: dict[str, Callable[[], Any]] = {
            "info": self._emulator.info,
            "truth": self._emulator.truth,
            "counters": self._emulator.counters.as_dict,
            "queues": self._emulator.queues,
            "voicemails": self._emulator.mail.all,
            "faults": self._emulator.faults.as_dict,
        }
        for name, read in gets.items():
            app.router.add_get(f"{ROOT}/{name}", _getter(read))
        posts: dict[str, Callable[[Body], Awaitable[Any]]] = {
            "calls": self._calls,
            "disconnect": self._disconnect,
            "faults": self._faults,
            "reset": self._reset,
            "frame": self._frame,
            "membership": self._membership,
            "voicemails": self._voicemails,
            "tokens": self._tokens,
            "deliver": self._deliver,
            "clock": self._clock,
            "simulate": self._simulate,
        }
        for name, act in posts.items():
            app.router.add_post(f"{ROOT}/{name}", _poster(act))
        app.router.add_post(f"{ROOT}/presence/{{id}}", self._presence)

    async def _presence(self, request: web.Request) -> web.Response:
        ext_id = request.match_info["id"]

        async def act(body: Body) -> Any:
            return await self._emulator.set_presence(self._who(ext_id), body)

        return await _poster(act)(request)

    def _who(self, ext_id: object) -> str:
        """Return the id of an extension; `~` is the signed-in user's."""
        found = self._emulator.own_extension_id if ext_id == "~" else str(ext_id)
        if found not in self._emulator.ids():
            raise ValueError(f"unknown extension {ext_id}")
        return found

    async def _calls(self, body: Body) -> Any:
        options = dict(body)
        ext_id = self._who(options.pop("extension_id", "~"))
        script = options.pop("script", None)
        wait = options.pop("wait", False)
        if not isinstance(script, list):
            raise TypeError("script is a list of words")
        task = self._emulator.start_call(ext_id, script, **options)
        if wait:
            return await task
        # By now, a script without pauses has ended. Any other script has taken its first
        # step, so its mistakes show.
        done = await self._emulator.first_step(task)
        return task.result() if done else {"extension_id": ext_id, "playing": True}

    async def _disconnect(self, body: Body) -> Any:
        code = body.get("code", 1001)
        if code is not None and (not isinstance(code, int) or not 1000 <= code <= 4999):
            raise ValueError("code is a WebSocket close code or null")
        recoverable = bool(body.get("recoverable", True))
        closed = await self._emulator.disconnect(code, recoverable=recoverable)
        return {"closed": closed}

    async def _faults(self, body: Body) -> Any:
        switches = dict(body)
        if switches.pop("revoke_tokens", False):
            self._emulator.revoke_tokens()
        if switches.pop("restart_sequences", False):
            self._emulator.restart_sequences()
        self._emulator.faults.set(**switches)
        return self._emulator.faults.as_dict()

    async def _reset(self, _body: Body) -> Any:
        self._emulator.reset()
        return {}

    async def _frame(self, body: Body) -> Any:
        if isinstance(text := body.get("text"), str):
            return {"sockets": await self._emulator.send_frame(text)}
        if isinstance(data := body.get("binary"), str):
            return {"sockets": await self._emulator.send_frame(bytes.fromhex(data))}
        raise ValueError("text, or binary as hexadecimal")

    async def _membership(self, body: Body) -> Any:
        emulator, result = self._emulator, {}
        if "lines" in body:
            await emulator.set_lines([str(each) for each in body["lines"]])
        if "favorites" in body:
            await emulator.set_favorites([str(each) for each in body["favorites"]])
        if "queue" in body:
            wanted = body["queue"]
            members = wanted.get("members")
            await emulator.set_queue(
                str(wanted["id"]),
                members=None if members is None else [str(each) for each in members],
                editable=wanted.get("editable"),
                takes=wanted.get("takes"),
            )
        if "add" in body:
            wanted = body["add"]
            kind = str(wanted.get("type", "User"))
            result["added"] = await emulator.add_extension(
                str(wanted["name"]), kind, wanted.get("subtype")
            )
        if "rename" in body:
            wanted = body["rename"]
            await emulator.rename_extension(str(wanted["id"]), str(wanted["name"]))
        if "status" in body:
            wanted = body["status"]
            await emulator.set_extension_status(
                str(wanted["id"]), str(wanted["status"])
            )
        if "remove" in body:
            await emulator.remove_extension(str(body["remove"]))
        return result

    async def _voicemails(self, body: Body) -> Any:
        mail = self._emulator.mail
        ext_id = self._who(body.get("extension_id", "~"))
        if "read" in body:
            mail.mark(ext_id, str(body["read"]))
            return {}
        if "unread" in body:
            mail.mark(ext_id, str(body["unread"]), read=False)
            return {}
        if "delete" in body:
            mail.delete(ext_id, str(body["delete"]))
            return {}
        left = mail.leave(
            ext_id,
            number=body.get("from", "+14155550123"),
            name=body.get("from_name"),
            seconds=int(body.get("seconds", 6)),
        )
        return {"id": left}

    async def _tokens(self, body: Body) -> Any:
        actions: dict[str, Callable[[], None]] = {
            "revoke": self._emulator.revoke_tokens,
            "expire_access": self._emulator.expire_access_tokens,
            "expire_refresh": self._emulator.expire_refresh_tokens,
            "supersede": self._emulator.supersede_sessions,
        }
        action = body.get("action")
        if action not in actions:
            raise ValueError(f"action is one of {', '.join(actions)}")
        actions[action]()
        return {}

    async def _deliver(self, body: Body) -> Any:
        ext_id = self._who(body["extension_id"])
        return {"sent": await self._emulator.deliver(ext_id, body["body"])}

    async def _clock(self, body: Body) -> Any:
        seconds = float(body["advance"])
        if seconds < 0:
            raise ValueError("time does not go back")
        self._emulator.clock.advance(seconds)
        return {"now": self._emulator.clock.now()}

    async def _simulate(self, body: Body) -> Any:
        await self._emulator.office.stop()
        if body.get("on", True):
            self._emulator.office.start(float(body.get("pace", 1.0)))
        return {}


def _reply(body: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, content_type="application/json"
    )


def _object(raw: bytes) -> Body:
    body = orjson.loads(raw) if raw.strip() else {}
    if not isinstance(body, dict):
        raise TypeError("the body is a JSON object")
    return body


def _getter(
    read: Callable[[], Any],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(_request: web.Request) -> web.StreamResponse:
        return _reply(read())

    return handle


def _poster(
    act: Callable[[Body], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            return _reply(await act(_object(raw)))
        except (ValueError, TypeError, AttributeError) as error:
            return _reply({"error": str(error)}, 400)
        except KeyError as error:
            return _reply({"error": f"missing or unknown: {error}"}, 400)

    return handle
