"""Answers as Discord's gateway does (version 10), as far as a client that only listens needs it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from aiohttp import WSMsgType, web

HEARTBEAT_MS = 41_250
_HEARTBEAT, _IDENTIFY, _RESUME, _INVALID_SESSION, _HELLO, _ACKNOWLEDGED = 1, 2, 6, 9, 10, 11
_REJECTED_TOKEN, _DISALLOWED_INTENTS = 4004, 4014
_GUILD_MEMBERS = 1 << 1
"""Opcodes, close codes and the bit of an intent (Discord documentation, "Gateway")."""


@dataclass
class GatewaySimulator:
    """A gateway on a free loopback port while it is entered, at `url`. It counts `sessions` and their `resumptions`.

    `may_hear_members` False is the Server Members Intent switched off.
    """

    token: str
    may_hear_members: bool = True
    sessions: int = 0
    resumptions: int = 0
    url: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _sockets: set[web.WebSocketResponse] = field(default_factory=set)
    _events: list[str] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> GatewaySimulator:
        app = web.Application()
        app.router.add_get("/", self._serve)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()
        if self._runner is not None:
            await self._runner.cleanup()

    async def send(self, event: str, data: Mapping[str, object]) -> None:
        self._events.append(json.dumps({"op": 0, "s": len(self._events) + 1, "t": event, "d": data}))
        for socket in self._sockets:
            await socket.send_str(self._events[-1])

    async def disconnect(self) -> None:
        """Cut every connection; sessions can be taken up again."""
        self.ready.clear()
        for socket in list(self._sockets):
            await socket.close(code=4000)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": _HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._answer(socket, json.loads(message.data))
        self._sockets.discard(socket)
        return socket

    async def _answer(self, socket: web.WebSocketResponse, sent: Mapping[str, object]) -> None:
        data = sent.get("d")
        match sent["op"]:
            case 1:
                await socket.send_json({"op": _ACKNOWLEDGED, "d": None})
            case 2 if isinstance(data, dict):
                await self._identify(socket, data)
            case 6 if isinstance(data, dict):
                await self._resume(socket, int(data["seq"] or 0))

    async def _identify(self, socket: web.WebSocketResponse, wish: Mapping[str, object]) -> None:
        if wish["token"] != self.token:
            await socket.close(code=_REJECTED_TOKEN)
        elif int(str(wish["intents"])) & _GUILD_MEMBERS and not self.may_hear_members:
            await socket.close(code=_DISALLOWED_INTENTS)
        else:
            self.sessions += 1
            self._sockets.add(socket)
            await self.send("READY", self._ready())
            self.ready.set()

    async def _resume(self, socket: web.WebSocketResponse, last_heard: int) -> None:
        self.resumptions += 1
        self._sockets.add(socket)
        for event in self._events[last_heard:]:
            await socket.send_str(event)
        await self.send("RESUMED", {})
        self.ready.set()

    def _ready(self) -> dict[str, object]:
        user = {"id": "1", "username": "PATT", "discriminator": "0", "avatar": None, "global_name": None, "bot": True}
        session = {"session_id": f"session-{self.sessions}", "resume_gateway_url": self.url}
        return {"v": 10, "user": user, "guilds": [], "application": {"id": "1", "flags": 0}} | session
