"""Bodies that are too long, answered as every other refusal is: the framework's own answer is a line of plain text."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.problems import answer

_TOO_LARGE = 413


class OverlongBodies:
    """Says in the house's words that a body is more than its route takes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def send_in_our_words(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and message["status"] == _TOO_LARGE:
                is_replaced = True
                refusal = await answer(Request(scope), HTTPException(_TOO_LARGE))
                await refusal(scope, receive, send)
            elif not is_replaced:
                await send(message)

        await self._app(scope, receive, send_in_our_words)
