"""Makes a simulated source misbehave: any route, any status, any kind of broken answer, for as often as wanted."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

TOO_MANY_REQUESTS = 429
ERROR_PAGE = "<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>"


class RefusedError(Exception):
    """Ends a route's endpoint with an error answer."""

    def __init__(self, answer: Response) -> None:
        super().__init__(f"HTTP {answer.status_code}")
        self.answer = answer


@dataclass(slots=True)
class Fault:
    """One misbehavior. `instead` is answered without the route being run; `change` alters the route's own answer.

    It strikes `times` requests (None: all) whose path contains `path`, each after `delay` seconds.
    """

    instead: Response | None = None
    change: Callable[[Response], Response] | None = None
    delay: float = 0.0
    times: int | None = 1
    path: str = ""


class CutResponse(Response):
    """An answer whose connection ends halfway through the announced length."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's form
        """Send what comes before the cut; the server closes the connection over the rest."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": _half(self), "more_body": True})


@dataclass
class Faults:
    """The misbehavior of one source by route name, and how often each route was asked (`calls`)."""

    calls: Counter[str] = field(default_factory=Counter)
    _faults: dict[str, list[Fault]] = field(default_factory=dict)

    def add(self, route: str, fault: Fault) -> None:
        self._faults.setdefault(route, []).append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def is_spent(self, route: str) -> bool:
        return all(fault.times == 0 for fault in self._faults.get(route, ()))

    def status(self, route: str, status: int, *, times: int | None = 1, path: str = "") -> None:
        """Answer a bare status with an HTML page, as gateways do."""
        self.add(route, Fault(HTMLResponse(ERROR_PAGE, status), times=times, path=path))

    def json(
        self,
        route: str,
        body: object,
        status: int = 200,
        *,
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
        path: str = "",
    ) -> None:
        self.add(route, Fault(JSONResponse(body, status, dict(headers or {})), times=times, path=path))

    def empty(self, route: str, status: int = 200, *, times: int | None = 1) -> None:
        self.add(route, Fault(Response(status_code=status), times=times))

    def html(self, route: str, *, times: int | None = 1) -> None:
        self.status(route, 200, times=times)

    def truncated(self, route: str, *, times: int | None = 1) -> None:
        """Send half of the true JSON as if it were all."""
        self.add(route, Fault(change=truncated_answer, times=times))

    def cut(self, route: str, *, times: int | None = 1) -> None:
        """End the connection halfway through the true answer."""
        self.add(route, Fault(change=cut_answer, times=times))

    def slow(self, route: str, delay: float, *, times: int | None = 1) -> None:
        """Answer truly, `delay` seconds late."""
        self.add(route, Fault(delay=delay, times=times))

    def headers(self, route: str, headers: Mapping[str, str]) -> None:

        def with_headers(answer: Response) -> Response:
            answer.headers.update(headers)
            return answer

        self.add(route, Fault(change=with_headers))

    def rate_limited(
        self, route: str, retry_after: float, *, scope: str = "user", times: int | None = 1, bare: bool = False
    ) -> None:
        """Answer 429 as Discord does (`scope`: user, global or shared), or `bare`, as an HTML page of Cloudflare."""
        headers = {"Retry-After": str(math.ceil(retry_after))}
        if bare:
            self.add(route, Fault(HTMLResponse(ERROR_PAGE, TOO_MANY_REQUESTS, headers), times=times))
            return
        everywhere = scope == "global"
        headers |= {"Via": "1.1 google", "X-RateLimit-Scope": scope} | (
            {"X-RateLimit-Global": "true"} if everywhere else {}
        )
        body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": everywhere, "code": 0}
        self.json(route, body, TOO_MANY_REQUESTS, headers=headers, times=times)

    def watched(self, route: str, endpoint: Endpoint) -> Endpoint:
        """Wrap a route's endpoint, so that its calls are counted and its faults strike."""

        async def honest(request: Request) -> Response:
            try:
                return await endpoint(request)
            except RefusedError as refusal:
                return refusal.answer

        async def answer(request: Request) -> Response:
            self.calls[route] += 1
            fault = self._next(route, request.url.path)
            if fault is None:
                return await honest(request)
            await asyncio.sleep(fault.delay)
            if fault.instead is not None:
                return fault.instead
            return fault.change(await honest(request)) if fault.change else await honest(request)

        return answer

    def _next(self, route: str, path: str) -> Fault | None:
        for fault in self._faults.get(route, ()):
            if fault.path in path and fault.times != 0:
                fault.times = fault.times and fault.times - 1
                return fault
        return None


def truncated_answer(answer: Response) -> Response:
    return Response(_half(answer), answer.status_code, media_type=answer.media_type)


def cut_answer(answer: Response) -> Response:
    return CutResponse(answer.body, answer.status_code, media_type=answer.media_type)


def _half(answer: Response) -> bytes:
    return bytes(answer.body[: len(answer.body) // 2])
