"""Answers that no client should suffer from: endless, packed, trickling, leading nowhere, or torn off."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import Callable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sv_common.guild_sync.simulators.faults import Fault

HANGS_S = 30.0
"""Longer than anybody waits here."""

_TRICKLE_S = 0.1
_TEN_MB = b'{"a": "' + b"x" * 10 * 2**20 + b'"}'
_BOMB = gzip.compress(bytes(100 * 2**20), 9)
"""A hundred megabytes in a hundred kilobytes."""


class TricklingResponse(Response):
    """The true answer, a byte at a time: each in time, the whole never."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- the form of ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": []})
        for byte in bytes(self.body):
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(_TRICKLE_S)
        await send({"type": "http.response.body", "body": b""})


class ResetResponse(Response):
    """No answer: the connection is reset, as by a firewall (RST)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- the form of ASGI
        transport = getattr(receive, "__self__").transport  # noqa: B009 -- uvicorn's, which ASGI does not show
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


class LoopingResponse(Response):
    """Leads back to the address that was asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers["Location"] = scope["path"]
        await super().__call__(scope, receive, send)


def _trickling(answer: Response) -> Response:
    return TricklingResponse(answer.body, answer.status_code)


def _json(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    return Response(body, headers=dict(headers or {}), media_type="application/json")


ANSWERS: Mapping[str, Callable[[], Fault]] = {
    "hangs": lambda: Fault(delay=HANGS_S, times=None),
    "trickles": lambda: Fault(change=_trickling, times=None),
    "resets": lambda: Fault(ResetResponse(), times=None),
    "sends 10 MB": lambda: Fault(_json(_TEN_MB), times=None),
    "sends a gzip bomb": lambda: Fault(_json(_BOMB, {"Content-Encoding": "gzip"}), times=None),
    "redirects without end": lambda: Fault(LoopingResponse(status_code=302), times=None),
}
"""What a source does to every request until it stops, by how it is called."""
