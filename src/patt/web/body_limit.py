"""Bodies that are too long, answered as every other refusal is: the framework's own answer is a line of plain text."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.web.guard import UPLOAD_PREFIX
from patt.web.problems import answer
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES

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
                refusal = await answer(Request(scope), HTTPException(_TOO_LARGE, _limit_in_words(scope["path"])))
                await refusal(scope, receive, send)
            elif not is_replaced:
                await send(message)

        await self._app(scope, receive, send_in_our_words)


def _limit_in_words(path: str) -> str:
    sentence = "This is more than can be taken in at once"
    if path.startswith(UPLOAD_PREFIX):
        return f"{sentence}: an export has at most {MAX_BYTES >> 20} MiB, and one of 1,000 characters less than one."
    return f"{sentence}."
