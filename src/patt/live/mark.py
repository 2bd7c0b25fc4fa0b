"""The mark of a page: the moment before it was read, so that whatever changes after that reaches it."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from patt.live.hub import Hub


class NoteMark:
    """Notes for each request the hub's mark at its beginning, as `request.state.live_mark`."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self._app = app
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["live_mark"] = self._hub.mark
        await self._app(scope, receive, send)
