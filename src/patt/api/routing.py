"""What all routes of the API have in common: who may use them, how they read, answer and refuse."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Security
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import Field
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from patt.web.context import (
    LARGEST_BODY,
    SESSION_COOKIE,
    GuildDep,
    ServicesDep,
    administrator_of,
    officer_of,
    viewer_of,
)
from patt.web.forms import (
    Flash,
    FormReader,
    has_worked,
    is_form,
    led_back,
    pairs_of,
    shape_of,
    typed_of,
    way_back,
)
from patt.web.problems import problems, sentence_of
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.undo_offer import UndoOffer
from sv_common.guild_sync.roster import guilds

FOR_OFFICERS = [Depends(officer_of)]
FOR_ADMINISTRATORS = [Depends(administrator_of)]

CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The list as a file.",
        "content": {"text/csv": {"schema": {"type": "string", "examples": ["id,actor\r\n31,officer alice\r\n"]}}},
    }
}
"""What OpenAPI says of an answer that is a file."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


PreviewKey: TypeAlias = Annotated[
    str | None,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="The preview's key. Refused (409) if the outcome is another one by now.",
        examples=["0f3c9a5be1d24c77" * 4],
    ),
]
"""The key of a preview; without it, nothing is compared."""


class CommandRoute(APIRoute):
    """A route for programs and for the pages' forms.

    A program sends JSON and gets JSON. A form's fields are read into the same dataclass, and the browser is led back (303),
    with and without script: to the field `back`, or to `again` where nothing was done, and the page there shows the
    sentence once. Whatever the route checks holds for all of them.
    """

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        reader = FormReader[Any](self.body_field.field_info.annotation) if self.body_field else None

        async def serve(request: Request) -> Response:
            return await _serve_form(request, handle, reader) if is_form(request) else await handle(request)

        return serve


async def _serve_form(request: Request, handle: Handler, reader: FormReader[Any] | None) -> Response:
    pairs = await pairs_of(request)
    fields, shape = dict(pairs), shape_of(request)
    try:
        response = await handle(_as_json(request, reader.as_data(pairs) if reader else {}))
    except (PattError, RequestValidationError) as error:
        if shape == "json" or _is_of_the_address(error):
            raise
        home = way_back(fields.get("again") or fields.get("back", ""))
        told = Flash(sentence_of(error), "problem", request.url.path, typed_of(pairs))
        return led_back(request, home, told)
    if shape == "json":
        return response
    answer = json.loads(bytes(response.body))
    undo = UndoOffer(**answer["undo"]) if answer.get("undo") else None
    told = Flash(answer.get("sentence") or tr("Done."), "result" if has_worked(answer) else "problem", undo=undo)
    return led_back(request, way_back(fields.get("back", "")), told)


def _as_json(request: Request, data: dict[str, Any]) -> Request:
    """Return the request as a program would have sent it."""
    body = json.dumps(data).encode()
    headers = [
        (name, value) for name, value in request.scope["headers"] if name not in (b"content-type", b"content-length")
    ]

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {**request.scope, "headers": [*headers, *Headers({"content-type": "application/json"}).raw]}
    return Request(scope, receive)


def _is_of_the_address(error: Exception) -> bool:
    """Whether it is not the form's fields that cannot be used."""
    return isinstance(error, RequestValidationError) and any(fault["loc"][0] != "body" for fault in error.errors())


def csv_answer(name: str, content: bytes) -> Response:
    return Response(content, media_type="text/csv; charset=utf-8", headers=as_file(name, "csv"))


def as_file(name: str, kind: str) -> dict[str, str]:
    """Return the header that makes a browser keep a response as a file of today."""
    return {"Content-Disposition": f'attachment; filename="patt-{name}-{datetime.now(UTC):%Y-%m-%d}.{kind}"'}


def officer_router(path: str, tag: str) -> APIRouter:
    """Return a router below `/api/v1/admin`, for viewers; a route that changes something asks for an officer itself."""
    return APIRouter(
        prefix=f"/api/v1/admin/{path}",
        tags=[tag],
        route_class=CommandRoute,
        dependencies=[
            Depends(viewer_of),
            # These two only describe, for OpenAPI, what the guard demands.
            Security(HTTPBearer(auto_error=False, description="An API token: `patt admin token`.")),
            Security(APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="A signed-in officer's session.")),
        ],
        responses=problems(
            _401="No session and no valid token.",
            _403="The caller's role does not allow it, or a page of another site sent it.",
            _404="The guild, rule, issue, attempt or request does not exist, or is not visible to the caller.",
            _409="Refused. The sentence says why; nothing was changed.",
            _422="The input is not valid.",
            _429="Too many requests. The header Retry-After gives the seconds to wait.",
            _502="Discord did not respond or refused.",
            _503="The database does not answer, or a setting is missing.",
        ),
        max_body_size=LARGEST_BODY,
    )


async def _reading(services: ServicesDep, guild: GuildDep) -> AsyncIterator[GuildConnection]:
    async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
        yield here


ReadingDep = Annotated[GuildConnection, Depends(_reading, scope="function")]
"""One moment of the guild that a request is about. Raises `NotFound`, and `Refused` where it is not clear which."""
